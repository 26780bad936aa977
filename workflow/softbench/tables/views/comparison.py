"""A paper's table with ours beside it as a sheet: grids in the paper's units and digits, notes, numbers."""

import math
from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from softbench.metrics.catalogue import ALL_CASES
from softbench.papers import published
from softbench.papers.comparison import ranks
from softbench.papers.comparison.blocks import read
from softbench.papers.comparison.build import PaperTable, Section, baselines, build, to_baseline
from softbench.papers.comparison.notes import about, about_section, footnotes, note_letters, printed_unit
from softbench.tables import layout
from softbench.tables.cells import Cell, Column, Method, Summary
from softbench.tables.layout import ARROWS
from softbench.tables.sheet import ALL, MINUS, NOTHING, Entry, Grid, Head, Line, Sheet, Text, number
from softbench.tables.view import Given, View

VERSION = 5
COLUMNS = [
    *("table", "dataset", "arm", "rater", "method", "method_ours", "title", "structure"),
    *("metric", "metric_ours", "roi", "unit", "better"),
    *("printed", "printed_mean", "printed_sd", "printed_sd_over", "printed_seeds", "printed_cases"),
    *("confidence", "note", "derived"),
    *("ours_mean", "ours_sd_over_seeds", "ours_sd_over_cases", "ours_seeds", "ours_cases"),
    *("ours_undefined", "ours_penalised", "standard", "standard_mean", "standard_sd_over_seeds"),
    *("difference", "reach", "status", "reason", "data", "surrogate", "same_cases"),
    *("reading_2", "reading_2_mean", "reading_2_sd_over_seeds"),
    *("reading_3", "reading_3_mean", "reading_3_sd_over_seeds"),
    *("printed_rank", "ours_rank", "ours_rank_best", "ours_rank_worst"),
    *("printed_to_baseline", "ours_to_baseline"),
]
READINGS = 2  # beside the one that is shown
COUNTS = ["rater", "printed_seeds", "printed_cases", "ours_seeds", "ours_cases", "ours_undefined", "ours_penalised"]
COUNTS += ["printed_rank", "ours_rank", "ours_rank_best", "ours_rank_worst"]


def numbers(table: PaperTable) -> pd.DataFrame:
    """Return a row a cell: numbers in our units as they are, unknown ones empty; no `status` where none is printed.

    The last columns are ranks among the paper's rows (`papers.comparison.ranks`), and differences from the row that
    the printed differences are to.
    """
    records = [
        [
            *_record(table, section, printed, row, column, cell),
            *(place.printed, place.ours, place.best, place.worst),
            *to_baseline(table.printed, cell, baseline),
        ]
        for section in table.sections
        for printed, row, cells, places in zip(
            _keys(section), section.rows, section.cells, ranks.places(section), strict=True
        )
        for column, cell, place, baseline in zip(
            section.columns, cells, places, _baselines(table, section), strict=True
        )
    ]
    return pd.DataFrame(records, columns=COLUMNS).astype(dict.fromkeys(COUNTS, "Int64"))


def _baselines(table: PaperTable, section: Section) -> Sequence[Cell | None]:
    return baselines(table.printed, section) or [None] * len(section.columns)


def _keys(section: Section) -> list[str | None]:
    return [*section.printed, *[None] * (len(section.rows) - len(section.printed))]


def _record(
    table: PaperTable, section: Section, printed: str | None, row: Method, column: Column, cell: Cell
) -> list[object]:
    block, judgement = section.block, cell.comparison.judgement if cell.comparison else None
    metric, standard = column.printed, cell.standard
    assert metric is not None
    place = [table.printed.key, block.dataset, block.arm, section.rater, printed, row.key, row.title, column.structure]
    data = None if block.results is None else block.data or block.dataset
    return [
        *place, metric.name, metric.ours, metric.roi, column.described.unit if metric.ours else None, metric.better,
        *_of_printed(table, cell), *_of_ours(cell.summary),
        column.standard, standard and standard.mean, standard and standard.sd_seeds, cell.gap_to_printed,
        judgement and judgement.reach, judgement and judgement.status, judgement and judgement.reason,
        data, block.surrogate, block.same_cases, *_of_readings(column, cell),
    ]  # fmt: skip


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


def _of_readings(column: Column, cell: Cell) -> list[object]:
    """Return key, mean and sd over seeds of what else the printed number could be; empty where there is nothing."""
    found = [(key, cell.readings.get(key)) for key in column.readings]
    known: list[object] = [part for key, ours in found for part in (key, ours and ours.mean, ours and ours.sd_seeds)]
    return known + [None] * (3 * READINGS - len(known))


JUDGED = ("within", "outside", "not comparable")  # statuses beside a difference
IN_VOXELS = "_voxels"  # what the key of a distance in voxels ends with
FINER = 2  # decimals more of the same distance in mm: a pixel of a B-scan is 0.004 mm high
Digits = tuple[int, int]  # decimals of a mean and of its ±


def sheet(table: PaperTable) -> Sheet:
    """Return a paper's table as a reader sees it: a grid for each block and annotation set, and the lines below."""
    grids = tuple(_grid(table, section) for section in table.sections)
    return Sheet(table.title, about(table), grids, footnotes(table), numbers(table), is_long=len(grids) > 1)


def _grid(table: PaperTable, section: Section) -> Grid:
    lines, extra, letters = [], len(section.rows) - len(section.printed), note_letters(table)
    asides = (*[""] * len(section.printed), *["not in the paper"] * extra)
    decimals = [_decimals(column) for column in zip(*section.cells, strict=True)]
    for row, aside, cells in zip(section.rows, asides, section.cells, strict=True):
        entries = map(partial(_entry, table, letters), cells, section.columns, decimals, _baselines(table, section))
        lines.append(Line(row.title, tuple(entries), aside))
    return Grid(heads(section), tuple(lines), title=section.title, about=about_section(section), look="stacked")


