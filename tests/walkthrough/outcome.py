"""What the walk must have led to: each new method is a row of a table, each new data set and network has a table."""

import re
from collections.abc import Iterable
from pathlib import Path

from ledger import Turn

MADE = re.compile(r"\bmake (method|dataset|network)\b.*\bNAME=([a-z0-9_]+)")


def missing(clone: Path, walked: Iterable[Turn]) -> list[str]:
    """Return, in words, what was written by `make` and stands in no table."""
    made = {match.groups() for turn in walked if turn.run and (match := MADE.search(turn.run))}
    return [f"{kind} {name} stands in no table" for kind, name in sorted(made) if not stands(clone, kind, name)]


def stands(clone: Path, kind: str, name: str) -> bool:
    """Return whether a method has a row with numbers in a table, or a data set or network a table of its name."""
    tables = clone / "results" / "tables"
    if kind != "method":
        return _has_numbers((tables / f"{name}.md").read_text()) if (tables / f"{name}.md").exists() else False
    row = re.compile(rf"^\| {re.escape(name)} \|.*$", re.MULTILINE)
    texts = [file.read_text().replace("\\_", "_") for file in tables.glob("*.md")]
    return any(_has_numbers(found[0]) for text in texts for found in row.finditer(text))


def _has_numbers(text: str) -> bool:
    return re.search(r"\| *\**\d+\.\d+", text) is not None
