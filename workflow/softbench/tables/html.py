"""A table as a fragment of HTML: semantic, without style; `page.css` dresses it."""

from collections.abc import Collection, Iterable, Sequence
from html import escape
from itertools import groupby

from softbench.tables import best, wording
from softbench.tables.layout import Entry, Head, Line, differences, heads, means
from softbench.tables.parts import Table


def to_html(table: Table) -> str:
    """Return a table as HTML: a figure with the means, the differences to the controls, and a list of notes."""
    columns = heads(table)
    marked = best.places(table)
    parts = [_caption(table.title, wording.about(table), legend=bool(marked))]
    parts.append(_grid(table.title, columns, means(table), versus=False, marked=marked))
    if rows := differences(table):
        parts.append(f'<p class="about"><strong>{wording.DIFFERENCE}.</strong> {escape(wording.paired(table))}</p>')
        parts.append(_grid(f"{table.title}: differences", columns, rows, versus=True))
    notes = "\n".join(f"<li>{escape(line)}</li>" for line in wording.footnotes(table))
    return "\n".join(['<figure class="scores">', *parts, f'<ul class="notes">\n{notes}\n</ul>', "</figure>"]) + "\n"


def _caption(title: str, about: str, *, legend: bool) -> str:
    marks = f' <u class="best">Underlined</u>: {escape(best.LEGEND)}.' if legend else ""
    return f'<figcaption><strong>{escape(title)}</strong><span class="about">{escape(about)}{marks}</span></figcaption>'


def _grid(
    name: str,
    columns: Sequence[Head],
    lines: Sequence[Line],
    *,
    versus: bool,
    marked: Collection[tuple[int, int]] = (),
) -> str:
    """Return a table in a box of its own, which scrolls sideways where the screen is narrow."""
    kind = "differences" if versus else "means"
    of_row = [{column for place, column in marked if place == row} for row in range(len(lines))]
    body = "\n".join(_row(line, found, versus=versus) for line, found in zip(lines, of_row, strict=True))
    return (
        f'<div class="scroll" role="region" aria-label="{escape(name)}" tabindex="0">\n<table class="{kind}">\n'
        f"<thead>\n{_head(columns)}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _head(columns: Sequence[Head]) -> str:
    grouped = any(head.group for head in columns)
    span = ' rowspan="2"' if grouped else ""
    names = f'<th scope="col"{span}>Method</th>'
    labels = "".join(map(_label, columns))
    if not grouped:
        return f"<tr>{names}{labels}</tr>"
    return f"<tr>{names}{groups(columns)}</tr>\n<tr>{labels}</tr>"


def groups(columns: Iterable[Head]) -> str:
    """Return the heads over columns of one group."""
    runs = [(name, len(list(members))) for name, members in groupby(head.group for head in columns)]
    return "".join(f'<th scope="colgroup" colspan="{width}" class="group">{escape(name)}</th>' for name, width in runs)


def _label(head: Head) -> str:
    return f'<th scope="col">{escape(head.label)} <span class="arrow">{head.arrow}</span></th>'


def _row(line: Line, marked: Collection[int], *, versus: bool) -> str:
    control = f' <span class="aside">vs {escape(line.control)}</span>' if versus else ""
    entries = "".join(_entry(entry, marked=column in marked) for column, entry in enumerate(line.entries))
    return f'<tr><th scope="row">{escape(line.title)}{control}</th>{entries}</tr>'


def _entry(entry: Entry, *, marked: bool) -> str:
    text = f"<b>{escape(entry.text)}</b>" if entry.bold else escape(entry.text)
    text = f'<u class="best">{text}</u>' if marked else text
    worse = '<span class="worse">worse</span> ' if entry.worse else ""
    aside = f' <span class="aside">{escape(entry.aside)}</span>' if entry.aside else ""
    return f"<td>{worse}{text}{aside}</td>"
