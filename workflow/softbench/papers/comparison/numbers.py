"""The numbers of a paper's table with ours beside them: one row a cell, full precision, in our units."""

import pandas as pd

from softbench.papers.comparison.parts import PaperTable, Section
from softbench.tables.parts import Cell, Column, Method, Summary

VERSION = 3
COLUMNS = [
    *("table", "dataset", "arm", "rater", "method", "method_ours", "title", "structure"),
    *("metric", "metric_ours", "roi", "unit", "better"),
    *("printed", "printed_mean", "printed_sd", "printed_sd_over", "printed_seeds", "printed_cases"),
    *("confidence", "note", "derived"),
    *("ours_mean", "ours_sd_over_seeds", "ours_sd_over_cases", "ours_seeds", "ours_cases"),
    *("ours_undefined", "ours_penalised", "standard", "standard_mean", "standard_sd_over_seeds"),
    *("difference", "reach", "status", "reason", "data", "surrogate", "same_cases"),
]
COUNTS = ["rater", "printed_seeds", "printed_cases", "ours_seeds", "ours_cases", "ours_undefined", "ours_penalised"]


def numbers(table: PaperTable) -> pd.DataFrame:
    """Return a row a cell: numbers in our units as they are, unknown ones empty; no `status` where none is printed."""
    records = [
        _record(table, section, printed, row, column, cell)
        for section in table.sections
        for printed, row, cells in zip(_keys(section), section.rows, section.cells, strict=True)
        for column, cell in zip(section.columns, cells, strict=True)
    ]
    return pd.DataFrame(records, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64"))


def _keys(section: Section) -> list[str | None]:
    return [*section.printed, *[None] * (len(section.rows) - len(section.printed))]


def _record(
    table: PaperTable, section: Section, printed: str | None, row: Method, column: Column, cell: Cell
) -> list[object]:
    block, judgement = section.block, cell.comparison.judgement if cell.comparison else None
    place = [table.printed.key, block.dataset, block.arm, section.rater, printed, row.key, row.title, column.structure]
    data = None if block.results is None else block.data or block.dataset
    return [
        *place, *_metric(column), *_of_printed(table, cell), *_of_ours(cell.summary), *_of_standard(column, cell),
        cell.gap_to_printed, judgement and judgement.reach, judgement and judgement.status,
        judgement and judgement.reason, data, block.surrogate, block.same_cases,
    ]  # fmt: skip


def _metric(column: Column) -> list[object]:
    metric = column.printed
    assert metric is not None
    return [metric.name, metric.ours, metric.roi, column.described.unit if metric.ours else None, metric.better]


def _of_printed(table: PaperTable, cell: Cell) -> list[object]:
    if cell.comparison is None:
        return [None] * 9
    printed, value = cell.comparison.cell, cell.comparison.value
    over = table.printed.over if "±" in printed.printed else "none"
    counts = [value.n_seeds, value.n_cases, printed.confidence, printed.note or None, printed.derived]
    return [printed.printed, value.mean, value.sd, over, *counts]


def _of_ours(ours: Summary | None) -> list[object]:
    if ours is None:
        return [None] * 7
    return [ours.mean, ours.sd_seeds, ours.sd_cases, ours.n_seeds, ours.n_cases, ours.n_undefined, ours.n_penalised]


def _of_standard(column: Column, cell: Cell) -> list[object]:
    standard = cell.standard
    return [column.standard, standard and standard.mean, standard and standard.sd_seeds]
