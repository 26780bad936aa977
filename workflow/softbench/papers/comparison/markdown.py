"""A table "ours beside printed" as Markdown (GitHub's tables)."""

from softbench.papers.comparison import wording
from softbench.papers.comparison.layout import Entry, Line, heads, lines
from softbench.papers.comparison.notes import footnotes
from softbench.papers.comparison.parts import Beside, Section

BREAK = "<br>"  # the only way to a second line within a cell


def to_markdown(table: Beside) -> str:
    """Return a table as Markdown text: a grid for each block, and the notes under them."""
    blocks = [f"### {_escape(table.title)}", _escape(wording.about(table))]
    for section in table.sections:
        blocks.append(f"**{_escape(section.title)}.** {_escape(wording.about_section(section))}")
        blocks.append(_grid(table, section))
    blocks.append("\n".join(f"- {_escape(line)}" for line in footnotes(table)))
    return "\n\n".join(blocks) + "\n"


def _grid(table: Beside, section: Section) -> str:
    names = [" ".join(part for part in (head.group, head.label, head.arrow) if part) for head in heads(section)]
    rule = [":--", *["--:"] * len(names)]
    body = [[_title(line), *map(_entry, line.entries)] for line in lines(table, section)]
    rows = [["Method", *map(_escape, names)], rule, *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)


def _title(line: Line) -> str:
    return BREAK.join(_escape(part) for part in (line.title, line.aside) if part)


def _entry(entry: Entry) -> str:
    status = f"**{_escape(entry.status)}**" if entry.is_outside else _escape(entry.status)
    parts = [_escape(entry.ours), _escape(entry.printed), status, _escape(entry.standard)]
    return BREAK.join(part for part in parts if part)


def _escape(text: str) -> str:
    """Keep what Markdown would take for markup or a cell's end as it was written."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
