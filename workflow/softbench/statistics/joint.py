"""Means of several methods drawn anew together, as far as the seeds that they share know them."""

import numpy as np

from softbench.errors import InputError
from softbench.statistics.validity import MIN_SEEDS

VERSION = 1


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
    """
    seeds = len(by_seed)
    if seeds < MIN_SEEDS:
        raise InputError(f"`by_seed` has {seeds} row(s), but noise over seeds shows from {MIN_SEEDS} seeds on.")
    mean = by_seed.mean(axis=0)
    weights = rng.standard_normal((draws, seeds)) / np.sqrt(seeds * rng.chisquare(seeds - 1, (draws, 1)))
    return mean + weights @ (by_seed - mean)
