"""Who comes first, and how sure is that: ranks of methods per seed, per case, and over other patients."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.statistics.bootstrap import DRAWS, weights
from softbench.statistics.intervals import reason_against
from softbench.statistics.summary import column, of_methods, seed_by_case

VERSION = 2
DIGITS = 12  # what differs less, relative to the largest value, differs by rounding alone, and is a tie
SPAN = (0.025, 0.975)
REDRAWN = ("draws_first", "draws_best", "draws_worst")
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
    table = _means(values, names).join([_over_seeds(by_seed), _over_cases(by_case, redrawn)])
    return Ranks(
        table=table if over == "cases" else table.assign(cases_mean=np.nan),
        by_seed=by_seed,
        by_case=by_case if over == "cases" else by_case.iloc[:0],
        left_out=len({case for one in tables for case in one.columns}) - len(cases),
        missing=tuple(sorted({float(s) for one in tables for s in one.index} - set(seeds))),
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


def _means(values: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    means = values.mean(axis=(1, 2)) if values.size else np.nan
    return pd.DataFrame({"mean": means}, index=pd.Index(names, name="method"))


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
