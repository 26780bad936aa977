"""A table of methods by columns, as numbers: what was scored, with its spread, and the difference to the control."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from softbench.metrics.catalogue import is_of_label_map
from softbench.statistics import Difference, apply_policy, differences, holm, summarise
from softbench.tables.choice import check_found, with_composites
from softbench.tables.parts import ALPHA, Cell, Column, Ensemble, Failure, Method, Summary, Table

VERSION = 3
DIAGONAL = "image_diagonal"  # a row that policies read


def build(
    scores: pd.DataFrame,
    *,
    methods: Sequence[Mapping[str, Any]],
    columns: Sequence[Mapping[str, Any]],
    composites: Mapping[str, Sequence[str]] | None = None,
    policy: str = "diagonal",
    title: str,
    notes: Sequence[str] = (),
    failed: Sequence[Mapping[str, Any]] = (),
    prediction: str = "raw",
    ensembles: Sequence[Ensemble] = (),
) -> Table:
    """Summarise scores into a table.

    Args:
        scores: the raw tidy table of one experiment, network, grid and prediction.
        methods: the rows in order: `key`, `title`, `control` (a key that was scored, or None).
        columns: in order: `metric`, `structure`, and where wanted `roi`, `title`, `over` ("cases" or "pooled").
        composites: name -> the structures that it averages case by case, after the policy.
        policy: for empty masks, see `statistics.apply_policy`.
        title: of the table.
        notes: sentences to print under it.
        failed: runs that gave no score: `method`, `seed`, `reason`; they are counted under the table.
        prediction: what the scores are of; it is said under the table.
        ensembles: of the rows, where `prediction` is that of ensembles; a row whose ensemble was not made is empty.
    Returns: the table. A method whose runs all failed keeps its row, with empty cells.
    Raises: InputError: if a column, a method or a control was never scored, or the scores mix experiments.
    """
    rows = [Method(**method) for method in methods]
    heads = [Column(**column) for column in columns]
    lost = [Failure(**failure) for failure in failed]
    named = {column.structure for column in heads}
    made = {name: tuple(parts) for name, parts in (composites or {}).items() if name in named}
    absent = {failure.method for failure in lost} | {one.method for one in ensembles if one.reason}
    absent |= {row.key for row in rows if row.scaled in absent}
    check_found(scores, rows, heads, made, absent)
    settled = with_composites(apply_policy(of_columns(scores, heads), policy), heads, made)
    summaries = {over: summarise(settled, over=over) for over in dict.fromkeys(column.over for column in heads)}
    cells = zip(*(_cells_of(settled, summaries[column.over], column, rows) for column in heads), strict=True)
    judged, tests = _judged([list(row) for row in cells], heads)
    return Table(
        title=title,
        methods=tuple(rows),
        columns=tuple(heads),
        cells=judged,
        policy=policy,
        controls=_controls(rows),
        composites=made,
        notes=tuple(notes),
        failed=tuple(lost),
        prediction=prediction,
        ensembles=tuple(ensembles),
        tests=tests,
    )


def _controls(rows: Sequence[Method]) -> dict[str, str]:
    titles = {row.key: row.title for row in rows}
    return {row.control: titles.get(row.control, row.control) for row in rows if row.control}


def _cells_of(scores: pd.DataFrame, summaries: pd.DataFrame, column: Column, rows: Sequence[Method]) -> list[Cell]:
    """Return one column's cells, top to bottom."""
    here = of_column(scores, column)
    summary = of_column(summaries, column).set_index("method")
    scored = [row for row in rows if row.key in summary.index]
    compared = [(row.key, row.control) for row in scored if row.control is not None and row.control in summary.index]
    place = {"structure": column.structure, "roi": column.roi, "over": column.over}
    gaps = dict(zip(compared, differences(here, compared, column.metric, **place), strict=True)) if compared else {}
    return [_cell(column, row, summary, gaps.get((row.key, str(row.control)))) for row in rows]


def of_columns(scores: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Return the scores of the columns' metrics, and the diagonals that a policy needs."""
    return scores[scores["metric"].isin({*(column.metric for column in columns), DIAGONAL})]


def of_column(scores: pd.DataFrame, column: Column) -> pd.DataFrame:
    """Return the scores of a column's metric, structure and region, of cases and pooled."""
    chosen = (scores["metric"] == column.metric) & (scores["structure"] == column.structure)
    return scores[chosen & (scores["roi"] == column.roi)]


def _cell(column: Column, row: Method, summary: pd.DataFrame, gap: Difference | None) -> Cell:
    if row.key not in summary.index:
        return Cell()
    found = summary.loc[row.key]
    same_map = gap is not None and row.scaled == row.control and is_of_label_map(column.metric)
    return Cell(
        summary_of(found.to_dict()),
        difference=_untested(gap) if gap is not None and same_map else gap,
        same_map=same_map,
    )


def summary_of(row: Mapping[Hashable, Any]) -> Summary:
    """Return a row of `statistics.summarise` as a summary; `by_seed` and `runs` where it has them."""
    return Summary(
        mean=float(row["mean"]),
        sd_seeds=float(row["sd_seeds"]),
        sd_cases=float(row["sd_cases"]),
        n_seeds=int(row["n_seeds"]),
        n_cases=int(row["n_cases"]),
        n_undefined=int(row["n_undefined"]),
        n_penalised=int(row["n_penalised"]),
        by_seed=row.get("by_seed", {}),
        runs=row.get("runs", ""),
    )


def _untested(gap: Difference) -> Difference:
    """Return a difference that is zero by construction: an interval or a test would say nothing."""
    return replace(gap, low=math.nan, high=math.nan, sd=math.nan, p=math.nan)


def _judged(cells: list[list[Cell]], columns: Sequence[Column]) -> tuple[tuple[tuple[Cell, ...], ...], int]:
    """Return the cells with their verdicts, and how many differences share the adjustment: all of the table."""
    gaps = {(r, c): cell.difference for r, line in enumerate(cells) for c, cell in enumerate(line) if cell.difference}
    family = holm({place: gap.p for place, gap in gaps.items()})
    for (r, c), gap in gaps.items():
        p = family.adjusted[r, c]
        cells[r][c] = replace(cells[r][c], p_holm=p, verdict=_verdict(gap, p, columns[c].described.better))
    return tuple(tuple(line) for line in cells), family.size


def _verdict(gap: Difference, p: float, better: str) -> str | None:
    if not p < ALPHA or better == "neither":
        return None
    return "better" if (gap.mean > 0) == (better == "higher") else "worse"
