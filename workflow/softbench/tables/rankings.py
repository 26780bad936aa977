"""Who comes first in a table: its trained methods ranked by each column; whether columns and data sets agree.

A method's rank is the mean over seeds of its rank in each seed. Table, figure and agreement of columns use this one
number: it is what Friedman's test compares, and it always lies between the best and the worst rank over seeds, which
the rank of the mean over seeds does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.jobs import storage
from softbench.metrics import catalogue
from softbench.statistics import Friedman, Ranks, agreement, friedman, ranks
from softbench.statistics.bootstrap import DRAWS
from softbench.statistics.ranking import MIN_BLOCKS
from softbench.tables.assemble import Evidence
from softbench.tables.cells import Column
from softbench.tables.layout import REGIONS
from softbench.tables.sheet import NOTHING, Sheet, number, p_value, plain

VERSION = 2
NO_CD = "no valid critical difference"
MIN_METHODS = 3  # of two, Friedman's test is a sign test, and its F calls five seeds that agree certain (exact p 0.06)
TAU = ["first", "second", "tau", "p", "n_methods"]


@dataclass(frozen=True)
class Ranking:
    """The methods of one column, ranked.

    `test`: Friedman's over seeds, NaN where it is not valid, and then `reason` says why; both None with `ranks` where
    nothing was ranked, or where all methods tie in every seed.
    """

    column: Column
    ranks: Ranks | None
    test: Friedman | None
    reason: str | None = None

    @property
    def seeds(self) -> int:
        """Number of seeds that were ranked; of ensembles 1."""
        return 0 if self.ranks is None else len(self.ranks.by_seed)

    @property
    def order(self) -> pd.Series:
        """Rank by method, the best first; those that tie in the table's order; empty where nothing was ranked."""
        if self.ranks is None:
            return pd.Series(dtype=float)
        return self.ranks.table["rank"].sort_values(kind="stable")


Orders = Sequence[tuple[Column, pd.Series]]  # ranks by method, of each column


def rankings(evidence: Evidence, *, draws: int = DRAWS) -> tuple[Ranking, ...]:
    """Rank the trained methods of a table by each column; a method without a defined value there is not ranked in it.

    A row that shows a method's runs at their own temperature takes no place: it is no method that was trained, and ties
    with its own in each column that sees the label map alone.

    Args:
        evidence: a table and its scores.
        draws: bootstrap samples of cases; 1 where the ranks over redrawn cases are not wanted.
    """
    table = evidence.table
    lines = list(zip(table.methods, table.cells, strict=True))
    return tuple(
        _ranking(evidence, column, [method.key for method, row in lines if method.ranked and row[c].n_seeds], draws)
        for c, column in enumerate(table.columns)
    )


def of_one_run(rankings: Sequence[Ranking]) -> bool:
    """Whether ranks are of one run a method in all columns, so that there is no range over seeds."""
    return max((ranking.seeds for ranking in rankings), default=0) == 1


def _ranking(evidence: Evidence, column: Column, methods: Sequence[str], draws: int) -> Ranking:
    if len(methods) < 2:
        return Ranking(column, None, None, f"{len(methods)} of the trained methods have a score, two are needed")
    if column.described.better == "neither":
        return Ranking(column, None, None, f"{column.described.name} has no better direction, nothing to rank by")
    place: dict[str, Any] = {"structure": column.structure, "roi": column.roi, "over": column.over}
    ranked = ranks(evidence.of_column(column), column.metric, methods=methods, draws=draws, **place)
    if ranked.by_seed.empty:
        return Ranking(column, None, None, "no seed and case that all methods have")
    if (ranked.by_seed.nunique(axis=1) == 1).all():
        reason = f"all {len(methods)} methods have the same value in every seed, nothing differs"
        return Ranking(column, None, None, reason)
    return Ranking(column, ranked, friedman(ranked.by_seed), _against(evidence, *ranked.by_seed.shape))


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


def between_columns(rankings: Sequence[Ranking], names: Sequence[str]) -> pd.DataFrame:
    """Return Kendall's tau between the rankings by each pair of columns.

    Args:
        rankings: those of one table.
        names: of its columns, as many.
    Returns: a row for each pair, with `first`, `second`, `tau`, `p`, `n_methods`; NaN where one of the two ranks
        nothing.
    """
    orders = [ranking.order for ranking in rankings]
    pairs = [(a, b) for a in range(len(orders)) for b in range(a + 1, len(orders))]
    return pd.DataFrame([_tau(names[a], names[b], orders[a], orders[b]) for a, b in pairs], columns=TAU)


