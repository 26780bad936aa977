"""Intervals over seeds: Student's t, when an interval is valid, and draws of several means over new seeds."""

from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.statistics.distributions import stats

VERSION = 1
CONFIDENCE = 0.95


def t_interval(sample: np.ndarray, *, confidence: float = CONFIDENCE) -> tuple[np.ndarray, ...]:
    r"""Return the mean of independent normal values with its interval.

    .. math:: \bar d \pm t_{(1 + confidence) / 2,\, n - 1} \, \mathrm{sd}(d) / \sqrt n

    Args:
        sample: (..., n) finite values, n >= 2.
        confidence: of the interval.
    Returns: mean, low, high, standard deviation (ddof 1) and the two-sided p of a mean of zero, each of shape (...).
    """
    count = sample.shape[-1]
    mean, sd = sample.mean(axis=-1), sample.std(axis=-1, ddof=1)
    reach = stats.t.ppf((1 + confidence) / 2, count - 1) * sd / np.sqrt(count)
    return mean, mean - reach, mean + reach, sd, p_value(mean, sd / np.sqrt(count), count - 1)


def reach(error: Any, df: Any) -> Any:
    """Return half the width of a 95 % t interval, of numbers or arrays: a standard error and its degrees of freedom."""
    return stats.t.ppf((1 + CONFIDENCE) / 2, df) * error


def p_value(mean: np.ndarray, error: np.ndarray, df: np.ndarray | int) -> np.ndarray:
    """Return the two-sided p of a mean with its standard error; nothing over nothing speaks against nothing: 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(mean) / error
    return np.where((mean == 0) & (error == 0), 1.0, 2 * stats.t.sf(t, df))


MARK = "no valid CI"
MIN_SEEDS = 2  # a t interval over seeds has a spread from here on; it is wide with few, as it must be
MIN_SEEDS_CROSSED = 5  # from here on the crossed model keeps its promise of 95 %: docs/statistics.md
MIN_CASES = 30  # from here on an interval for new patients misses 95 % by less than 2 points on skewed scores


def reason_against(
    *,
    seeds: int | None = None,
    cases: int | None = None,
    least_seeds: int = MIN_SEEDS,
    finite: bool = True,
    unit: str = "case",
) -> str | None:
    """Say why there is no valid confidence interval.

    Args:
        seeds: that both sides were trained with; None where the interval does not speak of new seeds.
        cases: independent ones; None where the interval does not speak of new cases.
        least_seeds: how many seeds the interval needs.
        finite: whether all values are.
        unit: what `cases` counts: "case" or "patient".
    Returns: "no valid CI: …" with what was found and what is needed; None where an interval is valid.

    >>> from softbench import statistics
    >>> statistics.reason_against(seeds=1)
    'no valid CI: 1 seed, at least 2 are needed'
    """
    if seeds is not None and seeds < least_seeds:
        return f"{MARK}: {_count(seeds, 'seed')}, at least {least_seeds} are needed"
    if cases is not None and cases < MIN_CASES:
        return f"{MARK}: {_count(cases, unit)}, at least {MIN_CASES} are needed"
    return None if finite else f"{MARK}: infinite values, choose an empty-mask policy other than `raw`"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" + ("" if number == 1 else "s")


def draw_means(by_seed: np.ndarray, *, draws: int, rng: np.random.Generator) -> np.ndarray:
    r"""Draw the means of K things over new seeds; what the seeds did to all alike cancels where they are compared.

    With the seeds' means :math:`y_s` (K numbers), one set of weights for all K things and S seeds,

    .. math:: \mu = \bar y + \frac{1}{\sqrt{S\,u}} \sum_s w_s (y_s - \bar y), \qquad w_s \sim N(0, 1),\;
        u \sim \chi^2_{S-1}

    so every contrast :math:`c'\mu` is drawn as :math:`\bar d + t_{S-1}\, \mathrm{sd}(d) / \sqrt S` with
    :math:`d_s = c'y_s`: for the difference of two methods, the share of draws above zero is one minus the one-sided p
    of the t test paired over seeds. What is said of several contrasts at once rests on S seeds all the same: the draws
    keep the correlations that these seeds showed.

    Args:
        by_seed: (S, K) finite, a row for each seed, S >= 2.
        draws: how many.
        rng: of the draws.
    Returns: (draws, K).
    Raises: InputError: with fewer than two seeds.
    Source: the multivariate t distribution (Geisser and Cornfield 1963), with S - 1 degrees of freedom for every
        contrast. Departures: none.

    >>> import numpy as np
    >>> from softbench import statistics
    >>> by_seed = np.array([[0.80, 0.83], [0.81, 0.83], [0.79, 0.82]])  # three seeds, two methods
    >>> drawn = statistics.draw_means(by_seed, draws=10_000, rng=np.random.default_rng(0))
    >>> print(f"{(drawn[:, 1] > drawn[:, 0]).mean():.2f}")  # the share of draws in which the second is better
    0.99
    """
    seeds = len(by_seed)
    if seeds < MIN_SEEDS:
        raise InputError(f"`by_seed` has {seeds} row(s), but noise over seeds shows from {MIN_SEEDS} seeds on.")
    mean = by_seed.mean(axis=0)
    weights = rng.standard_normal((draws, seeds)) / np.sqrt(seeds * rng.chisquare(seeds - 1, (draws, 1)))
    return mean + weights @ (by_seed - mean)
