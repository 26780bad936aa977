"""The order of the site's pages, from docs/web/navigation.yaml."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from make.markdown import DOCS

FILE = DOCS / "web" / "navigation.yaml"


def read(path: Path = FILE) -> list[Any]:
    """Return the navigation as it is written."""
    written: list[Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return written


def expanded(entries: Iterable[Any], made: Iterable[str]) -> list[Any]:
    """Return a navigation with the pages of a folder in place of `folder/*`.

    >>> expanded(["a.md", {"B": ["b/*"]}], ["b/c.md", "d/e.md"])
    ['a.md', {'B': ['b/c.md']}]
    """
    made = list(made)
    result: list[Any] = []
    for entry in entries:
        if isinstance(entry, dict):
            result.append({title: _inner(inner, made) for title, inner in entry.items()})
        elif entry.endswith("/*"):
            result += [page for page in made if page.startswith(entry[:-1])]
        else:
            result.append(entry)
    return result


def _inner(inner: Any, made: list[str]) -> Any:
    return inner if isinstance(inner, str) else expanded(inner, made)


def pages(entries: Iterable[Any]) -> Iterator[str]:
    """Give the pages that a navigation lists."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for inner in entry.values():
                yield from [inner] if isinstance(inner, str) else pages(inner)
