"""Which mean of a column is the best one: a way to find one's place in a table, no claim that it is better."""

import math

from softbench.tables.parts import Column, Table

VERSION = 1
LEGEND = "best mean of a column among trained methods; not a claim, see the differences"


def places(table: Table) -> set[tuple[int, int]]:
    """Return (row, column) of the best means of trained methods; ties all count.

    A column has none where its metric is better neither high nor low, or fewer than two methods have a finite mean.
    """
    return {place for number, column in enumerate(table.columns) for place in _of_column(table, number, column)}


def _of_column(table: Table, number: int, column: Column) -> set[tuple[int, int]]:
    better = column.described.better
    rows = [row for row, method in enumerate(table.methods) if method.trained]
    means = {row: table.cells[row][number].mean for row in rows if math.isfinite(table.cells[row][number].mean)}
    if len(means) < 2 or better == "neither":
        return set()
    best = max(means.values()) if better == "higher" else min(means.values())
    return {(row, number) for row, mean in means.items() if mean == best}
