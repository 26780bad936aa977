"""How a number of a table is marked: bold, underlined, or as a warning; decided here for every table and form.

Bold among the means: better than the control beyond noise. Bold among the differences: beyond noise, either way.
Underlined: the best mean of a column among trained methods, as a help for reading, not a claim. A warning: worse
than the control, or outside what the noise of a printed number explains.
"""

import math

from softbench.tables.parts import Cell, Column, Table
from softbench.tables.sheet import Text

VERSION = 1
LEGEND = "best mean of a column among trained methods; not a claim, see the differences"


def best_means(table: Table) -> set[tuple[int, int]]:
    """Return (row, column) of the best means of trained methods; ties all count.

    A column has none where its metric is better neither high nor low, or fewer than two methods have a finite mean.
    """
    return {place for number, column in enumerate(table.columns) for place in _of_column(table, number, column)}


def mean(text: str, cell: Cell, *, is_best: bool) -> Text:
    """Return the text of a mean, marked."""
    return Text(text, bold=cell.verdict == "better", underlined=is_best)


def difference(text: str, cell: Cell) -> Text:
    """Return the text of a difference to the control, marked."""
    return Text(text, bold=cell.bold)


def warning(cell: Cell) -> tuple[Text, ...]:
    """Return the word beside a difference that is worse than its control beyond noise; none beside another."""
    return (Text("worse", warns=True),) if cell.verdict == "worse" else ()


def status(text: str, cell: Cell) -> Text:
    """Return the text that compares our mean with a printed number, marked."""
    outside = cell.comparison is not None and cell.comparison.judgement.status == "outside"
    return Text(text, bold=outside, warns=outside)


def _of_column(table: Table, number: int, column: Column) -> set[tuple[int, int]]:
    better = column.described.better
    rows = [row for row, method in enumerate(table.methods) if method.ranked]
    means = {row: table.cells[row][number].mean for row in rows if math.isfinite(table.cells[row][number].mean)}
    if len(means) < 2 or better == "neither":
        return set()
    best = max(means.values()) if better == "higher" else min(means.values())
    return {(row, number) for row, mean in means.items() if mean == best}
