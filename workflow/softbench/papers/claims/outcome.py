"""What became of a claim."""

from collections import Counter
from dataclasses import dataclass

from softbench.papers.claims.sentences import Claim
from softbench.papers.claims.verdicts import TRUE, WORDS

NAMED = 6  # cells against a claim that a reader is told; the rest is counted


@dataclass(frozen=True)
class Tested:
    """One cell that a claim was tested on.

    `margin` is positive where the cell agrees (for gains: the gain), in the metric's unit; `sign` is 1 where it agrees,
    0 for a tie, -1 where it speaks against the claim.
    """

    name: str
    group: str
    margin: float
    sign: int


@dataclass(frozen=True)
class Outcome:
    """What became of a claim.

    `verdict`: true, qualified, false or undetermined; `cells` that were tested, `missing` that lack a mean; `absent`:
    what the claim names and the table of means does not hold. `shares`: how often bootstrap draws gave each verdict,
    NaN where they cannot be made; `why_none` says why.
    """

    claim: Claim
    verdict: str
    cells: tuple[Tested, ...]
    missing: int
    absent: tuple[str, ...]
    shares: dict[str, float]
    why_none: str

    @property
    def agree(self) -> int:
        """How many cells agree."""
        return sum(cell.sign > 0 for cell in self.cells)

    @property
    def ties(self) -> int:
        """How many cells are ties."""
        return sum(cell.sign == 0 for cell in self.cells)

    @property
    def probability(self) -> float:
        """The share of bootstrap draws in which the claim is true as it is said; NaN where it cannot be known."""
        return self.shares[WORDS[TRUE]]

    @property
    def against(self) -> tuple[str, ...]:
        """The names of the cells that speak against the claim."""
        return tuple(cell.name for cell in self.cells if cell.sign < 0)

    def counts(self, lacking: str = "lost") -> str:
        """Say how many cells agree; `lacking` says what became of those without a number."""
        text = f"{self.agree} of {len(self.cells)}"
        if self.ties:
            text += f", {self.ties} tie{'s' if self.ties > 1 else ''}"
        return f"{text} ({self.missing} {lacking})" if self.missing else text

    def offenders(self) -> str:
        """Name up to six groups that fall short, or cells, and count the rest; empty where there are none."""
        groups: dict[str, Counter] = {}
        for cell in self.cells:
            groups.setdefault(cell.group, Counter())[cell.sign > 0] += 1
        if len(groups) > 1 and self.against:
            named = [f"{name}: {count[True]} of {count.total()}" for name, count in groups.items() if count[False]]
        else:
            named = list(self.against)
        rest = len(named) - NAMED
        return "; ".join([*named[:NAMED], *([f"and {rest} more"] if rest > 0 else [])])
