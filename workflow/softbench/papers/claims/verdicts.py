"""From margins to verdicts, by the same rules for all claims; and what became of a claim."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.papers.claims.cells import ROUNDING, Cells
from softbench.papers.claims.sentences import Claim

FALSE, QUALIFIED, TRUE = 0, 1, 2
WORDS = ("false", "qualified", "true")


def signs(cells: Cells, claim: Claim) -> np.ndarray:
    """Return 1 where a cell agrees with the claim, 0 where it is a tie, -1 where it speaks against it; (draws, cells).

    For gains, a cell agrees where its gain lies in the claimed range. A tie agrees with not_better.
    """
    sizes = cells.sizes
    tie = 1 if claim.relation == "not_better" else 0
    return np.where(np.abs(sizes) < ROUNDING, tie, np.sign(sizes)).astype(int)


def verdicts(cells: Cells, claim: Claim) -> np.ndarray:
    """Return the verdict of each draw, an index into `WORDS`.

    Gains: true if each lies in the claimed range; qualified if each is above zero. Orders that differ: true if any cell
    has another order than the first. All else as the claim's quantifier says; growing gains are of `every`.
    """
    found = signs(cells, claim)
    if claim.kind == "gain":
        return _graded(np.all(found >= 0, axis=1), np.all(cells.margins > ROUNDING, axis=1))
    if claim.kind == "ranks_differ":
        return _graded(np.any(found > 0, axis=1), np.zeros(len(found), bool))
    return RULES[claim.quantifier](found, cells.groups)


def _every(found: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """All cells agree; qualified: ties are all that keeps them from it."""
    return _graded(np.all(found > 0, axis=1), np.all(found >= 0, axis=1) & np.any(found > 0, axis=1))


def _consistently(found: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """All cells agree; qualified: as many agree as speak against it, or more."""
    enough = (found > 0).sum(axis=1) >= np.maximum((found < 0).sum(axis=1), 1)
    return _graded(np.all(found > 0, axis=1), enough)


def _most(found: np.ndarray, groups: Sequence[str]) -> np.ndarray:
    """More than half of the cells agree, in each group; qualified: not in each, or only with ties left out."""
    names = np.array(groups)
    each = [_majority(found[:, names == name]) for name in dict.fromkeys(groups)]
    return _graded(np.all(each, axis=0), (found > 0).sum(axis=1) > (found < 0).sum(axis=1))


def _majority(found: np.ndarray) -> np.ndarray:
    return 2 * (found > 0).sum(axis=1) > found.shape[1]


def _graded(holds: np.ndarray, partly: np.ndarray) -> np.ndarray:
    return np.where(holds, TRUE, np.where(partly, QUALIFIED, FALSE))


RULES: dict[str, Callable[[np.ndarray, Sequence[str]], np.ndarray]] = {
    "every": _every, "consistently": _consistently, "most": _most,
}  # fmt: skip


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
