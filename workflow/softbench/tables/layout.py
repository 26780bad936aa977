"""A table as words and cells, before any markup: what the Markdown, LaTeX and HTML forms have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from softbench.tables.parts import Cell, Column, Method, Table
from softbench.tables.rounding import NOTHING, digits, interval, number

ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}
REGIONS = {"all": "all voxels", "foreground": "foreground", "band": "boundary band"}
ALL = "all classes"
NO_UNIT = ("", "1")
SAME_MAP = "same label map"  # where an interval would stand


@dataclass(frozen=True)
class Head:
    """A column's heading: `group` (a structure; may be empty), `label` (metric, region, unit) and `arrow`."""

    group: str
    label: str
    arrow: str


@dataclass(frozen=True)
class Entry:
    """A cell's `text`, what follows it in a smaller hand (`aside`), and whether the text is bold or says worse."""

    text: str
    aside: str = ""
    bold: bool = False
    worse: bool = False


@dataclass(frozen=True)
class Line:
    """A row: the method's `title`, its `control` (empty among the means), and its entries."""

    title: str
    control: str
    entries: tuple[Entry, ...]


def heads(table: Table) -> tuple[Head, ...]:
    """Return the headings; a region is named where it is not all voxels, or where a metric is shown in several."""
    return tuple(_head(column, table) for column in table.columns)


def _head(column: Column, table: Table) -> Head:
    metric = column.described
    unit = "" if metric.unit in NO_UNIT else f" ({metric.unit})"
    arrow = ARROWS[metric.better]
    if column.title is not None:
        return Head("", column.title + unit, arrow)
    regions = {other.roi for other in table.columns if other.metric == column.metric}
    region = f", {REGIONS.get(column.roi, column.roi)}" if regions != {"all"} else ""
    pooled = ", pooled" if column.over == "pooled" else ""
    group = ALL if column.structure == "all" else column.structure
    return Head(group, metric.name + region + pooled + unit, arrow)


def name_of(head: Head) -> str:
    """Return a column's name within a sentence."""
    return head.label if head.group in ("", ALL) else f"{head.group} {head.label}"


def means(table: Table) -> tuple[Line, ...]:
    """Return part 1: the means with their spread over seeds; bold where better than the control beyond noise."""
    return _lines(table, table.methods, _mean)


def differences(table: Table) -> tuple[Line, ...]:
    """Return part 2: differences to the control with their interval; bold where beyond noise (Holm)."""
    return _lines(table, tuple(method for method in table.methods if method.control), _difference)


def _lines(table: Table, methods: tuple[Method, ...], entry: Callable[[Cell, int], Entry]) -> tuple[Line, ...]:
    decimals = [digits(column.metric, column.described.unit) for column in table.columns]
    lines = []
    for method in methods:
        cells = table.cells[table.methods.index(method)]
        entries = tuple(entry(cell, d) for cell, d in zip(cells, decimals, strict=True))
        lines.append(Line(method.title, table.controls.get(method.control or "", ""), entries))
    return tuple(lines)


def _mean(cell: Cell, decimals: int) -> Entry:
    spread = number(cell.sd_seeds, decimals)
    aside = "" if spread == NOTHING else f"± {spread}"
    return Entry(number(cell.mean, decimals), aside, bold=cell.verdict == "better")


def _difference(cell: Cell, decimals: int) -> Entry:
    gap = cell.difference
    if gap is None or gap.n_seeds == 0:
        return Entry(NOTHING)
    text = number(gap.mean, decimals, signed=True)
    aside = SAME_MAP if cell.same_map else interval(gap.low, gap.high, decimals)
    return Entry(text, aside, bold=cell.bold, worse=cell.verdict == "worse")
