"""A table "ours beside printed" as a fragment of HTML, dressed by `page.css` like the other tables."""

from collections.abc import Sequence
from html import escape

from softbench.papers.comparison import wording
from softbench.papers.comparison.layout import Entry, Line, heads, lines
from softbench.papers.comparison.notes import footnotes
from softbench.papers.comparison.parts import Beside, Section
from softbench.tables.html import groups
from softbench.tables.sheet import Head


def to_html(table: Beside) -> str:
    """Return a table as HTML: a figure with a grid for each block, and a list of notes."""
    caption = (
        f"<figcaption><strong>{escape(table.title)}</strong>"
        f'<span class="about">{escape(wording.about(table))}</span></figcaption>'
    )
    grids = [_section(table, section) for section in table.sections]
    notes = "\n".join(f"<li>{escape(line)}</li>" for line in footnotes(table))
    return "\n".join(['<figure class="scores">', caption, *grids, f'<ul class="notes">\n{notes}\n</ul>', "</figure>\n"])


def _section(table: Beside, section: Section) -> str:
    said = f"<strong>{escape(section.title)}.</strong> {escape(wording.about_section(section))}"
    name = escape(f"{table.title}: {section.title}")
    body = "\n".join(map(_row, lines(table, section)))
    # The class `differences` puts what stands aside on lines of its own.
    return (
        f'<p class="about">{said}</p>\n<div class="scroll" role="region" aria-label="{name}" tabindex="0">\n'
        f'<table class="differences">\n<thead>\n{_head(heads(section))}\n</thead>\n<tbody>\n{body}\n</tbody>\n'
        "</table>\n</div>"
    )


def _head(columns: Sequence[Head]) -> str:
    labels = "".join(f'<th scope="col">{escape(f"{head.label} {head.arrow}".strip())}</th>' for head in columns)
    if not any(head.group for head in columns):
        return f'<tr><th scope="col">Method</th>{labels}</tr>'
    return f'<tr><th scope="col" rowspan="2">Method</th>{groups(columns)}</tr>\n<tr>{labels}</tr>'


def _row(line: Line) -> str:
    aside = f' <span class="aside">{escape(line.aside)}</span>' if line.aside else ""
    return f'<tr><th scope="row">{escape(line.title)}{aside}</th>{"".join(map(_entry, line.entries))}</tr>'


def _entry(entry: Entry) -> str:
    status = f'<b class="worse">{escape(entry.status)}</b>' if entry.is_outside else escape(entry.status)
    asides = [text for text in (escape(entry.printed), status, escape(entry.standard)) if text]
    return "".join(["<td>", escape(entry.ours), *(f' <span class="aside">{text}</span>' for text in asides), "</td>"])
