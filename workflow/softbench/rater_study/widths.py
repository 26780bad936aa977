"""Which width of a soft label fits other raters best, and which widths noise over patients cannot tell from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.checks import require_same_shape
from softbench.statistics import bootstrap
from softbench.statistics.intervals import reason_against

VERSION = 1
DRAWS = 2000


@dataclass(frozen=True)
class Difference:
    """The mean of a difference over patients with its 95 % bootstrap interval; NaN and a reason where there is none."""

    mean: float
    low: float = math.nan
    high: float = math.nan
    patients: int = 0
    reason: str | None = None

    @property
    def sign(self) -> int:
        """-1 where the interval lies below zero, 1 where above, 0 where noise decides; of few patients the mean's."""
        if self.reason:
            return int(np.sign(self.mean)) if math.isfinite(self.mean) else 0
        return -1 if self.high < 0 else 1 if self.low > 0 else 0


def differences(gap: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> list[Difference]:
    """Return the mean over patients of each row of differences, with its interval (cluster bootstrap over patients).

    Args:
        gap: (K, patients); each value is a patient's mean over cases and raters. A patient with a NaN anywhere is left
            out.
        draws: bootstrap samples of patients, the same for all rows.
        seed: of the draws.
    Returns: a difference for each row; no interval below 30 patients, and the reason.
    Source: Efron 1979; percentiles widened for small samples, as `statistics.bootstrap`.
    """
    whole = gap[:, ~np.isnan(gap).any(axis=0)]
    count = whole.shape[1]
    reason = reason_against(cases=count, unit="patient")
    means = whole.mean(axis=1) if count else np.full(len(gap), math.nan)
    if reason:
        return [Difference(float(mean), patients=count, reason=reason) for mean in means]
    drawn = np.concatenate([weights @ whole.T / count for weights in bootstrap.weights(count, draws, seed)])
    low, high = bootstrap.percentiles(drawn, count)
    return [
        Difference(float(mean), float(begin), float(end), count)
        for mean, begin, end in zip(means, low, high, strict=True)
    ]


@dataclass(frozen=True)
class Best:
    """The width of the lowest mean score, and the widths that are not worse beyond noise.

    index: of the lowest mean. first, last: of the range around it; both are `index` where all neighbours are worse
    beyond noise. low, high: the interval for the width itself, half a step beyond the range, for widths between those
    that were tried are possible; the ends of the sweep end it. at_end: whether the range reaches an end of the sweep,
    so that widths beyond it may be better. reason: why the range is not known, else None.
    """

    index: int
    first: int
    last: int
    low: float
    high: float
    at_end: bool
    reason: str | None = None


def find_best(scores: np.ndarray, widths: Sequence[float], *, draws: int = DRAWS, seed: int = 0) -> Best:
    """Return the best of several widths with its range.

    A width belongs to the range if the 95 % interval of its difference to the best, over patients, holds zero, and if
    all widths between the two belong to it.

    Args:
        scores: (K, patients), lower is better; a patient with a NaN anywhere is left out.
        widths: (K,) positive and rising.
        draws: bootstrap samples of patients.
        seed: of the draws.
    Returns: the best; of fewer than 30 patients the lowest mean alone, with the reason.
    Raises: InputError: if there is not one row a width.
    """
    require_same_shape("widths", (len(widths),), "rows of scores", scores.shape[:1])
    means = scores[:, ~np.isnan(scores).any(axis=0)].mean(axis=1)
    index = int(np.argmin(means))
    to_best = differences(scores - scores[index], draws=draws, seed=seed)
    if reason := to_best[index].reason:
        return Best(index, index, index, math.nan, math.nan, _is_end(index, index, widths), reason)
    first = last = index
    while first > 0 and to_best[first - 1].sign <= 0:
        first -= 1
    while last + 1 < len(widths) and to_best[last + 1].sign <= 0:
        last += 1
    low, high = _between(widths, first - 1), _between(widths, last)
    return Best(index, first, last, low, high, _is_end(first, last, widths))


def _between(widths: Sequence[float], index: int) -> float:
    """Return the geometric mean of a width and the next; beyond the ends of the sweep, its end."""
    if index < 0:
        return float(widths[0])
    return float(widths[-1]) if index + 1 == len(widths) else math.sqrt(widths[index] * widths[index + 1])


def _is_end(first: int, last: int, widths: Sequence[float]) -> bool:
    return len(widths) > 1 and (first == 0 or last + 1 == len(widths))