def heads(section: Section) -> tuple[Head, ...]:
    """Return the headings: metrics above structures; metrics alone where all are of one structure."""
    alone = len({column.structure for column in section.columns}) == 1
    return tuple(_head(column, alone=alone) for column in section.columns)


def _head(column: Column, *, alone: bool) -> Head:
    assert column.printed is not None
    read_as = f", read as {column.described.name}" if column.readings else ""
    metric, arrow = column.printed.name + printed_unit(column.printed) + read_as, ARROWS[column.printed.better]
    structure = ALL if column.structure == "all" else column.structure
    return Head(metric, arrow) if alone else Head(structure, arrow, metric)


def _decimals(cells: Sequence[Cell]) -> Digits:
    """Return the decimals of a column's means and ±: the most that are printed."""
    printed = [cell.comparison.cell for cell in cells if cell.comparison is not None]
    means = max((cell.decimals() for cell in printed), default=0)
    return means, max((cell.decimals("sd") for cell in printed if "±" in cell.printed), default=means)


def _entry(
    table: PaperTable, letters: Mapping[str, str], cell: Cell, column: Column, digits: Digits, baseline: Cell | None
) -> Entry:
    """Return ours; below it the printed number, difference and status, and the usual metric, in the paper's unit.

    Then the difference from the baseline's row, as printed and ours, where the paper prints such differences.

    A printed number decides the digits, else its column.
    """
    assert column.printed is not None
    if cell.comparison is not None and not math.isnan(cell.comparison.cell.mean):
        digits = _decimals([cell])
    factor = float(column.printed.factor)
    status = layout.mark_status(_status(cell, factor, digits[0]), cell)
    usual = Text(_standard(cell, column, factor, digits))
    asides = Text(_printed(cell, letters)), status, usual, Text(_to_baseline(table, cell, baseline, factor, digits))
    ours = _ours(cell.summary, factor, digits, over_cases=table.printed.over == "cases")
    return Entry(Text(ours), tuple(aside for aside in asides if aside.text))


def _printed(cell: Cell, letters: Mapping[str, str]) -> str:
    """Return the printed number, digit by digit, with room around its ± and a true minus, and its note's letter."""
    if cell.comparison is None:
        return ""
    printed = cell.comparison.cell
    letter = f" ({letters[printed.note]})" if printed.note in letters else ""
    return f"printed {printed.printed.replace('±', ' ± ').replace('-', MINUS)}{letter}"


def _ours(ours: Summary | None, factor: float, digits: Digits, *, over_cases: bool) -> str:
    """Write mean ± sd over seeds; in brackets the sd over cases, where that is what the paper prints."""
    if ours is None:
        return NOTHING
    parts = [number(ours.mean / factor, digits[0])]
    parts += [] if math.isnan(ours.sd_seeds) else [f"± {number(ours.sd_seeds / factor, digits[1])}"]
    shown = over_cases and not math.isnan(ours.sd_cases)
    return " ".join([*parts, *([f"[{number(ours.sd_cases / factor, digits[1])}]"] if shown else [])])


def _status(cell: Cell, factor: float, decimals: int) -> str:
    if cell.comparison is None:
        return ""
    gap, status = cell.gap_to_printed, cell.comparison.judgement.status
    shown = status in JUDGED and math.isfinite(gap)
    return f"{number(gap / factor, decimals, signed=True)}, {status}" if shown else status


def _standard(cell: Cell, column: Column, factor: float, digits: Digits) -> str:
    if cell.standard is None or column.standard is None:
        return ""
    if column.metric == f"{column.standard}{IN_VOXELS}":
        digits = digits[0] + FINER, digits[1] + FINER
        return f"in mm {_ours(cell.standard, factor, digits, over_cases=False)}"
    return f"{short_name(column.standard)} {_ours(cell.standard, factor, digits, over_cases=False)}"


def _to_baseline(table: PaperTable, cell: Cell, baseline: Cell | None, factor: float, digits: Digits) -> str:
    """Return the difference from the baseline's row: ours, and in brackets the printed one, digit by digit."""
    theirs, ours = to_baseline(table.printed, cell, baseline)
    parts = [] if math.isnan(ours) else [number(ours / factor, digits[0], signed=True)]
    if cell.comparison is not None and not math.isnan(theirs):
        printed = cell.comparison.cell.difference or ""
        parts += [f"[printed {printed.replace('-', MINUS)}]"]
    return f"to baseline {' '.join(parts)}" if parts else ""


def short_name(key: str) -> str:
    """Return a name short enough for a cell: NSD, TACE, HD95; "at val" where only the threshold is another, "in plane"
    where edges are those of slices, "all cases" where sums are over all cases together."""
    if key.endswith(ALL_CASES):
        return "all cases"
    if key.endswith("_in_plane"):
        return "in plane"
    return "at val" if key.endswith("_at_val") else key.split("_")[0].upper()


def view(given: Given) -> Sheet:
    """Return the printed table, with ours, the difference and a status in each cell; what was not run says so."""
    settings = given.settings
    printed = published.read(settings["published"])
    blocks = read(printed, settings)
    printed = printed.restricted({(block.dataset, block.arm) for block in blocks})  # a variant may be of one data set
    said = {name: settings[name] for name in ("titles", "policy", "is_rehearsal")}
    return sheet(build(printed, blocks, notes=given.notes, **said))


VIEW = View(
    name="comparison",
    file="{table}",
    title="Ours beside the printed numbers",
    caption="Ours, the printed number, the difference, and whether the known noise explains it.",
    needs=("data",),
    build=view,
    of=("paper",),
    place=10,
)
