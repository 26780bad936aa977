"""Rows of text as a table in Markdown or HTML: for what is no table of methods by columns."""

from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from softbench import pieces
from softbench.tables.formats import writer_of

Rows = Sequence[Sequence[str]]
Grouped = list[tuple[str, list[Sequence[str]]]]


def write(
    path: Path | str,
    title: str,
    about: str,
    heads: Sequence[str],
    rows: Rows,
    notes: Sequence[str] = (),
    *,
    groups: Sequence[str] = (),
) -> None:
    """Write a table in the form that the suffix names: .md, or .html as a fragment that `page.css` dresses; by rename.

    Args:
        path: the file.
        title: of the table.
        about: what stands in a cell.
        heads: of the columns; the first column names the rows and is set to the left, the others to the right.
        rows: formatted text, as many cells each as there are heads; there may be none.
        notes: sentences under the table.
        groups: a name for each row, or none; over rows that follow one another with the same name it stands once.
    Raises: InputError: for another suffix.
    """
    pieces.write_text(Path(path), text(Path(path).suffix, title, about, heads, rows, notes, groups))


def text(
    suffix: str,
    title: str,
    about: str,
    heads: Sequence[str],
    rows: Rows,
    notes: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> str:
    """Return a table in the form that a suffix names, for files of several; the arguments are those of `write`."""
    writers: dict[str, Callable[..., str]] = {".md": _markdown, ".html": _html}
    return writer_of(writers, Path(f"table{suffix}"))(title, about, heads, _grouped(rows, groups), notes)


def _grouped(rows: Rows, groups: Sequence[str]) -> Grouped:
    """Return the rows under each name; under none where `groups` is empty."""
    named = zip(groups or [""] * len(rows), rows, strict=True)
    return [(name, [row for _, row in members]) for name, members in groupby(named, key=lambda pair: pair[0])]


def _markdown(title: str, about: str, heads: Sequence[str], grouped: Grouped, notes: Sequence[str]) -> str:
    """Return the table as a chapter; the name of a group is a row of its own."""
    lines = [list(heads), [":--"] + ["--:"] * (len(heads) - 1)]
    for name, rows in grouped:
        lines += [[f"**{name}**", *[""] * (len(heads) - 1)]] if name else []
        lines += [list(map(_safe, row)) for row in rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    listed = "\n".join(f"- {_safe(note)}" for note in notes)
    return "\n\n".join(part for part in (f"### {title}", about, table, listed) if part) + "\n"


def _safe(text: str) -> str:
    """Keep a cell or a line from ending early."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")


def _html(title: str, about: str, heads: Sequence[str], grouped: Grouped, notes: Sequence[str]) -> str:
    """Return the table as a figure: a caption, a box that scrolls sideways with a body for each group, and notes."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    bodies = "\n".join(_body(name, rows, len(heads)) for name, rows in grouped)
    listed = "\n".join(f"<li>{escape(note)}</li>" for note in notes)
    below = f'<ul class="notes">\n{listed}\n</ul>\n' if notes else ""
    return (
        f'<figure class="scores">\n<figcaption><strong>{escape(title)}</strong>'
        f'<span class="about">{escape(about)}</span></figcaption>\n'
        f'<div class="scroll" role="region" aria-label="{escape(title)}" tabindex="0">\n<table class="means wraps">\n'
        f"<thead>\n<tr>{top}</tr>\n</thead>\n{bodies}\n</table>\n</div>\n{below}</figure>\n"
    )


def _body(name: str, rows: Rows, width: int) -> str:
    """Return the rows of one group, under its name where it has one."""
    head = f'<tr class="group"><th scope="rowgroup" colspan="{width}">{escape(name)}</th></tr>\n' if name else ""
    lines = "\n".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f"<tbody>\n{head}{lines}\n</tbody>"
