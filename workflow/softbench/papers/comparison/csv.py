"""A table "ours beside printed" as CSV: one row a cell, full precision, in our units, for the next program."""

import pandas as pd

from softbench.metrics import catalogue
from softbench.papers.comparison.parts import Beside, Cell, Column, Judgement, Ours, Row, Section

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


def to_csv(table: Beside) -> str:
    """Return a table as CSV text: numbers as they are, unknown ones empty; `status` empty where nothing is printed."""
    records = [
        _record(table, section, row, column, cell)
        for section in table.sections
        for row, cells in zip(section.rows, section.cells, strict=True)
        for column, cell in zip(section.columns, cells, strict=True)
    ]
    frame = pd.DataFrame(records, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64"))
    return frame.to_csv(index=False, lineterminator="\n")


def _record(table: Beside, section: Section, row: Row, column: Column, cell: Cell) -> list[object]:
    block, judgement = section.block, cell.judgement or Judgement("not run")
    place = [table.table.key, block.dataset, block.arm, section.rater, row.key if row.is_printed else None]
    told = [judgement.status, judgement.reason] if cell.judgement else [None, None]
    data = None if block.results is None else block.data or block.dataset
    return [
        *place, row.ours, row.title, column.structure, *_metric(column), *_printed(table, cell),
        *_ours(cell.ours), *_standard(column, cell),
        cell.difference, judgement.reach, *told, data, block.surrogate, block.same_cases,
    ]  # fmt: skip


def _metric(column: Column) -> list[object]:
    metric = column.metric
    unit = None if metric.ours is None else catalogue.describe(metric.ours).unit
    return [metric.name, metric.ours, metric.roi, unit, metric.better]


def _printed(table: Beside, cell: Cell) -> list[object]:
    printed, value = cell.printed, cell.value
    if printed is None or value is None:
        return [None] * 9
    over = table.table.over if "±" in printed.printed else "none"
    return [printed.printed, value.mean, value.sd, over, value.n_seeds, value.n_cases,
            printed.confidence, printed.note or None, printed.derived]  # fmt: skip


def _standard(column: Column, cell: Cell) -> list[object]:
    values = [None, None] if cell.standard is None else [cell.standard.mean, cell.standard.sd_seeds]
    return [column.standard, *values]


def _ours(ours: Ours | None) -> list[object]:
    if ours is None:
        return [None] * 7
    return [ours.mean, ours.sd_seeds, ours.sd_cases, ours.n_seeds, ours.n_cases, ours.n_undefined, ours.n_penalised]