def between_tables(tables: Mapping[str, Orders]) -> pd.DataFrame:
    """Return Kendall's tau between the rankings of tables, column by column, for the methods that two tables share.

    Args:
        tables: title -> orders. Columns meet by metric and region, and by structure where the two have it, else by
            their place: the composite of one data set stands for that of the other.
    Returns: a row for each pair of tables and column, with `metric`, `roi`, `first`, `second`, `tau`, `p`, `n_methods`.
    """
    titles, rows = list(tables), []
    for a, first in enumerate(titles):
        for second in titles[a + 1 :]:
            for column, left, right in _meeting(tables[first], tables[second]):
                rows.append([column.metric, column.roi, *_tau(first, second, left, right)])
    return pd.DataFrame(rows, columns=["metric", "roi", *TAU])


def _meeting(first: Orders, second: Orders) -> list[tuple[Column, pd.Series, pd.Series]]:
    """Return the orders of two tables by the same metric and region, once each."""
    left, met = list(second), []
    for column, order in first:
        alike = [i for i, (other, _) in enumerate(left) if (other.metric, other.roi) == (column.metric, column.roi)]
        alike.sort(key=lambda i: left[i][0].structure != column.structure)  # stable: else the first
        if alike:
            met.append((column, order, left.pop(alike[0])[1]))
    return met


def _tau(first: str, second: str, left: pd.Series, right: pd.Series) -> list[object]:
    agreed = agreement(left, right)
    return [first, second, agreed.tau, agreed.p, agreed.n_methods]


ABOUT = (
    "Kendall's tau-b between the ranks of the trained methods that two tables share, by the means of their ranks over "
    "seeds, with its p: 1 is the same order, −1 the reverse, 0 no relation. A ranking on one data set says little of "
    "another where tau is small. With few methods only a large tau can be told from none."
)


def read_orders(path: Path) -> Orders:
    """Return the ranks by column of a table, from its csv of ranks; none where that holds a sentence."""
    with storage.reading(path):
        numbers, place = pd.read_csv(path), ["metric", "structure", "roi", "over"]
    if "rank" not in numbers:
        return []
    of_column = numbers.groupby(place, sort=False)
    return [
        (Column(key[0], key[1], key[2], over=key[3]), ranked.set_index("method")["rank"]) for key, ranked in of_column
    ]


def sheet_between(tables: Mapping[str, Orders]) -> Sheet:
    """Return the agreement of tables; a pair with fewer than three methods in common has no tau for the reader.

    Args:
        tables: title -> orders, as `read_orders` gives them.
    """
    numbers = between_tables(tables)
    columns: list[tuple[str, str]] = list(dict.fromkeys(zip(numbers["metric"], numbers["roi"], strict=True)))
    rows = [_row(pair, group, columns) for pair, group in numbers.groupby(["first", "second"], sort=False)]
    names = [catalogue.describe(key).name + ("" if roi == "all" else f", {REGIONS[roi]}") for key, roi in columns]
    grid = plain(["Data sets", "Methods", *names], rows)
    return Sheet("Agreement of the data sets", ABOUT, (grid,), tuple(_notes(numbers)), numbers)


def _row(pair: tuple, group: pd.DataFrame, columns: Sequence[tuple[str, str]]) -> list[str]:
    of_column = {(row["metric"], row["roi"]): row for row in group.to_dict("records")}
    return [" / ".join(pair), str(group["n_methods"].max()), *(_cell(of_column.get(column)) for column in columns)]


def _cell(row: Mapping | None) -> str:
    if row is None or row["n_methods"] < MIN_METHODS or pd.isna(row["tau"]):
        return NOTHING
    return f"{number(row['tau'], 2, signed=True)} (p {p_value(row['p'])})"


def _notes(numbers: pd.DataFrame) -> Iterable[str]:
    few = numbers[numbers["n_methods"] < MIN_METHODS]
    for first, second in dict.fromkeys(zip(few["first"], few["second"], strict=True)):
        yield f"{first} / {second}: fewer than {MIN_METHODS} methods in common."
