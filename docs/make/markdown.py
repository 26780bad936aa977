"""Tables and templates, as Markdown."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2

HERE = Path(__file__).parent
DOCS = HERE.parent
ROOT = DOCS.parent


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a bar within a cell is escaped.

    >>> print(table(("a", "b"), [("1", "x|y")]))
    | a | b |
    | --- | --- |
    | 1 | x\\|y |
    """
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fill(template: str, **values: Any) -> str:
    """Return a template of this folder, filled."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=False, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    return environment.get_template(template).render(**values)
