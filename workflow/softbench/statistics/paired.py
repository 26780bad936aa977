"""Differences between a method and its control, paired over seeds: the seed is the unit of inference."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from softbench.errors import InputError
from softbench.statistics.rows import by_case, choose

VERSION = 1
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Difference:
    """A method minus its control.

    `mean` and its 95 % t interval from `low` to `high`, in the metric's unit; `n_seeds` that both were trained with;
    `missing`: the seeds that one of the two lacks. NaN where unknown.
    """

    mean: float
    low: float
    high: float
    n_seeds: int
    missing: tuple[float, ...] = ()

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval leaves zero out; False where there is no interval."""
        return self.low > 0 or self.high < 0


def difference(
    scores: pd.DataFrame,
    method: str,
    control: str,
    metric: str,
    *,
    structure: str | None = None,
    roi: str = "all",
    over: str = "cases",
) -> Difference:
    r"""Return how much a method differs from its control, seed by seed.

    For each seed that both have, the difference is the mean over the cases that are defined (not NaN) in both, so a
    case that one method made undefined cannot favour either. Over the S seeds' differences :math:`d_s`:

    .. math:: \bar d \pm t_{0.975, S-1} \, \mathrm{sd}(d) / \sqrt S

    Args:
        scores: the tidy table of one experiment, network, grid and prediction, after `policy.apply` (an infinite
            value makes the result infinite or NaN).
        method: the key of the method.
        control: the key of its loss-matched control.
        metric: the key of the metric.
        structure: what was scored; may be left out where the metric has one structure only.
        roi: the region.
        over: "cases", or "pooled" for values that were pooled over cases.
    Returns: the difference; `low` and `high` are NaN with fewer than two seeds, all are NaN without a common seed.
    Raises: InputError: if nothing was scored for the method or the control, or `structure` is open.
    """
    rows = choose(scores, over)
    rows = rows[(rows["metric"] == metric) & (rows["roi"] == roi)]
    structure = structure if structure is not None else _only_structure(rows, metric)
    rows = rows[rows["structure"] == structure]
    sides = [_of_method(rows, name, f"{metric} of {structure} (roi {roi})") for name in (method, control)]
    pairs = pd.concat(sides, axis=1, join="inner", keys=["method", "control"]).dropna()
    with np.errstate(invalid="ignore"):
        gap = pairs["method"] - pairs["control"]
    seeds = np.array([group.to_numpy().mean() for _, group in gap.groupby(level="seed", dropna=False)])
    return _interval(seeds, _missing(*sides))


def _only_structure(rows: pd.DataFrame, metric: str) -> str:
    found = sorted(rows["structure"].astype(str).unique())
    if len(found) != 1:
        raise InputError(f"`structure` must be named for {metric}; scored are: {', '.join(found) or 'none'}.")
    return found[0]


def _of_method(rows: pd.DataFrame, name: str, what: str) -> pd.Series:
    """Return a method's values by seed and case."""
    mine = rows[rows["method"] == name]
    if mine.empty:
        known = ", ".join(sorted(rows["method"].astype(str).unique())) or "no method"
        raise InputError(f"{what} was not scored for the method {name!r}; it was for {known}.")
    return by_case(mine).groupby(level=["seed", "case"], dropna=False).first()


def _missing(method: pd.Series, control: pd.Series) -> tuple[float, ...]:
    """Return the seeds that only one of the two was scored with."""
    mine, other = (set(side.index.get_level_values("seed").dropna()) for side in (method, control))
    return tuple(sorted(mine ^ other))


def _interval(seeds: np.ndarray, missing: tuple[float, ...]) -> Difference:
    """Return the mean of the seeds' differences with its t interval."""
    count = len(seeds)
    if not count:
        return Difference(math.nan, math.nan, math.nan, 0, missing)
    mean = float(seeds.mean())
    if count < 2 or not np.isfinite(seeds).all():
        return Difference(mean, math.nan, math.nan, count, missing)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1) * seeds.std(ddof=1) / math.sqrt(count))
    return Difference(mean, mean - reach, mean + reach, count, missing)
