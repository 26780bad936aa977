"""What is said of two soft labels: the Brier score decides; nothing is said that the floor of a logarithm reverses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from softbench.rater_study.widths import Difference, differences
from softbench.statistics.intervals import reason_against, t_interval

VERSION = 3
LEVEL = 0.05  # of all verdicts of a family together
SAME = 1e-6  # of the larger score: less of it is rounding
BETTER, WORSE, CANNOT, SAME_FUNCTION, REVERSED = (
    "better",
    "worse",
    "cannot tell",
    "cannot tell: the same numbers",
    "no verdict: the floor reverses it",
)
ADJUSTED_AWAY = "cannot tell after adjustment"
LOWER, HIGHER = "lower here", "higher here"  # of too few patients for an interval


@dataclass(frozen=True)
class Verdict:
    """A soft label minus another.

    said: in words. brier: the difference that decides. cross_entropy: beside it, one a floor. p: of the Brier score's
    difference, by a t test over patients; NaN of too few, and of one function. adjusted: the same for all tests of a
    family (`adjust`).
    """

    said: str
    brier: Difference
    cross_entropy: tuple[Difference, ...]
    p: float = math.nan
    adjusted: float = math.nan


def compare(
    brier: tuple[np.ndarray, np.ndarray], cross_entropy: tuple[np.ndarray, np.ndarray], *, seed: int = 0
) -> Verdict:
    """Return the verdict on a soft label against another, by patients.

    Args:
        brier: (patients,) of the two.
        cross_entropy: (patients, floors) of the two.
        seed: of the bootstrap.
    Returns: "better" or "worse" where the 95 % interval of the Brier score's difference lies on one side of zero, else
        "cannot tell". "no verdict" in place of the first two where the mean cross-entropy is lower at one floor and
        higher at another. Of fewer than 30 patients there is no interval: "lower here" is said of their means.
    """
    first, second = brier
    gaps = np.vstack([first - second, (cross_entropy[0] - cross_entropy[1]).T])
    of_brier, *of_entropy = differences(gaps, seed=seed)
    return Verdict(_say(brier, of_brier, of_entropy), of_brier, tuple(of_entropy), p_of(*brier))


def p_of(first: np.ndarray, second: np.ndarray) -> float:
    """Return the two-sided p of two labels' scores (patients,), by a t test over patients.

    NaN where there is no test: of fewer than 30 patients, and of two labels that are one function here.
    """
    gap = first - second
    gap = gap[~np.isnan(gap)]
    if are_same(first, second) or reason_against(cases=len(gap), unit="patient"):
        return math.nan
    return float(t_interval(gap)[4])


def adjust(verdict: Verdict, adjusted: float) -> Verdict:
    """Return a verdict with its p after adjustment: nothing is said where that is 0.05 or more."""
    said = ADJUSTED_AWAY if adjusted >= LEVEL and verdict.said in (BETTER, WORSE, REVERSED) else verdict.said
    return replace(verdict, said=said, adjusted=adjusted)


def _say(brier: tuple[np.ndarray, np.ndarray], decides: Difference, beside: Sequence[Difference]) -> str:
    if are_same(*brier):
        return SAME_FUNCTION
    if decides.sign and {-1.0, 1.0} <= {float(np.sign(difference.mean)) for difference in beside}:
        return REVERSED
    words = (LOWER, CANNOT, HIGHER) if decides.reason else (BETTER, CANNOT, WORSE)
    return words[decides.sign + 1]


def are_same(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two soft labels have the same score in every patient, up to rounding: they are one function here.

    NaN at the same patients are the same.
    """
    scale = max(np.nanmax(np.abs(first), initial=0), np.nanmax(np.abs(second), initial=0))
    return bool(np.allclose(first, second, rtol=0, atol=SAME * scale, equal_nan=True))
