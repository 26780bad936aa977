"""A table as Markdown (GitHub's tables), readable as it is."""

from collections.abc import Iterable, Sequence

from softbench.tables import wording
from softbench.tables.layout import Entry, Head, Line, differences, heads, means, name_of
from softbench.tables.parts import Table


def to_markdown(table: Table) -> str:
    """Return a table as Markdown text: the means, the differences to the controls, and the lines under them."""
    columns = heads(table)
    blocks = [
        f"### {_escape(table.title)}",
        wording.about(table),
        _grid(["Method"], columns, means(table)),
    ]
    if rows := differences(table):
        blocks += [f"**{wording.DIFFERENCE}.** {wording.paired(table)}", _grid(["Method", "Control"], columns, rows)]
    blocks.append("\n".join(f"- {_escape(line)}" for line in wording.footnotes(table)))
    return "\n\n".join(blocks) + "\n"


def _grid(first: Sequence[str], columns: Iterable[Head], lines: Iterable[Line]) -> str:
    top = [*first, *(f"{_escape(name_of(head))} {head.arrow}" for head in columns)]
    rule = [":--"] * len(first) + ["--:"] * (len(top) - len(first))
    body = [[*_names(line)[: len(first)], *map(_entry, line.entries)] for line in lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [top, rule, *body])


def _names(line: Line) -> list[str]:
    return [_escape(line.title), _escape(line.control)]


def _entry(entry: Entry) -> str:
    words = " ".join(word for word in (entry.text, entry.aside, "worse" if entry.worse else "") if word)
    return f"**{words}**" if entry.bold else words


def _escape(text: str) -> str:
    """Keep what Markdown would take for markup or a cell's end as it was written."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
