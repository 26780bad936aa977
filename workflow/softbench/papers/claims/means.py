"""Our results as the table of means on which the papers' claims are judged, under the names of the printed tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from softbench.papers import published
from softbench.papers.comparison import table as beside
from softbench.papers.comparison.parts import Block, Section
from softbench.papers.published import PrintedCell, PublishedTable
from softbench.tables.parts import Summary

VERSION = 1
COLUMNS = [*published.COLUMNS, "runs", "by_seed", "data", "surrogate"]


def means_of(table: PublishedTable, blocks: Sequence[Block]) -> pd.DataFrame:
    """Return our mean for each place of a printed table.

    Data sets, arms, annotation sets, structures and methods carry the printed names, metrics ours, as in
    `published.frame`; so one claim is judged on both.

    Args:
        table: the printed one.
        blocks: ours, as for `beside.build`; data sets and arms that are left out were not run.
    Returns: the columns of `published.frame`, where `mean` is NaN if we have none, `sd` is over seeds and `n` counts
        them; what pairs our seeds (`runs`, `by_seed`: `claims.judge`); `data`: our key of the data, empty where it is
        the printed one; and `surrogate`: whether they stand in for the paper's.
    Raises: InputError: as `beside.build`.
    """
    rows = [
        _row(table, section, cell.comparison.cell, cell.summary)
        for section in beside.build(table, blocks).sections
        for cells in section.cells
        for cell in cells
        if cell.comparison is not None
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"mean": float, "sd": float, "n": float})


def _row(table: PublishedTable, section: Section, printed: PrintedCell, ours: Summary | None) -> tuple:
    place, metric = printed.place, table.metric_of(printed)
    where = (table.key, place.dataset, place.arm or "", place.rater or 0, place.structure, metric.key, metric.roi)
    whose = section.block.data, section.block.surrogate
    if ours is None:
        return (*where, place.method, np.nan, np.nan, np.nan, "none", metric.better, "", {}, *whose)
    spread = ours.mean, ours.sd_seeds, ours.n_seeds, "seeds"
    return (*where, place.method, *spread, metric.better, ours.runs, ours.by_seed, *whose)
