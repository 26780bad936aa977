"""From margins to verdicts: the rules, the same for all claims."""

from collections.abc import Callable, Sequence

import numpy as np

from softbench.papers.claims.kinds import ROUNDING, Cells
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
