"""Many tests at once (Holm), and what a number of seeds can see: power, the smallest difference, seeds needed."""

import functools
import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from softbench.checks import require_fraction, require_positive
from softbench.errors import InputError
from softbench.statistics.distributions import optimize, stats
from softbench.statistics.intervals import MIN_SEEDS

VERSION = 1


@dataclass(frozen=True)
class Family:
    """Adjusted p values by name (NaN where there was no test), and the `size` of the family: the tests that were."""

    adjusted: dict[Hashable, float]
    size: int


def holm(p_values: Mapping[Hashable, float]) -> Family:
    r"""Adjust p values, so that among all of them a false positive turns up with at most the stated probability.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})

    It holds whatever the dependence between the tests, as metrics of the same runs need.

    Args:
        p_values: name -> p; NaN where there was no test. A family is what a reader searches for a small p: all methods
            and metrics of a table.
    Returns: the adjusted p values under the same names in the same order, and m, the number that are not NaN.
    Raises: InputError: if a p value lies outside [0, 1].
    Source: Holm 1979. Departures: none.

    >>> from softbench import statistics
    >>> found = statistics.holm({"svls": 0.01, "geols": 0.04, "ls": 0.03})
    >>> {name: round(p, 3) for name, p in found.adjusted.items()}, found.size
    ({'svls': 0.03, 'geols': 0.06, 'ls': 0.06}, 3)
    """
    values = np.array(list(p_values.values()), dtype=float)
    outside = [str(name) for name, p in p_values.items() if p < 0 or p > 1]
    if outside:
        raise InputError(f"`p_values` must lie in [0, 1] or be NaN, but those of {', '.join(outside[:5])} do not.")
    size = int((~np.isnan(values)).sum())
    order = np.argsort(values)[:size]  # NaN sorts last
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(values[order] * (size - np.arange(size))))
    return Family({name: float(p) for name, p in zip(p_values, adjusted, strict=True)}, size)


ALPHA = 0.05
POWER = 0.8
MOST_SEEDS = 10_000


def power(difference: float, sd: float, seeds: int, *, alpha: float = ALPHA) -> float:
    r"""Return the probability that a true difference is found by the two-sided paired t test over seeds.

    .. math:: P(|T'_{S-1}(\delta \sqrt S / \mathrm{sd})| > t_{1 - \alpha/2,\, S-1})

    with T' noncentral t.

    Args:
        difference: the true difference, in the metric's unit.
        sd: of the seeds' differences; positive.
        seeds: S; with fewer than two the result is NaN.
        alpha: the size of the test.

    >>> from softbench import statistics
    >>> [round(statistics.power(difference=0.01, sd=0.008, seeds=seeds), 2) for seeds in (3, 5, 10)]
    [0.24, 0.56, 0.94]
    """
    require_positive("sd", sd)
    require_fraction("alpha", alpha)
    if seeds < MIN_SEEDS:
        return math.nan
    bound = stats.t.ppf(1 - alpha / 2, seeds - 1)
    shift = abs(difference) * math.sqrt(seeds) / sd
    upper, lower = (stats.nct.sf(bound, seeds - 1, side * shift) for side in (1, -1))  # nct.cdf(-bound) can be NaN
    return float(upper + lower)


def detectable(sd: float, seeds: int, *, wanted: float = POWER, alpha: float = ALPHA) -> float:
    """Return the smallest true difference that this number of seeds finds with the wanted power.

    A smaller one is missed more often than the power allows, so its absence from a table says nothing. With few seeds
    the sd itself is rough: over 3 seeds its 95 % interval reaches from half to six times the estimate.

    Args:
        sd: of the seeds' differences (`Difference.sd`), in the metric's unit; NaN gives NaN, 0 gives 0.
        seeds: S; with fewer than two the result is NaN.
        wanted: the power.
        alpha: the size of the test; alpha / m is the first step of Holm over m tests.
    Raises: InputError: if `wanted` or `alpha` is not a fraction, or `wanted` is not above alpha.

    >>> from softbench import statistics
    >>> [round(statistics.detectable(sd=0.008, seeds=seeds), 3) for seeds in (3, 5, 10)]
    [0.026, 0.013, 0.008]
    """
    require_fraction("wanted", wanted)
    require_positive("wanted - alpha", wanted - alpha)
    if not math.isfinite(sd) or seeds < MIN_SEEDS:
        return math.nan
    return sd * _detectable_at_sd_one(seeds, wanted, alpha) if sd else 0.0


@functools.cache
def _detectable_at_sd_one(seeds: int, wanted: float, alpha: float) -> float:
    far = 1.0
    while power(far, 1.0, seeds, alpha=alpha) < wanted:
        far *= 2
    return float(optimize.brentq(lambda step: power(step, 1.0, seeds, alpha=alpha) - wanted, 0.0, far, xtol=1e-12))


def seeds_needed(difference: float, sd: float, *, wanted: float = POWER, alpha: float = ALPHA) -> int | None:
    """Return the smallest number of seeds that finds a true difference with the wanted power.

    Args:
        difference: in the metric's unit, not 0.
        sd: of the seeds' differences, positive.
        wanted: the power.
        alpha: the size of the test.
    Returns: at least 2; None where even 10,000 would not do.

    >>> from softbench import statistics
    >>> statistics.seeds_needed(difference=0.01, sd=0.008)
    8
    """
    require_positive("|difference|", abs(difference))
    low, high = MIN_SEEDS, MOST_SEEDS
    if power(difference, sd, high, alpha=alpha) < wanted:
        return None
    while low < high:  # power grows with seeds
        middle = (low + high) // 2
        if power(difference, sd, middle, alpha=alpha) < wanted:
            low = middle + 1
        else:
            high = middle
    return low
