"""The table itself: means with their spread over seeds, and each method's difference to its control."""

import pandas as pd

from softbench.statistics import detectable
from softbench.tables import layout, wording
from softbench.tables.cells import Cell, Column, Method, Table
from softbench.tables.layout import differences, heads, means
from softbench.tables.sheet import Grid, Sheet
from softbench.tables.view import View

COLUMNS = [
    *("method", "title", "structure", "metric", "roi", "unit", "better"),
    *("mean", "sd_over_seeds", "sd_over_cases", "n_seeds", "n_cases", "n_undefined", "n_penalised"),
    *("control", "difference", "difference_low", "difference_high", "p", "p_holm", "detectable", "beyond_noise"),
]


def sheet(table: Table) -> Sheet:
    """Return a table as a reader sees it: the means, the differences to the controls, and the lines under them."""
    columns = heads(table)
    grids = [Grid(columns, means(table))]
    if rows := differences(table):
        grids.append(Grid(columns, rows, title=wording.DIFFERENCE, about=wording.paired(table), look="stacked"))
    legend = layout.LEGEND if layout.best_means(table) else ""
    return Sheet(table.title, wording.about(table), tuple(grids), wording.footnotes(table), numbers(table), legend)


def numbers(table: Table) -> pd.DataFrame:
    """Return a row a cell: numbers as they are, unknown ones empty; nothing of a difference without a control.

    `p_holm` is adjusted for all differences of the table; `beyond_noise` says whether it is below 0.05; `detectable` is
    the difference that so many seeds would have found with 80 % power, at p < 0.05 and unadjusted.
    """
    records = [
        _record(method, column, cell)
        for method, row in zip(table.methods, table.cells, strict=True)
        for column, cell in zip(table.columns, row, strict=True)
    ]
    return pd.DataFrame(records, columns=COLUMNS)


def _record(method: Method, column: Column, cell: Cell) -> list[object]:
    metric, gap = column.described, cell.difference
    place = [method.key, method.title, column.structure, column.metric, column.roi, metric.unit, metric.better]
    spread = [cell.mean, cell.sd_seeds, cell.sd_cases]
    counts = [cell.n_seeds, cell.n_cases, cell.n_undefined, cell.n_penalised]
    if gap is None:
        return [*place, *spread, *counts, method.control, *[None] * 7]
    least = detectable(gap.sd, gap.n_seeds) if gap.n_seeds > 1 else None
    return [*place, *spread, *counts, method.control, gap.mean, gap.low, gap.high, gap.p, cell.p_holm, least, cell.bold]


VERSION = 1


VIEW = View(
    name="results",
    file="{table}",
    title="Results",
    caption="Means with their spread over seeds, and each method's difference to its loss-matched control, paired over "
    "seeds. Bold, where there are several runs a method: beyond noise after Holm's adjustment for all differences of "
    "the table.",
    needs=("scores", "ensembles", "data"),
    build=lambda given: sheet(given.shown),
    place=10,
)
