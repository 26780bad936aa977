"""The claims as a fragment of HTML: sentences in columns, which `page.css` sets below each other on a phone."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from softbench.papers.claims import wording
from softbench.papers.claims.judged import Judged

VERSION = 1


def to_html(judged: Sequence[Judged]) -> str:
    """Return the claims as a figure: a caption, a table with a body for each paper, and a list of notes."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in wording.HEADS)
    bodies = "\n".join(_body(name, list(members)) for name, members in groupby(judged, key=wording.group))
    notes = "\n".join(f"<li>{escape(note)}</li>" for note in wording.notes(judged))
    return (
        f'<figure class="scores">\n<figcaption><strong>{escape(wording.TITLE)}</strong>'
        f'<span class="about">{escape(wording.ABOUT)}</span></figcaption>\n'
        f'<div class="scroll" role="region" aria-label="{escape(wording.TITLE)}" tabindex="0">\n'
        f'<table class="facts">\n<thead>\n<tr>{top}</tr>\n</thead>\n{bodies}\n</table>\n</div>\n'
        f'<ul class="notes">\n{notes}\n</ul>\n</figure>\n'
    )


def _body(paper: str, judged: Sequence[Judged]) -> str:
    width = len(wording.HEADS)
    head = f'<tr class="group"><th scope="rowgroup" colspan="{width}">{escape(paper)}</th></tr>'
    return "\n".join(["<tbody>", head, *map(_row, judged), "</tbody>"])


def _row(one: Judged) -> str:
    key, *cells = wording.row(one)
    pairs = zip(wording.HEADS[1:], cells, strict=True)
    return f'<tr><th scope="row">{escape(key)}</th>{"".join(_cell(head, text) for head, text in pairs)}</tr>'


def _cell(head: str, text: str) -> str:
    """Return a cell; the verdict before the colon is bold."""
    verdict, colon, rest = text.partition(":") if head in wording.VERDICTS else ("", "", text)
    shown = f"<b>{escape(verdict)}</b>{colon}{escape(rest)}" if colon else escape(verdict + rest)
    return f'<td data-name="{escape(head)}">{shown}</td>'
