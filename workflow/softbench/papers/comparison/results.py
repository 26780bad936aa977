"""Our scores as a printed table needs them: summarised for its metrics, structures and annotation sets."""

from collections.abc import Mapping, Sequence

import pandas as pd

from softbench.checks import require_one_of
from softbench.errors import InputError
from softbench.metrics.catalogue import ALL_CASES
from softbench.papers.published import PublishedTable
from softbench.statistics import apply_policy, seed_means, summarise
from softbench.statistics.summary import CELL, OVER
from softbench.tables.cells import Column, Summary
from softbench.tables.table import read_summary, with_composites

VERSION = 4
GRIDS = ("full", "training")
EVERY_RATER = 0
PLACE = ["method", "structure", "metric", "roi", "rater"]
NUMBERS = ["mean", "sd_seeds", "sd_cases", "n_seeds", "n_cases", "n_undefined", "n_penalised"]  # as in `Summary`
Found = Mapping[tuple[str, str, str, str], Summary]  # by `PLACE`, of one annotation set


def results(
    scores: pd.DataFrame,
    table: PublishedTable,
    dataset: str,
    *,
    composites: Mapping[str, Sequence[str]] | None = None,
    policy: str = "diagonal",
    grid: str = "full",
) -> pd.DataFrame:
    """Summarise the scores of one block for a printed table.

    Args:
        scores: the raw tidy table of one experiment and network; raw predictions are taken, as the papers do.
        table: the printed one.
        dataset: its key there.
        composites: structure -> the structures that it averages case by case; those of the printed table where None.
        policy: for empty masks, see `statistics.apply_policy`.
        grid: "full"; or "training", what EPD prints: methods that were trained at full resolution have no such rows,
            and theirs on the full grid are taken.
    Returns: what `statistics.summarise` returns, and
        `rater`: the annotation set, 0 where the table does not tell them apart;
        `runs`: what was trained together, so that equal seeds are paired: experiment and network;
        `by_seed`: seed -> mean over cases, of the seeds where it is defined.
    Raises: InputError: for an unknown grid, if a composite lacks a member, or if nothing was scored that is printed.
    """
    require_one_of("grid", grid, GRIDS)
    settled = apply_policy(on_grid(scores[scores["prediction"] == "raw"], grid), policy)
    wanted = _wanted(settled, table.our_keys())
    if wanted.empty:
        raise InputError(f"no metric of {table.key} was scored; it needs {', '.join(table.our_keys())}.")
    heads, made = _heads(table, dataset), table.composites if composites is None else composites
    combined = {name: parts for name, parts in made.items() if any(head.structure == name for head in heads)}
    whole = with_composites(wanted, heads, combined)
    raters = dict.fromkeys(cell.place.rater for cell in table.cells if cell.place.dataset == dataset)
    return pd.concat([_of_rater(whole, rater) for rater in raters], ignore_index=True)


def lookup(results: pd.DataFrame | None, rater: int = EVERY_RATER) -> Found:
    """Return our means of an annotation set by method, structure, metric and region; none where nothing was run.

    Raises: InputError: if a column is missing.
    """
    if results is None:
        return {}
    if missing := [name for name in (*PLACE, *NUMBERS) if name not in results]:
        raise InputError(f"`results` lack the column(s) {', '.join(missing)}. Make them with `results.results`.")
    rows = results[results["rater"] == rater].to_dict("records")
    return {(row["method"], row["structure"], row["metric"], row["roi"]): read_summary(row) for row in rows}


def on_grid(scores: pd.DataFrame, grid: str) -> pd.DataFrame:
    """Return the scores of a grid; those of the full one for methods that have none on the grid of training."""
    coarse = set(scores["method"][scores["grid"] == grid])
    rest = (scores["grid"] == "full") & ~scores["method"].isin(coarse)
    return scores[(scores["grid"] == grid) | rest].assign(grid=grid)


def _wanted(scores: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the rows of some metrics: of single cases, and of the sums of all cases where a key asks for these."""
    is_pooled = scores["case"] == "pooled"
    pooled = scores[is_pooled]
    together = pooled.assign(metric=pooled["metric"].astype(str) + ALL_CASES)
    parts = [part[part["metric"].isin(keys)] for part in (scores[~is_pooled], together)]
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _heads(table: PublishedTable, dataset: str) -> list[Column]:
    """Return what is printed of a data set, in our keys, with the standard metrics and other readings."""
    columns: dict[Column, None] = {}
    for cell in table.cells:
        metric = table.metric_of(cell)
        if cell.place.dataset == dataset:
            columns |= {Column(key, cell.place.structure): None for key in metric.keys}
    return list(columns)


def _of_rater(scores: pd.DataFrame, rater: int | None) -> pd.DataFrame:
    rows = scores if rater is None else scores[scores["rater"] == rater]
    is_pooled = rows["case"] == "pooled"
    summaries = [_summarised(rows, over) for over in OVER if (is_pooled == (over == "pooled")).any()]
    whose = {"rater": EVERY_RATER if rater is None else rater, "runs": _runs(rows)}
    return pd.concat(summaries, ignore_index=True).assign(**whose)


def _summarised(scores: pd.DataFrame, over: str) -> pd.DataFrame:
    summary, of_place = summarise(scores, over=over), _by_seed(scores, over)
    return summary.assign(
        by_seed=[of_place.get(place, {}) for place in summary[CELL].itertuples(index=False, name=None)]
    )


def _by_seed(scores: pd.DataFrame, over: str) -> dict[tuple, dict[int, float]]:
    """Return the means of the seeds that have one, by method, structure, metric and roi."""
    means = seed_means(scores, over=over).dropna().reset_index(name="mean")
    return {
        place: dict(zip(cells["seed"].astype(int), cells["mean"].astype(float), strict=True))
        for place, cells in means.groupby(CELL, observed=True)
    }


def _runs(scores: pd.DataFrame) -> str:
    return "/".join(str(scores[name].iloc[0]) for name in ("experiment", "network"))
