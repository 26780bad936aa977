"""Tests of ranks: Friedman's with Nemenyi's critical difference, and Kendall's tau between two orders of methods."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from softbench.errors import InputError

VERSION = 1
ALPHA = 0.05
MIN_BLOCKS = 5  # below, neither approximation of p holds: docs/statistics.md


@dataclass(frozen=True)
class Friedman:
    """Friedman's test over blocks, and what a critical-difference diagram needs.

    `chi2` and `p`: as scipy's; `p_f`: of Iman and Davenport's F, the better one for few blocks; `concordance`:
    Kendall's W, 1 where all blocks rank alike, about 0 where they rank at random; `mean_ranks`, best first;
    `critical_difference`: what two mean ranks must differ by; `cliques`: the largest sets of methods, two or more, that
    lie within it. `n_blocks`. NaN, and no cliques, where there are too few blocks.
    """

    mean_ranks: pd.Series
    n_blocks: int
    chi2: float = math.nan
    p: float = math.nan
    p_f: float = math.nan
    concordance: float = math.nan
    critical_difference: float = math.nan
    cliques: tuple[tuple[str, ...], ...] = ()


def friedman(blocks: pd.DataFrame, *, alpha: float = ALPHA) -> Friedman:
    r"""Test whether methods' ranks differ over blocks, with N blocks and k methods.

    .. math:: \chi^2 = \frac{(k-1) \sum_j (R_j - N (k+1)/2)^2}{\sum_{ij} r_{ij}^2 - N k (k+1)^2 / 4}, \quad
              F = \frac{(N-1) \chi^2}{N (k-1) - \chi^2}, \quad
              CD = \frac{q_{\alpha, k}}{\sqrt 2} \sqrt{\frac{k (k+1)}{6 N}}

    What it generalises to is what the blocks are: seeds (`Ranks.by_seed`) speak of methods on these cases; cases
    (`Ranks.by_case`) of these checkpoints for new patients; data sets of methods. The critical difference belongs to
    the set of methods: adding one changes it.

    Args:
        blocks: a row for each block, a column for each method, 1 is best (any values that are better when smaller).
        alpha: of the critical difference.
    Returns: the test; it is NaN with fewer than 5 blocks.
    Raises: InputError: if there are fewer than two methods, or a value is missing.
    Source: Friedman 1937 with ties; Iman & Davenport 1980; Nemenyi 1963, as in Demšar 2006. Departures: none.
    """
    if blocks.shape[1] < 2:
        raise InputError(f"`blocks` must rank at least two methods, but has {blocks.shape[1]}.")
    if blocks.isna().to_numpy().any():
        raise InputError("`blocks` must hold a rank for each method in each block. Leave out incomplete blocks.")
    ranked = blocks.rank(axis=1)
    mean_ranks = ranked.mean().sort_values(kind="stable")
    if len(ranked) < MIN_BLOCKS:
        return Friedman(mean_ranks, len(ranked))
    distance = critical_difference(ranked.shape[1], len(ranked), alpha=alpha)
    cliques = tuple(_cliques(mean_ranks, distance))
    return Friedman(mean_ranks, len(ranked), *rank_test(ranked.to_numpy()), distance, cliques)


def critical_difference(methods: int, blocks: int, *, alpha: float = ALPHA) -> float:
    """Return by how much two mean ranks must differ; q is of the studentised range with infinite degrees of freedom."""
    q = float(stats.studentized_range.ppf(1 - alpha, methods, np.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * blocks))


def rank_test(ranked: np.ndarray) -> tuple[float, float, float, float]:
    """Return chi2, its p, the p of F, and the concordance of ranks (N, k); ties everywhere speak against nothing."""
    N, k = ranked.shape
    between = ((ranked.sum(axis=0) - N * (k + 1) / 2) ** 2).sum()
    within = (ranked**2).sum() - N * k * (k + 1) ** 2 / 4
    if within == 0:
        return 0.0, 1.0, 1.0, math.nan
    chi2 = float((k - 1) * between / within)
    left = N * (k - 1) - chi2
    f = (N - 1) * chi2 / left if left > 1e-9 * N * k else math.inf  # all blocks rank alike
    p_f = float(stats.f.sf(f, k - 1, (k - 1) * (N - 1)))
    return chi2, float(stats.chi2.sf(chi2, k - 1)), p_f, chi2 / (N * (k - 1))


def _cliques(mean_ranks: pd.Series, distance: float) -> list[tuple[str, ...]]:
    """Return the largest runs of methods, best first, whose ends lie within a distance."""
    found: list[tuple[int, int]] = []
    for first in range(len(mean_ranks)):
        last = int(np.flatnonzero(mean_ranks - mean_ranks.iloc[first] <= distance)[-1])
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    names = [str(name) for name in mean_ranks.index]
    return [tuple(names[first : last + 1]) for first, last in found]


@dataclass(frozen=True)
class Agreement:
    """Kendall's `tau`, 1 for the same order and -1 for the reverse, its two-sided `p`, and the `n_methods` in both.

    NaN with fewer than two methods, or where one of the two ties them all.
    """

    tau: float
    p: float
    n_methods: int


def agreement(first: pd.Series, second: pd.Series) -> Agreement:
    r"""Compare two orders of methods, ties counted (tau-b).

    .. math:: \tau_b = (P - Q) / \sqrt{(P + Q + T_1) (P + Q + T_2)}

    with P pairs in the same order, Q in the other, and T tied in one of the two only.

    Args:
        first, second: method -> rank, e.g. `ranks(...).table["rank"]`, in which 1 is best whatever the metric. Methods
            that only one has are left out; adding them changes nothing.
    Source: Kendall 1945; scipy, exact p without ties.
    """
    both = pd.concat([first, second], axis=1, join="inner").dropna().to_numpy()
    if len(both) < 2 or (np.ptp(both, axis=0) == 0).any():
        return Agreement(math.nan, math.nan, len(both))
    found = stats.kendalltau(both[:, 0], both[:, 1])
    return Agreement(float(found.statistic), float(found.pvalue), len(both))
