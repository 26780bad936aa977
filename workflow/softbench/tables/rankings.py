"""Who comes first in a table: its trained methods ranked by each column, and whether the columns agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from softbench.statistics import Friedman, Ranks, agreement, friedman, ranks
from softbench.statistics.bootstrap import DRAWS
from softbench.statistics.nemenyi import MIN_BLOCKS
from softbench.tables.evidence import Evidence
from softbench.tables.parts import Column

VERSION = 1
NO_CD = "no valid critical difference"
MIN_METHODS = 3  # of two, Friedman's test is a sign test, and its F calls five seeds that agree certain (exact p 0.06)
TAU = ["first", "second", "tau", "p", "n_methods"]


@dataclass(frozen=True)
class Ranking:
    """The methods of one column, ranked.

    `test`: Friedman's over seeds, NaN where it is not valid, and then `reason` says why; both None with `ranks` where
    nothing was ranked.
    """

    column: Column
    ranks: Ranks | None
    test: Friedman | None
    reason: str | None = None


def rankings(evidence: Evidence, *, draws: int = DRAWS) -> tuple[Ranking, ...]:
    """Rank the trained methods of a table by each column; a method without a defined value there is not ranked in it.

    Args:
        evidence: a table and its scores.
        draws: bootstrap samples of cases; 1 where the ranks over redrawn cases are not wanted.
    """
    table = evidence.table
    lines = list(zip(table.methods, table.cells, strict=True))
    return tuple(
        _ranking(evidence, column, [method.key for method, row in lines if method.trained and row[c].n_seeds], draws)
        for c, column in enumerate(table.columns)
    )


def _ranking(evidence: Evidence, column: Column, methods: Sequence[str], draws: int) -> Ranking:
    if len(methods) < 2:
        return Ranking(column, None, None, f"{len(methods)} of the trained methods have a score, two are needed")
    if column.described.better == "neither":
        return Ranking(column, None, None, f"{column.described.name} has no better direction, nothing to rank by")
    place: dict[str, Any] = {"structure": column.structure, "roi": column.roi, "over": column.over}
    found = ranks(evidence.of_column(column), column.metric, methods=methods, draws=draws, **place)
    if found.by_seed.empty:
        return Ranking(column, found, None, f"{NO_CD}: no seed and case that all methods have")
    return Ranking(column, found, friedman(found.by_seed), _against(evidence, *found.by_seed.shape))


def _against(evidence: Evidence, blocks: int, methods: int) -> str | None:
    """Say why Friedman's test over seeds is not valid; None where it is."""
    if evidence.table.ensembles:
        return f"{NO_CD}: no test of ensembles, one ensemble a method uses the seeds up"
    if blocks < MIN_BLOCKS:
        return f"{NO_CD}: {blocks} seed{'' if blocks == 1 else 's'}, at least {MIN_BLOCKS} are needed"
    if methods < MIN_METHODS:
        reason = f"{methods} methods, at least {MIN_METHODS} are needed (two have the test of their difference)"
        return f"{NO_CD}: {reason}"
    return None


def between_columns(found: Sequence[Ranking], names: Sequence[str]) -> pd.DataFrame:
    """Return Kendall's tau between the rankings by each pair of columns.

    Args:
        found: the rankings of one table.
        names: of its columns, as many.
    Returns: a row for each pair, with `first`, `second`, `tau`, `p`, `n_methods`; NaN where one of the two ranks
        nothing.
    """
    orders = [_order(one) for one in found]
    pairs = [(a, b) for a in range(len(orders)) for b in range(a + 1, len(orders))]
    return pd.DataFrame([_tau(names[a], names[b], orders[a], orders[b]) for a, b in pairs], columns=TAU)


def between_tables(tables: Mapping[str, Sequence[Ranking]]) -> pd.DataFrame:
    """Return Kendall's tau between the rankings of tables, column by column, for the methods that two tables share.

    Args:
        tables: title -> rankings. Columns meet by metric and region, and by structure where the two have it, else by
            their place: the composite of one data set stands for that of the other.
    Returns: a row for each pair of tables and column, with `metric`, `roi`, `first`, `second`, `tau`, `p`, `n_methods`.
    """
    titles, rows = list(tables), []
    for a, first in enumerate(titles):
        for second in titles[a + 1 :]:
            for one, other in _meeting(tables[first], tables[second]):
                place = {"metric": one.column.metric, "roi": one.column.roi}
                rows.append({**place, **dict(zip(TAU, _tau(first, second, _order(one), _order(other)), strict=True))})
    return pd.DataFrame(rows, columns=["metric", "roi", *TAU])


def _meeting(first: Sequence[Ranking], second: Sequence[Ranking]) -> list[tuple[Ranking, Ranking]]:
    """Return the columns of two tables that show the same metric and region, once each."""
    left, found = list(second), []
    for one in first:
        alike = [o for o in left if (o.column.metric, o.column.roi) == (one.column.metric, one.column.roi)]
        alike.sort(key=lambda other: other.column.structure != one.column.structure)  # stable: else the first
        if alike:
            left.remove(alike[0])
            found.append((one, alike[0]))
    return found


def _order(one: Ranking) -> pd.Series:
    return pd.Series(dtype=float) if one.ranks is None else one.ranks.table["rank"]


def _tau(first: str, second: str, one: pd.Series, other: pd.Series) -> list[object]:
    found = agreement(one, other)
    return [first, second, found.tau, found.p, found.n_methods]
