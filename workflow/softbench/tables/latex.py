"""A table as LaTeX: booktabs, pure ASCII, compiles as it is pasted."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from softbench.tables import wording
from softbench.tables.layout import Entry, Head, Line, differences, heads, means
from softbench.tables.parts import Table

SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "[": "{[}", "]": "{]}",
    "±": r"$\pm$", "−": "$-$", "–": "--", "—": "---", "∞": r"$\infty$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "×": r"$\times$", "·": r"$\cdot$", "≤": r"$\leq$", "≥": r"$\geq$", "α": r"$\alpha$", "β": r"$\beta$",
    "γ": r"$\gamma$", "λ": r"$\lambda$", "µ": r"$\mu$", "μ": r"$\mu$", "σ": r"$\sigma$", "’": "'", "“": "``", "”": "''",
}  # fmt: skip
TOP = "% \\usepackage{booktabs,graphicx}\n\\begin{table}\n\\centering\n\\footnotesize\n\\setlength{\\tabcolsep}{4pt}"

FIT = r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%"  # shrinks what is wider than the page


def to_latex(table: Table) -> str:
    """Return a table as LaTeX text: a float with the means, the differences, and the lines under them."""
    columns = heads(table)
    lines = [TOP, rf"\caption{{{escape(table.title)}. {escape(wording.about(table))}}}"]
    lines.append(_grid(["Method"], columns, map(_mean_row, means(table))))
    if rows := differences(table):
        lines.append(_paragraph(f"{wording.DIFFERENCE}. {wording.paired(table)}"))
        lines.append(_grid(["Method", "Control"], columns, map(_difference_row, rows)))
    lines += [_paragraph(" ".join(wording.footnotes(table))), r"\end{table}"]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Write what LaTeX would take for markup, and the signs beyond ASCII that we use, as commands."""
    return "".join(SIGNS.get(character, character) for character in " ".join(text.split()))


def _paragraph(text: str) -> str:
    return f"\n\\par\\smallskip\n\\parbox{{\\linewidth}}{{\\scriptsize {escape(text)}}}\n\\par\\smallskip\n"


def _grid(first: Sequence[str], columns: Sequence[Head], rows: Iterable[str]) -> str:
    shape = "l" * len(first) + "r" * len(columns)
    labels = [f"{escape(head.label)} {escape(head.arrow)}" for head in columns]
    top = [*_groups(len(first), columns), " & ".join([*first, *labels]) + r" \\"]
    parts = [FIT, rf"\begin{{tabular}}{{@{{}}{shape}@{{}}}}", r"\toprule", *top, r"\midrule", *rows, r"\bottomrule"]
    return "\n".join([*parts, r"\end{tabular}%", "}"])


def _groups(offset: int, columns: Sequence[Head]) -> list[str]:
    """Return the line of structures above the metrics, with a rule under each; none where no column has one."""
    cells, rules, start = [""] * offset, [], offset + 1
    for name, members in groupby(head.group for head in columns):
        width = len(list(members))
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(name)}}}")
        rules += [rf"\cmidrule(lr){{{start}-{start + width - 1}}}"] if name else []
        start += width
    return [" & ".join(cells) + r" \\", "".join(rules)] if rules else []


def _mean_row(line: Line) -> str:
    cells = [_bold(entry, " ".join([entry.text, entry.aside]).strip()) for entry in line.entries]
    return " & ".join([escape(line.title), *cells]) + r" \\"


def _difference_row(line: Line) -> str:
    """Return two lines: the differences, and under them the intervals, which keeps the columns narrow."""
    texts = [_bold(entry, ("worse " if entry.worse else "") + entry.text) for entry in line.entries]
    asides = [rf"{{\scriptsize {escape(entry.aside)}}}" for entry in line.entries]
    first = " & ".join([escape(line.title), escape(line.control), *texts]) + r" \\"
    return first + "\n" + " & ".join(["", "", *asides]) + r" \\"


def _bold(entry: Entry, text: str) -> str:
    return rf"\textbf{{\boldmath {escape(text)}}}" if entry.bold else escape(text)
