"""What became of a claim."""

from dataclasses import dataclass

from softbench.papers.claims.sentences import Claim
from softbench.papers.claims.verdicts import TRUE, WORDS


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
