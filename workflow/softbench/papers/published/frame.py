"""Printed tables as one plain frame in our units: the form in which claims are tested, ours as well as theirs."""

from collections.abc import Iterable

import pandas as pd

from softbench.papers.published import reader
from softbench.papers.published.tables import PrintedCell, PublishedTable

# One row a mean. `arm` is plain or augmented (EPD), `rater` an annotation set (LIDC); "" and 0 where there is none.
COLUMNS = [
    "table", "dataset", "arm", "rater", "structure", "metric", "roi", "method", "mean", "sd", "n", "over", "better",
]  # fmt: skip


def frame(tables: Iterable[str] | None = None, *, derived: bool = False) -> pd.DataFrame:
    """Return printed means with their spread, in our units.

    Args:
        tables: keys; all where None.
        derived: fill lost means with what other cells give for them.
    Returns: the columns `COLUMNS`. `metric` is our key (the printed name where we have none); `over` is seeds, cases or
        none; `sd` and `n` are NaN where no ± is printed, `mean` where the number is lost.
    Raises: InputError: if a table is unknown.
    """
    found = [reader.read(name) for name in (reader.names() if tables is None else tables)]
    rows = [_row(table, cell, derived) for table in found for cell in table.cells]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"mean": float, "sd": float, "n": float})


def _row(table: PublishedTable, cell: PrintedCell, derived: bool) -> tuple:
    place, metric = cell.place, table.metric_of(cell)
    mean, spread = table.in_our_units(cell, derived=derived)
    count = table.count_behind(cell)
    where = (table.key, place.dataset, place.arm or "", place.rater or 0, place.structure, metric.key, metric.roi)
    return (*where, place.method, mean, spread, count, table.over if count else "none", metric.better)
