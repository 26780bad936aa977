"""Results between two marks of a page: their text, its lines, and copies of their pictures."""

import re
import textwrap
from pathlib import Path

from PIL import Image
from softbench.errors import InputError
from softbench.jobs import pieces

WIDTH = 124
COLOURS = 96
Marks = tuple[str, str]


def fill(text: str, marks: Marks, content: str) -> str:
    """Return a text with new content between two marks.

    Raises: InputError: if the marks are not there.
    """
    begin, end = marks
    block = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
    new, count = block.subn(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)
    if not count:
        raise InputError(f"a page lacks the lines {begin} and {end}. Write them where the results stand.")
    return new


def wrap(text: str, indent: str = "") -> str:
    """Return a paragraph in lines of the pages' length."""
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def copy_small(source: Path, target: Path) -> None:
    """Copy a picture of lines and letters with as many colours as it needs: a fifth of the bytes."""
    with Image.open(source) as picture:
        small = picture.convert("RGB").quantize(COLOURS)
    pieces.write_file(target, lambda part: small.save(part, format="png", optimize=True))
