"""Who comes first, and how sure is that: ranks of methods per seed, per case, and over other patients; tests of ranks.

The tests are Friedman's, with Nemenyi's critical difference, and Kendall's tau between two orders of methods.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.statistics.bootstrap import DRAWS, weights
from softbench.statistics.distributions import stats
from softbench.statistics.intervals import reason_against
from softbench.statistics.summary import column, of_methods, seed_by_case

VERSION = 2
DIGITS = 12  # what differs less, relative to the largest value, differs by rounding alone, and is a tie
SPAN = (0.025, 0.975)
REDRAWN = ("draws_first", "draws_best", "draws_worst")
ALPHA = 0.05
MIN_BLOCKS = 5  # below, neither approximation of p holds: docs/statistics.md
POOLED = "pooled over cases: there is nothing to redraw"


@dataclass(frozen=True)
class Ranks:
    """Ranks of methods; 1 is best, ties share their mean rank.

    table: a row for each method, as `ranks` says; by_seed and by_case: a row for each seed or case, a column for each
    method. left_out: cases that were undefined for some method in some seed; missing: seeds that some method lacks.
    reason: why other patients' ranks are not given, else None.
    """

    table: pd.DataFrame
    by_seed: pd.DataFrame
    by_case: pd.DataFrame
    left_out: int = 0
    missing: tuple[float, ...] = ()
    reason: str | None = None


def ranks(
    scores: pd.DataFrame,
    metric: str,
    *,
    structure: str | None = None,
    roi: str = "all",
    over: str = "cases",
    methods: Sequence[str] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Ranks:
    """Rank methods by a metric, and show how far the ranks depend on seeds and on cases.

    All ranks are of the seeds that all methods have and the cases that are defined for all of them in all those seeds.
    A method's rank is the mean of its ranks in the seeds: what Friedman's test and Nemenyi's distance compare (Demšar
    2006), and it lies within the range over seeds. The rank of the mean over seeds does neither: one seed that is far
    off can move it past every seed's own rank.
    Adding a method may thus change ranks; it changes no mean of a table, which are `summarise`'s.

    Args:
        scores: the tidy table of one experiment, network, grid and prediction, after `apply_policy`.
        metric: its catalogue entry says whether high or low is better.
        structure: what was scored; may be left out where the metric has one structure only.
        roi: the region.
        over: "cases", or "pooled" for values that were pooled over cases: then there are no ranks over cases.
        methods: those to rank (leave out what is not trained); default all.
        draws: bootstrap samples of cases; seed: of the draws.
    Returns: `table` with the columns
        `mean` of those seeds and cases;
        `rank`: the mean over seeds of the rank in each seed, which need not be the order of `mean`;
        `seeds_best`, `seeds_worst`: the smallest and the largest rank over seeds, between which `rank` always lies;
        `seeds_first`: the share of seeds in which the method is first (ties share);
        `cases_mean`: the mean rank over cases, each case's scores averaged over seeds;
        `draws_first`, `draws_best`, `draws_worst`: share of first places and 95 % range of `rank` over other
        patients, for these checkpoints; NaN below 30 cases. All are NaN without a common seed or case.
    Raises: InputError: if a method was not scored, `structure` is open, or the metric has no better direction.

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> rows = [
    ...     (method, seed, f"case {number}", dsc)
    ...     for method, of_seeds in {"one_hot": (0.80, 0.81, 0.79), "svls": (0.83, 0.83, 0.82)}.items()
    ...     for seed, dsc in enumerate(of_seeds)
    ...     for number in range(2)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> found = statistics.ranks(scores, "dsc").table.reset_index()
    >>> print(found[["method", "mean", "rank", "seeds_first"]].round(2).to_string(index=False))
     method  mean  rank  seeds_first
    one_hot  0.80   2.0          0.0
       svls  0.83   1.0          1.0
    """
    better = catalogue.describe(metric).better
    if better == "neither":
        raise InputError(f"{metric} has no better direction, so nothing can be ranked by it. Choose another metric.")
    rows, what = column(scores, metric, structure, roi, over)
    names = list(methods) if methods is not None else sorted(rows["method"].astype(str).unique())
    of_name = of_methods(rows, names, what)
    tables = [seed_by_case(of_name[name]) for name in names]
    values, seeds, cases = _common(tables)
    worth = values if better == "lower" else -values  # smaller is better from here on
    reason = POOLED if over == "pooled" else reason_against(cases=len(cases), finite=bool(np.isfinite(values).all()))
    redrawn = None if reason or not len(seeds) else _redrawn(worth, draws, seed)
    by_seed, by_case = _ranked(worth, 2, seeds, names), _ranked(worth, 1, cases, names)
    means = values.mean(axis=(1, 2)) if values.size else np.nan
    table = pd.DataFrame({"mean": means}, index=pd.Index(names, name="method")).join(
        [_over_seeds(by_seed), _over_cases(by_case, redrawn)]
    )
    return Ranks(
        table=table if over == "cases" else table.assign(cases_mean=np.nan),
        by_seed=by_seed,
        by_case=by_case if over == "cases" else by_case.iloc[:0],
        left_out=len({case for table in tables for case in table.columns}) - len(cases),
        missing=tuple(sorted({float(s) for table in tables for s in table.index} - set(seeds))),
        reason=reason,
    )


def _common(tables: Sequence[pd.DataFrame]) -> tuple[np.ndarray, pd.Index, pd.Index]:
    """Return values (M, S, C) of the seeds and cases that all (S', C') tables have, with those seeds and cases."""
    seeds, cases = tables[0].index, tables[0].columns
    for table in tables[1:]:
        seeds, cases = seeds.intersection(table.index), cases.intersection(table.columns)
    values = np.stack([table.loc[seeds, cases].to_numpy() for table in tables])
    whole = ~np.isnan(values).any(axis=(0, 1))
    return values[:, :, whole], seeds, cases[whole]


def _rank(worth: np.ndarray) -> np.ndarray:
    """Rank each row of (N, M), the smallest first."""
    scale = np.abs(worth[np.isfinite(worth)]).max(initial=0.0) or 1.0
    return pd.DataFrame(np.round(worth / scale, DIGITS)).rank(axis=1).to_numpy()


def _ranked(worth: np.ndarray, axis: int, units: pd.Index, names: Sequence[str]) -> pd.DataFrame:
    """Return a row of ranks for each seed or case of (M, S, C), after the mean over the other axis."""
    if not worth.size:
        return pd.DataFrame(columns=list(names), dtype=float)
    return pd.DataFrame(_rank(worth.mean(axis=axis).T), index=units, columns=list(names))


def _redrawn(worth: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return mean ranks over seeds (draws, M) over redrawn cases, the same cases in all seeds."""
    seeds, cases = worth.swapaxes(0, 1), worth.shape[2]
    return np.concatenate(
        [np.mean([_rank(w @ of_seed.T) for of_seed in seeds], axis=0) for w in weights(cases, draws, seed)]
    )


def _over_seeds(by_seed: pd.DataFrame) -> pd.DataFrame:
    best, worst = by_seed.min(), by_seed.max()
    first = pd.Series(_first(by_seed.to_numpy()), index=by_seed.columns)
    return pd.DataFrame({"rank": by_seed.mean(), "seeds_best": best, "seeds_worst": worst, "seeds_first": first})


def _over_cases(by_case: pd.DataFrame, redrawn: np.ndarray | None) -> pd.DataFrame:
    table = pd.DataFrame({"cases_mean": by_case.mean()}).assign(**dict.fromkeys(REDRAWN, np.nan))
    if redrawn is not None:
        table["draws_first"] = _first(redrawn)
        table["draws_best"], table["draws_worst"] = np.quantile(redrawn, SPAN, axis=0)
    return table


def _first(ranked: np.ndarray) -> np.ndarray:
    """Return the share of rows (N, M) in which each column is first; columns that tie share the row."""
    if not len(ranked):
        return np.full(ranked.shape[1], np.nan)
    leads = ranked == ranked.min(axis=1, keepdims=True)
    return (leads / leads.sum(axis=1, keepdims=True)).mean(axis=0)


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

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> blocks = pd.DataFrame({"one_hot": [3, 3, 3, 2, 3], "ls": [2, 1, 2, 3, 2], "svls": [1, 2, 1, 1, 1]})  # 5 seeds
    >>> found = statistics.friedman(blocks)
    >>> found.cliques  # methods whose mean ranks differ by less than Nemenyi's critical difference
    (('svls', 'ls'), ('ls', 'one_hot'))
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
    cliques: list[tuple[int, int]] = []
    for first in range(len(mean_ranks)):
        last = int(np.flatnonzero(mean_ranks - mean_ranks.iloc[first] <= distance)[-1])
        if last > first and (not cliques or last > cliques[-1][1]):
            cliques.append((first, last))
    names = [str(name) for name in mean_ranks.index]
    return [tuple(names[first : last + 1]) for first, last in cliques]


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

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> dsc, ece = pd.Series({"one_hot": 1, "ls": 2, "svls": 3}), pd.Series({"one_hot": 2, "ls": 3, "svls": 1})
    >>> print(f"{statistics.agreement(dsc, ece).tau:.2f}")
    -0.33
    """
    both = pd.concat([first, second], axis=1, join="inner").dropna().to_numpy()
    if len(both) < 2 or (np.ptp(both, axis=0) == 0).any():
        return Agreement(math.nan, math.nan, len(both))
    kendall = stats.kendalltau(both[:, 0], both[:, 1])
    return Agreement(float(kendall.statistic), float(kendall.pvalue), len(both))
