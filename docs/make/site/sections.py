"""A page cut at its headings of the second level."""

import re
from typing import NamedTuple

from make.site import links


class Section(NamedTuple):
    """The text of a heading of the second level, and what stands below it."""

    heading: str
    body: str


def cut(text: str) -> tuple[str, list[Section]]:
    """Return what stands above the first heading of the second level, and the sections.

    >>> cut("# A\\n\\nb\\n\\n## C\\nd\\n")
    ('# A\\n\\nb\\n', [Section(heading='C', body='d')])
    """
    bare = links.without_blocks(text).split("\n")
    lines = text.split("\n")
    starts = [number for number, line in enumerate(bare) if re.match(r"## +\S", line)]
    ends = [*starts, len(lines)][1:]
    head = "\n".join(lines[: starts[0]]) if starts else text
    found = [
        Section(lines[start].removeprefix("##").strip(), "\n".join(lines[start + 1 : end]).strip())
        for start, end in zip(starts, ends, strict=True)
    ]
    return head, found


def raised(body: str) -> str:
    """Return the text of a section with its headings one level up, for a page of its own."""
    return links.in_blocks(body, lambda part: re.sub(r"^##(?=#* )", "#", part, flags=re.MULTILINE))
