"""The four forms of a table: csv (numbers, unrounded), Markdown, LaTeX, and HTML without style (`page.css`)."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.tables.sheet import Grid, Sheet, Text

VERSION = None  # how numbers are shown, not which
HERE = Path(__file__).parent
TEMPLATES = {".md": "table.md.j2", ".tex": "table.tex.j2", ".html": "table.html.j2"}
FORMS = (".csv", *TEMPLATES)
SIGNS = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$", "[": "{[}", "]": "{]}",
    "±": r"$\pm$", "−": "$-$", "–": "--", "—": "---", "∞": r"$\infty$", "↑": r"$\uparrow$", "↓": r"$\downarrow$",
    "→": r"$\rightarrow$", "×": r"$\times$", "·": r"$\cdot$", "≤": r"$\leq$", "≥": r"$\geq$", "α": r"$\alpha$",
    "β": r"$\beta$", "γ": r"$\gamma$", "λ": r"$\lambda$", "µ": r"$\mu$", "μ": r"$\mu$", "σ": r"$\sigma$", "’": "'",
    "“": "``", "”": "''", "…": r"\ldots{}", "√": r"$\surd$", "²": "$^2$", "é": r"\'e", "ü": r"\"u",
    "\N{NO-BREAK SPACE}": "~",
}  # fmt: skip

MARKUP = re.compile(r"[\\*<>]|\](?=\()|(?<![^\W_])_|_(?![^\W_])")  # an underscore within a word is none
LATEX_MARKS = {  # of Jinja2, where braces are LaTeX's
    "block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "<<", "variable_end_string": ">>",
    "comment_start_string": "<#", "comment_end_string": "#>",
}  # fmt: skip


def write(sheet: Sheet, path: Path | str) -> None:
    """Write a table in the form that the suffix of `path` names: .csv, .md, .tex or .html; by rename.

    Raises: InputError: for another suffix.
    """
    pieces.write_text(Path(path), text(sheet, Path(path).suffix))


def text(sheet: Sheet, form: str) -> str:
    """Return a table in a form: ".csv", ".md", ".tex" or ".html".

    Raises: InputError: for another form.
    """
    if form == ".csv":
        return _numbers(sheet).to_csv(index=False, lineterminator="\n")
    if form not in TEMPLATES:
        raise InputError(f"a table can be written as {', '.join(FORMS)}, but the file ends in {form!r}.")
    return _environment(form).get_template(TEMPLATES[form]).render(sheet=sheet)


def _numbers(sheet: Sheet) -> pd.DataFrame:
    """Return the numbers of a table; where it has none of its own, the words of its grids, one below the other."""
    if len(sheet.numbers.columns) or not sheet.grids:
        return sheet.numbers
    return pd.concat([_words(grid) for grid in sheet.grids], ignore_index=True)


def _words(grid: Grid) -> pd.DataFrame:
    rows = [[line.title, *(entry.words for entry in line.entries)] for line in grid.lines]
    return pd.DataFrame(rows, columns=[grid.first, *(head.name for head in grid.heads)])


@cache
def _environment(form: str) -> jinja2.Environment:
    """Return what fills the templates of a form: whatever stands in the place of a value is escaped as it needs."""
    escape = {".md": markdown, ".tex": latex, ".html": html}[form]
    marks: dict[str, Any] = LATEX_MARKS if form == ".tex" else {}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=form == ".html",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        **marks,
    )
    environment.filters |= {"plain": escape, "set": _SETTERS[form]}
    return environment


def markdown(words: str) -> str:
    r"""Return words with a backslash before what Markdown would take for markup or for a cell's end; `code` stays."""
    parts = " ".join(words.split()).split("`")
    for place in range(0, len(parts), 2):  # the odd ones stand between backticks
        parts[place] = MARKUP.sub(r"\\\g<0>", parts[place])
    return "`".join(part.replace("|", "\\|") for part in parts)


def latex(words: str) -> str:
    """Return words with commands for what LaTeX would take for markup, and for the signs beyond ASCII that we use."""
    parts = ["".join(SIGNS.get(sign, sign) for sign in part) for part in " ".join(words.split()).split("`")]
    return "".join(rf"\texttt{{{part}}}" if place % 2 else part for place, part in enumerate(parts))


def html(words: str) -> Markup:
    """Return words with entities for what HTML would take for markup; what stands between backticks is code."""
    parts = str(Markup.escape(words)).split("`")
    return Markup("".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts)))


def _set_markdown(part: Text) -> str:
    words = markdown(part.text)
    return f"**{words}**" if part.bold and words else words


def _set_latex(part: Text) -> str:
    words = rf"\underline{{{latex(part.text)}}}" if part.underlined else latex(part.text)
    return rf"\textbf{{\boldmath {words}}}" if part.bold else words


def _set_html(part: Text) -> Markup:
    words = html(part.text)
    words = Markup("<b>{}</b>").format(words) if part.bold else words
    words = Markup('<u class="best">{}</u>').format(words) if part.underlined else words
    return Markup('<span class="worse">{}</span>').format(words) if part.warns else words


_SETTERS: Mapping[str, Callable[[Text], str]] = {".md": _set_markdown, ".tex": _set_latex, ".html": _set_html}
