"""A table of methods by columns in words: its headings, its means, and its differences to the controls."""

from collections.abc import Callable

from softbench.tables import marks
from softbench.tables.parts import Cell, Column, Method, Table
from softbench.tables.rounding import NOTHING, digits, interval, number
from softbench.tables.sheet import ALL, Entry, Head, Line, Text

ARROWS = {"higher": "↑", "lower": "↓", "neither": "", "zero": "(best at 0)"}
ARROWS_MEAN = "↑ higher is better, ↓ lower is better."
REGIONS = {"all": "all voxels", "foreground": "foreground", "band": "boundary band"}
NO_UNIT = ("", "1")
SAME_MAP = "same label map"  # where an interval would stand


def heads(table: Table) -> tuple[Head, ...]:
    """Return the headings; a region is named where it is not all voxels, or where a metric is shown in several."""
    return tuple(_head(column, table) for column in table.columns)


def _head(column: Column, table: Table) -> Head:
    metric = column.described
    unit = "" if metric.unit in NO_UNIT else f" ({metric.unit})"
    arrow = ARROWS[metric.better]
    if column.title is not None:
        return Head(column.title + unit, arrow)
    regions = {other.roi for other in table.columns if other.metric == column.metric}
    region = f", {REGIONS.get(column.roi, column.roi)}" if regions != {"all"} else ""
    pooled = ", pooled" if column.over == "pooled" else ""
    group = ALL if column.structure == "all" else column.structure
    return Head(metric.name + region + pooled + unit, arrow, group)


def name_of(head: Head) -> str:
    """Return a column's name within a sentence."""
    return head.label if head.group in ("", ALL) else f"{head.group} {head.label}"


def title_of(head: Head) -> str:
    """Return a column's name as a heading of its own, with its arrow."""
    return f"{name_of(head)} {head.arrow}".strip()


def means(table: Table) -> tuple[Line, ...]:
    """Return part 1: the means with their spread over seeds, marked as `marks` says."""
    best = marks.best_means(table)

    def entry(cell: Cell, decimals: int, place: tuple[int, int]) -> Entry:
        spread = number(cell.sd_seeds, decimals)
        asides = () if spread == NOTHING else (Text(f"± {spread}"),)
        return Entry(marks.mean(number(cell.mean, decimals), cell, is_best=place in best), asides)

    return _lines(table, table.methods, entry)


def differences(table: Table) -> tuple[Line, ...]:
    """Return part 2: differences to the control with their interval, marked as `marks` says."""
    compared = tuple(method for method in table.methods if method.control)
    return _lines(table, compared, _difference, control=True)


def _lines(
    table: Table,
    methods: tuple[Method, ...],
    entry: Callable[[Cell, int, tuple[int, int]], Entry],
    *,
    control: bool = False,
) -> tuple[Line, ...]:
    decimals = [digits(column.metric, column.described.unit) for column in table.columns]
    lines = []
    for method in methods:
        row = table.methods.index(method)
        cells = enumerate(zip(table.cells[row], decimals, strict=True))
        entries = tuple(entry(cell, digits, (row, column)) for column, (cell, digits) in cells)
        against = f"vs {table.controls[str(method.control)]}" if control else _why_empty(table, row)
        lines.append(Line(method.title, entries, against))
    return tuple(lines)


def _why_empty(table: Table, row: int) -> str:
    """Say why a row holds no number; empty where it holds one."""
    if any(cell.summary is not None for cell in table.cells[row]):
        return ""
    method = table.methods[row]
    keys = {method.key, method.scaled}
    if any(one.method in keys for one in table.failed):
        return "every run failed"
    return "no ensemble" if any(one.method in keys and one.reason for one in table.ensembles) else "no score"


def _difference(cell: Cell, decimals: int, place: tuple[int, int]) -> Entry:
    gap = cell.difference
    if gap is None or gap.n_seeds == 0:
        return Entry(Text(NOTHING))
    interval_text = SAME_MAP if cell.same_map else interval(gap.low, gap.high, decimals)
    number_text = marks.difference(number(gap.mean, decimals, signed=True), cell)
    return Entry(number_text, (Text(interval_text), *marks.warning(cell)))
