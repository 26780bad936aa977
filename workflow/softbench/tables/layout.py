"""A table of methods by columns in words: its headings, its means, and its differences to the controls, marked.

Bold among the means: better than the control beyond noise. Bold among the differences: beyond noise, either way.
Underlined: the best mean of a column among trained methods, as a help for reading, not a claim. A warning: worse
than the control, or outside what the noise of a printed number explains.
"""

import math
from collections.abc import Callable

from softbench.tables.cells import Cell, Column, Method, Table
from softbench.tables.sheet import ALL, NOTHING, Entry, Head, Line, Text, digits, interval, number

VERSION = 1
LEGEND = "best mean of a column among trained methods; not a claim, see the differences"


def best_means(table: Table) -> set[tuple[int, int]]:
    """Return (row, column) of the best means of trained methods; ties all count.

    A column has none where its metric is better neither high nor low, or fewer than two methods have a finite mean.
    """
    return {place for number, column in enumerate(table.columns) for place in _of_column(table, number, column)}


def mark_mean(text: str, cell: Cell, *, is_best: bool) -> Text:
    """Return the text of a mean, marked."""
    return Text(text, bold=cell.verdict == "better", underlined=is_best)


def mark_difference(text: str, cell: Cell) -> Text:
    """Return the text of a difference to the control, marked."""
    return Text(text, bold=cell.bold)


def mark_warning(cell: Cell) -> tuple[Text, ...]:
    """Return the word beside a difference that is worse than its control beyond noise; none beside another."""
    return (Text("worse", warns=True),) if cell.verdict == "worse" else ()


def mark_status(text: str, cell: Cell) -> Text:
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
    best = best_means(table)

    def entry(cell: Cell, decimals: int, place: tuple[int, int]) -> Entry:
        spread = number(cell.sd_seeds, decimals)
        asides = () if spread == NOTHING else (Text(f"± {spread}"),)
        return Entry(mark_mean(number(cell.mean, decimals), cell, is_best=place in best), asides)

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
    if any(failure.method in keys for failure in table.failed):
        return "every run failed"
    unmade = any(ensemble.method in keys and ensemble.reason for ensemble in table.ensembles)
    return "no ensemble" if unmade else "no score"


def _difference(cell: Cell, decimals: int, place: tuple[int, int]) -> Entry:
    gap = cell.difference
    if gap is None or gap.n_seeds == 0:
        return Entry(Text(NOTHING))
    interval_text = SAME_MAP if cell.same_map else interval(gap.low, gap.high, decimals)
    number_text = mark_difference(number(gap.mean, decimals, signed=True), cell)
    return Entry(number_text, (Text(interval_text), *mark_warning(cell)))
