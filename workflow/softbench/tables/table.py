"""A table of methods by columns, as numbers: what was scored, with its spread, and the difference to the control.

What a table names must have been scored; its composites are made for its own metrics; a row may show a method's runs at
their own temperature.
"""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.metrics.catalogue import is_of_label_map
from softbench.statistics import Difference, apply_policy, composite, differences, holm, summarise
from softbench.statistics.summary import DIAGONALS
from softbench.tables.cells import ALPHA, Cell, Column, Ensemble, Failure, Method, Summary, Table
from softbench.tables.temperatures import Temperature

VERSION = 3


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
    temperatures: Sequence[Temperature] = (),
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
        temperatures: of the rows' runs and ensembles, which the lines under the table tell of.
        ensembles: of the rows, where `prediction` is that of ensembles; a row whose ensemble was not made is empty.
    Returns: the table. A method whose runs all failed keeps its row, with empty cells.
    Raises: InputError: if a column, a method or a control was never scored, or the scores mix experiments.
    """
    rows = [Method(**method) for method in methods]
    titles = {row.key: row.title for row in rows}
    heads = [Column(**column) for column in columns]
    lost = [Failure(**failure) for failure in failed]
    named = {column.structure for column in heads}
    made = {name: tuple(parts) for name, parts in (composites or {}).items() if name in named}
    absent = {failure.method for failure in lost} | {ensemble.method for ensemble in ensembles if ensemble.reason}
    absent |= {row.key for row in rows if row.scaled in absent}
    check_found(scores, rows, heads, made, absent)
    settled = with_composites(apply_policy(of_columns(scores, heads), policy), heads, made)
    summaries = {over: summarise(settled, over=over) for over in dict.fromkeys(column.over for column in heads)}
    cells = zip(*(_make_cells(settled, summaries[column.over], column, rows) for column in heads), strict=True)
    judged, tests = _judged([list(row) for row in cells], heads)
    return Table(
        title=title,
        methods=tuple(rows),
        columns=tuple(heads),
        cells=judged,
        policy=policy,
        controls={row.control: titles.get(row.control, row.control) for row in rows if row.control},
        composites=made,
        notes=tuple(notes),
        failed=tuple(lost),
        prediction=prediction,
        ensembles=tuple(ensembles),
        temperatures=tuple(temperatures),
        tests=tests,
    )


def _make_cells(scores: pd.DataFrame, summaries: pd.DataFrame, column: Column, rows: Sequence[Method]) -> list[Cell]:
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
    return scores[scores["metric"].isin({*(column.metric for column in columns), *DIAGONALS.values()})]


def of_column(scores: pd.DataFrame, column: Column) -> pd.DataFrame:
    """Return the scores of a column's metric, structure and region, of cases and pooled."""
    chosen = (scores["metric"] == column.metric) & (scores["structure"] == column.structure)
    return scores[chosen & (scores["roi"] == column.roi)]


def _cell(column: Column, row: Method, summary: pd.DataFrame, gap: Difference | None) -> Cell:
    if row.key not in summary.index:
        return Cell()
    row_summary = summary.loc[row.key]
    same_map = gap is not None and row.scaled == row.control and is_of_label_map(column.metric)
    if gap is not None and same_map:  # zero by construction: an interval or a test would say nothing
        gap = replace(gap, low=math.nan, high=math.nan, sd=math.nan, p=math.nan)
    return Cell(read_summary(row_summary.to_dict()), difference=gap, same_map=same_map)


def read_summary(row: Mapping[Hashable, Any]) -> Summary:
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


def check_found(
    scores: pd.DataFrame,
    rows: Iterable[Method],
    heads: Iterable[Column],
    composites: Mapping[str, Sequence[str]],
    absent: set[str],
) -> None:
    """Raise unless each method, control and column of a table was scored; `absent` methods have a reason to lack it."""
    known = set(scores["method"].unique()) | absent
    named = {name for row in rows for name in (row.key, row.control) if name}
    if named - known:
        raise InputError(
            f"the table names {_list(named - known)}, but only {_list(known)} are scored. Run or remove the others."
        )
    places = _places(scores)
    for head in heads:
        scored = places.get((head.metric, head.over), set())
        for structure in composites.get(head.structure, [head.structure]):
            if (structure, head.roi) not in scored:
                raise InputError(
                    f"the column {head.metric} of {structure} in {head.roi} (over {head.over}) was not scored; "
                    f"{head.metric} was for: {_list(f'{name} in {roi}' for name, roi in scored)}."
                )


def _places(scores: pd.DataFrame) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Return the structures and regions in which each metric was scored, over cases and pooled."""
    places: dict[tuple[str, str], set[tuple[str, str]]] = {}
    over = np.where(scores["case"] == "pooled", "pooled", "cases")
    rows = scores[["metric", "structure", "roi"]].assign(over=over).drop_duplicates()
    for metric, structure, roi, name in rows.itertuples(index=False):
        places.setdefault((metric, name), set()).add((structure, roi))
    return places


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def with_composites(
    scores: pd.DataFrame, heads: Sequence[Column], composites: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return the scores of a table's own metrics, with its composites added where a column asks for them."""
    needed = scores[scores["metric"].isin({head.metric for head in heads})]
    parts = [needed]
    for name, members in composites.items():
        metrics = {head.metric for head in heads if head.structure == name}
        if metrics:
            added = composite(needed[needed["metric"].isin(metrics)], name, members)
            parts.append(added[added["structure"] == name])
    return pd.concat(parts, ignore_index=True)


TEMPERATURE = "temperature"  # in the column `prediction`


def scaled_rows(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return method -> key of the row that shows it at its own temperature; from a table's settings."""
    return {row["scaled"]: row["key"] for row in settings["methods"] if row.get("scaled")}


def with_scaled(scores: pd.DataFrame, prediction: str, rows: Mapping[str, str]) -> pd.DataFrame:
    """Return the scores of one prediction, and those of `temperature` as methods of their own.

    Args:
        scores: the tidy table with all predictions.
        prediction: the one to show.
        rows: as `scaled_rows` gives them; there may be none.
    Returns: a new table; all rows have that prediction.
    """
    chosen = scores[scores["prediction"] == prediction]
    again = scores[(scores["prediction"] == TEMPERATURE) & scores["method"].isin(rows)]
    if again.empty:
        return chosen
    named = again.assign(method=again["method"].map(rows), prediction=prediction)
    return pd.concat([chosen, named], ignore_index=True)
