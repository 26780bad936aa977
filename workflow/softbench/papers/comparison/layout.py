"""A table "ours beside printed" as words and cells, before any markup; numbers in the paper's unit and digits."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from softbench.papers.comparison.numbers import decimals_of
from softbench.papers.comparison.parts import Beside, Cell, Column, Ours, Section
from softbench.tables.rounding import MINUS, NOTHING, number
from softbench.tables.sheet import Head

UNITS = {"percent": " (%)", "mm": " (mm)"}
ARROWS = {"higher": "↑", "lower": "↓", "zero": "(best at 0)"}
ALL = "all classes"


@dataclass(frozen=True)
class Entry:
    """A cell: our number, the printed one, difference and status, and the standard metric; empty where there is none.

    `is_outside` lets a form set such a cell off; the word is in `status` all the same.
    """

    ours: str
    printed: str = ""
    status: str = ""
    standard: str = ""
    is_outside: bool = False

    @property
    def lines(self) -> tuple[str, str, str, str]:
        """All four, top to bottom."""
        return self.ours, self.printed, self.status, self.standard


@dataclass(frozen=True)
class Line:
    """A row: the method's title, what is said of it, and its entries."""

    title: str
    aside: str
    entries: tuple[Entry, ...]


def heads(section: Section) -> tuple[Head, ...]:
    """Return the headings: metrics above structures; metrics alone where all are of one structure."""
    alone = len({column.structure for column in section.columns}) == 1
    return tuple(_head(column, alone=alone) for column in section.columns)


def _head(column: Column, *, alone: bool) -> Head:
    metric = column.metric.name + UNITS.get(column.metric.unit, "")
    arrow = ARROWS[column.metric.better]
    structure = ALL if column.structure == "all" else column.structure
    return Head(metric, arrow) if alone else Head(structure, "", f"{metric} {arrow}")


def lines(table: Beside, section: Section) -> tuple[Line, ...]:
    """Return the rows of a grid."""
    marks = marks_of(table)
    decimals = [_decimals(column) for column in zip(*section.cells, strict=True)]
    found = []
    for row, cells in zip(section.rows, section.cells, strict=True):
        together = zip(cells, section.columns, decimals, strict=True)
        entries = tuple(_entry(table, cell, column, digits, marks) for cell, column, digits in together)
        found.append(Line(row.title, "" if row.is_printed else "not in the paper", entries))
    return tuple(found)


def marks_of(table: Beside) -> dict[str, str]:
    """Return the letter of each note on printed cells, in the order of the cells."""
    notes = dict.fromkeys(cell.printed.note for cell in table.printed_cells if cell.printed and cell.printed.note)
    return dict(zip(notes, ascii_lowercase, strict=False))


def _decimals(cells: Sequence[Cell]) -> tuple[int, int]:
    """Return the decimals of a column's means and ±: the most that are printed."""
    printed = [cell.printed for cell in cells if cell.printed is not None]
    means = max(map(decimals_of, printed), default=0)
    return means, max((decimals_of(one, "sd") for one in printed if "±" in one.printed), default=means)


def _entry(table: Beside, cell: Cell, column: Column, digits: tuple[int, int], marks: dict[str, str]) -> Entry:
    if cell.printed is not None and not math.isnan(cell.printed.mean):
        digits = _decimals([cell])
    factor, over_cases = float(column.metric.factor), table.table.over == "cases"
    return Entry(
        _ours(cell.ours, factor, digits, over_cases=over_cases),
        _printed(cell, marks),
        _status(cell, factor, digits[0]),
        _standard(cell.standard, column, factor, digits),
        cell.judgement is not None and cell.judgement.status == "outside",
    )


def _ours(ours: Ours | None, factor: float, digits: tuple[int, int], *, over_cases: bool) -> str:
    """Write mean ± sd over seeds; in brackets the sd over cases, where that is what the paper prints."""
    if ours is None:
        return NOTHING
    parts = [number(ours.mean / factor, digits[0])]
    parts += [] if math.isnan(ours.sd_seeds) else [f"± {number(ours.sd_seeds / factor, digits[1])}"]
    shown = over_cases and not math.isnan(ours.sd_cases)
    return " ".join([*parts, *([f"[{number(ours.sd_cases / factor, digits[1])}]"] if shown else [])])


def _printed(cell: Cell, marks: dict[str, str]) -> str:
    if cell.printed is None:
        return ""
    mark = f" ({marks[cell.printed.note]})" if cell.printed.note in marks else ""
    return f"printed {_spaced(cell.printed.printed)}{mark}"


def _spaced(printed: str) -> str:
    """Return a printed number digit by digit, with room around its ± and a true minus."""
    return printed.replace("±", " ± ").replace("-", MINUS)


def _status(cell: Cell, factor: float, decimals: int) -> str:
    if cell.judgement is None:
        return ""
    gap = cell.difference
    shown = cell.judgement.status in ("within", "outside", "not comparable") and math.isfinite(gap)
    difference = [number(gap / factor, decimals, signed=True)] if shown else []
    return ", ".join([*difference, cell.judgement.status])


def _standard(standard: Ours | None, column: Column, factor: float, digits: tuple[int, int]) -> str:
    if standard is None or column.standard is None:
        return ""
    return f"{name_of_standard(column.standard)} {_ours(standard, factor, digits, over_cases=False)}"


def name_of_standard(key: str) -> str:
    """Return a name short enough for a cell: NSD, TACE, HD95; "at val" where only the threshold is another, "in plane"
    where edges are those of slices."""
    if key.endswith("_in_plane"):
        return "in plane"
    return "at val" if key.endswith("_at_val") else key.split("_")[0].upper()
