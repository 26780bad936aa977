"""A table "ours beside printed" as LaTeX: booktabs, pure ASCII, a float for each block, compiles as it is pasted."""

from collections.abc import Sequence
from itertools import groupby

from softbench.papers.comparison import wording
from softbench.papers.comparison.layout import Line, heads, lines
from softbench.papers.comparison.notes import footnotes
from softbench.papers.comparison.parts import Beside, Section
from softbench.tables.latex import FIT, TOP
from softbench.tables.latex import escape as _escape_known
from softbench.tables.sheet import Head

MORE_SIGNS = {"√": r"$\surd$", "²": "$^2$", "é": r"\'e", "ü": r"\"u"}


def to_latex(table: Beside) -> str:
    """Return a table as LaTeX text: a float for each block, the notes under the last."""
    floats = [_float(table, section) for section in table.sections]
    notes = " ".join(escape(line) for line in footnotes(table))
    floats[-1] = floats[-1].replace(r"\end{table}", f"{_paragraph(notes)}\n\\end{{table}}")
    return "\n\n".join(floats) + "\n"


def escape(text: str) -> str:
    """Write text for LaTeX, and the signs of these tables that `latex.escape` does not know."""
    known = _escape_known(text)
    return "".join(MORE_SIGNS.get(character, character) for character in known)


def _float(table: Beside, section: Section) -> str:
    first = section is table.sections[0]
    said = f" {escape(wording.about(table))}" if first else ""
    caption = f"{escape(table.title)}. {escape(section.title)}. {escape(wording.about_section(section))}{said}"
    return "\n".join([TOP, rf"\caption{{{caption}}}", _grid(table, section), r"\end{table}"])


def _paragraph(text: str) -> str:
    return f"\n\\par\\smallskip\n\\parbox{{\\linewidth}}{{\\scriptsize {text}}}"


def _grid(table: Beside, section: Section) -> str:
    columns = heads(section)
    labels = [escape(f"{head.label} {head.arrow}".strip()) for head in columns]
    top = [*_groups(columns), " & ".join(["Method", *labels]) + r" \\"]
    rows = "\n\\addlinespace\n".join(map(_row, lines(table, section)))
    shape = "l" + "r" * len(columns)
    parts = [FIT, rf"\begin{{tabular}}{{@{{}}{shape}@{{}}}}", r"\toprule", *top, r"\midrule", rows, r"\bottomrule"]
    return "\n".join([*parts, r"\end{tabular}%", "}"])


def _groups(columns: Sequence[Head]) -> list[str]:
    """Return the line of metrics above the structures, with a rule under each; none where no column has one."""
    if not any(head.group for head in columns):
        return []
    cells, rules, start = [""], [], 2
    for name, members in groupby(head.group for head in columns):
        width = len(list(members))
        cells.append(rf"\multicolumn{{{width}}}{{c}}{{{escape(name)}}}")
        rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
        start += width
    return [" & ".join(cells) + r" \\", "".join(rules)]


def _row(line: Line) -> str:
    """Return one line of LaTeX for each line of the cells: a cell of several lines would need another package."""
    texts = list(zip(*(entry.lines for entry in line.entries), strict=True))
    first = [escape(line.title), *map(escape, texts[0])]
    rest = [
        [_small(line.aside if place == 1 else ""), *(_small(text) for text in row)]
        for place, row in enumerate(texts[1:], start=1)
        if any(row) or (place == 1 and line.aside)
    ]
    return "\n".join(" & ".join(cells) + r" \\" for cells in [first, *rest])


def _small(text: str) -> str:
    return rf"{{\scriptsize {escape(text)}}}" if text else ""
