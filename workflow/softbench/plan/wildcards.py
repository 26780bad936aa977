"""What a rule hands to the plan's answers: Snakemake's wildcards, and constraints for them."""

import re
from collections.abc import Iterable, Iterator
from typing import Protocol


class Wildcards(Protocol):
    """The wildcards of a job, by attribute."""

    def __getattr__(self, name: str) -> str:
        """Return the value of a wildcard."""

    def items(self) -> Iterator[tuple[str, str]]:
        """Return names and values."""


def pattern(names: Iterable[str]) -> str:
    """Return a wildcard constraint that matches exactly these names; nothing where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"
