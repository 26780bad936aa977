"""Do the data sets agree on who is better: Kendall's tau between the rankings of tables, column by column."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from softbench.metrics import catalogue
from softbench.tables.layout import REGIONS
from softbench.tables.rankings import MIN_METHODS, Order, Ordered, between_tables, orders
from softbench.tables.rounding import NOTHING, number, p_value
from softbench.tables.sheet import Sheet, plain

VERSION = 1
TITLE = "Agreement of the data sets"
ABOUT = (
    "Kendall's tau-b between the ranks of the trained methods that two tables share, by the means of their ranks over "
    "seeds, with its p: 1 is the same order, −1 the reverse, 0 no relation. A ranking on one data set says little of "
    "another where tau is small. With few methods only a large tau can be told from none."
)


def read(path: Path) -> tuple[Order, ...]:
    """Return the ranks of a table by its csv of ranks; none where that holds a sentence, since they were not made."""
    numbers = pd.read_csv(path)
    return orders(numbers) if "rank" in numbers else ()


def sheet(tables: Mapping[str, Sequence[Ordered]]) -> Sheet:
    """Return the agreement of tables; a pair with fewer than three methods in common has no tau for the reader.

    Args:
        tables: title -> rankings, as `rankings.rankings` or `read` gives them.
    """
    found = between_tables(tables)
    columns: list[tuple[str, str]] = list(dict.fromkeys(zip(found["metric"], found["roi"], strict=True)))
    rows = [_row(pair, group, columns) for pair, group in found.groupby(["first", "second"], sort=False)]
    return Sheet(
        TITLE, ABOUT, (plain(["Data sets", "methods", *map(_name, columns)], rows),), tuple(_notes(found)), found
    )


def _row(pair: tuple, group: pd.DataFrame, columns: Sequence[tuple[str, str]]) -> list[str]:
    of_column = {(one["metric"], one["roi"]): one for one in group.to_dict("records")}
    return [" / ".join(pair), str(group["n_methods"].max()), *(_cell(of_column.get(column)) for column in columns)]


def _cell(one: Mapping | None) -> str:
    if one is None or one["n_methods"] < MIN_METHODS or pd.isna(one["tau"]):
        return NOTHING
    return f"{number(one['tau'], 2, signed=True)} (p {p_value(one['p'])})"


def _name(column: tuple[str, str]) -> str:
    metric, roi = column
    return catalogue.describe(metric).name + ("" if roi == "all" else f", {REGIONS[roi]}")


def _notes(found: pd.DataFrame) -> Iterable[str]:
    few = found[found["n_methods"] < MIN_METHODS]
    for first, second in dict.fromkeys(zip(few["first"], few["second"], strict=True)):
        yield f"{first} / {second}: fewer than {MIN_METHODS} methods in common."
