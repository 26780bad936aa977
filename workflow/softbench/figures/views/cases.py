"""Case by case: how much each method differs from its control on every test case, beside the mean over seeds.

A dot is a case, its difference averaged over seeds. The spread of dots is that of patients, not of methods: the
interval is over seeds, and is that of the table. The axis is that of the methods compared; controls that are wrong on
purpose, and whatever else lies far from the rest, stand at its edge with their numbers.
"""

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from softbench.figures import pictures
from softbench.metrics.overlap import METRICS as OVERLAPS
from softbench.metrics.surface import DISTANCES
from softbench.statistics.paired import pair
from softbench.tables.assemble import Evidence
from softbench.tables.cells import Cell, Column, Method, Table
from softbench.tables.sheet import digits, number
from softbench.tables.view import Given, Picture, View
from softbench.tables.wording import untested

VERSION = 2
CENTRAL = (0.05, 0.95)  # of a line's cases
FAR = 3.0  # times the usual reach of a line: what lies further out is written at the edge
ROOM = 0.06  # of the axis, beyond the last dot
GOLDEN = 0.618034  # its multiples, modulo 1, fill a line evenly whatever their number
HEIGHT = 0.62  # of a line that dots fill
DOT = "0.45"
FIGURES = 3  # significant, of a number at the edge


@dataclass(frozen=True)
class CaseLine:
    """A method's differences: of its cases, and the `mean` with the ends of its interval (NaN where there is none)."""

    cases: np.ndarray = field(default_factory=lambda: np.empty(0))
    mean: float = np.nan
    low: float = np.nan
    high: float = np.nan

    @property
    def central(self) -> np.ndarray:
        """Zero, what most cases lie between, mean and interval: finite values alone."""
        cases = self.cases[np.isfinite(self.cases)]
        most = np.quantile(cases, CENTRAL) if len(cases) else []
        values = np.array([0.0, *most, self.mean, self.low, self.high])
        return values[np.isfinite(values)]

    @property
    def all(self) -> np.ndarray:
        """Zero, all cases, mean and interval: finite values alone."""
        values = np.array([0.0, *self.cases, self.mean, self.low, self.high])
        return values[np.isfinite(values)]


def limits(lines: Sequence[CaseLine]) -> tuple[float, float]:
    """Return the ends of an axis that shows zero and what the lines have in common.

    A line reaches as far as the larger end of what is central in it. The axis shows all values up to three times the
    median reach, so that no line alone, and no case, decides how large the others look.

    Args:
        lines: of the methods that are compared; without controls that are wrong on purpose.
    """
    reaches = np.array([np.abs(line.central).max() for line in lines])
    usual = float(np.median(reaches[reaches > 0])) if (reaches > 0).any() else 1.0
    values = np.concatenate([np.zeros(1), *(line.all for line in lines)])
    near = values[np.abs(values) <= FAR * usual]
    low, high = float(near.min()), float(near.max())
    room = ROOM * (high - low) or usual
    return low - room, high + room


def draw_dots(axis: Axes, values: np.ndarray, y: int, low: float, high: float) -> None:
    """Draw the cases of one line; those beyond `low` or `high` as triangles there, undefined ones not at all."""
    shown = np.sort(values[~np.isnan(values)])
    heights = y + HEIGHT * (np.arange(len(shown)) * GOLDEN % 1 - 0.5)
    marks = {"<": shown < low, ">": shown > high, "o": (shown >= low) & (shown <= high)}
    for mark, chosen in marks.items():
        if not chosen.any():
            continue
        axis.plot(
            np.clip(shown[chosen], low, high), heights[chosen], mark, color=DOT, markersize=1.4 if mark == "o" else 2.6,
            alpha=0.75, markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip


def beyond(line: CaseLine, low: float, high: float, decimals: int) -> dict[str, tuple[str, str]]:
    """Return what lies beyond the ends of the axis, by side ("left", "right"): of mean or interval, and of cases.

    Args:
        line: of a method.
        low: end of the axis; high: the other.
        decimals: of the metric in tables; large numbers have fewer.
    Returns: the mean, or where only the interval reaches out "to" its end; and the case that is furthest out, with the
        number of cases there where it is not alone; both empty where there is nothing.
    """
    cases = line.cases[~np.isnan(line.cases)]
    sides = {
        "left": (cases[cases < low], line.mean < low, line.low < low, line.low, np.min),
        "right": (cases[cases > high], line.mean > high, line.high > high, line.high, np.max),
    }
    return {
        side: (
            _signed(line.mean, decimals) if is_mean else f"to {_signed(end, decimals)}" if is_end else "",
            _signed(float(furthest(out)), decimals) + (f" ({len(out)})" if len(out) > 1 else "") if len(out) else "",
        )
        for side, (out, is_mean, is_end, end, furthest) in sides.items()
    }


def _signed(value: float, decimals: int) -> str:
    """Write a number with its sign, in as many digits as tell it from others at a glance."""
    before = int(np.floor(np.log10(abs(value)))) + 1 if np.isfinite(value) and value else 1
    return number(value, max(0, min(decimals, FIGURES - max(before, 0))), signed=True)


LETTER = 0.052  # inches across: a letter of the titles
PANEL, STRIP, BETWEEN = 1.25, 0.54, 0.14  # inches across: a column's axis, the numbers beside it, between panels
TOP, LINE, FOOT = 0.55, 0.235, 0.78  # inches down: titles, a method with two lines, the axis with the words below
TICKS: dict[str, Any] = {"nbins": 4, "steps": [1, 2, 5, 10], "min_n_ticks": 3}
NARROWEST = 3.6  # inches
TITLE_LETTERS = 32  # of a method, a line
INK, GREY, STRIP_COLOUR = "#1f2937", "0.36", "0.955"
CAPTION = (
    "Method minus control, case by case: each dot is a test case, averaged over seeds. Diamond and line: the mean with "
    "its 95 % interval over seeds, filled where it is beyond noise after Holm’s adjustment, as in the table. The axis "
    "is that of the methods compared. What lies beyond it, controls that are wrong on purpose above all, stands as an "
    "arrow at the edge with its number in the shaded strip: dark the mean, or “to” the end of its interval; grey the "
    "case furthest out and in brackets how many cases are there. The dots show how patients differ; a test over them "
    "would compare networks, not methods."
)
CAPTION_UNTESTED = (
    "Method minus control, case by case: each dot is a test case; diamond: the mean. {why}. The axis is that of the "
    "methods compared. What lies beyond it stands as an arrow at the edge with its number in the shaded strip: dark "
    "the mean; grey the case furthest out and in brackets how many cases are there."
)
EDGE = "In the strips: numbers of what lies beyond the axis (grey: the furthest case, and how many there are)."
WAYS = {"higher": "← worse    better →", "lower": "← better    worse →", "neither": ""}
Drawn = Sequence[tuple[Method, Cell, CaseLine]]


def telling(columns: Sequence[Column]) -> list[int]:
    """Return the places of the columns to show: the first overlap, the first distance, the ECE of the boundary band;
    the first column of all where there is none of them."""
    single = [c for c, column in enumerate(columns) if column.over == "cases"]
    keys = ({metric.key for metric in group} for group in (OVERLAPS, DISTANCES))
    of_groups = ([c for c in single if columns[c].metric in of_group] for of_group in keys)
    of_band = [c for c in single if (columns[c].metric, columns[c].roi) == ("ece", "band")]
    return [places[0] for places in (*of_groups, of_band) if places] or single[:1]


def draw(evidence: Evidence, *, title: str) -> Figure:
    """Draw the methods that have a control, in the order of the table; one without scores keeps an empty line.

    Args:
        evidence: a table and its scores.
        title: of the figure.
    """
    table = evidence.table
    shown = telling(table.columns)
    rows = [(method, row) for method, row in zip(table.methods, table.cells, strict=True) if method.control]
    if not rows or not shown:
        return pictures.nothing(title, "no method has a control, or all columns are pooled over cases")
    usual = Counter(method.control for method, _ in rows).most_common(1)[0][0]
    labels = [_label(method, table, usual) for method, _ in rows]
    panels = [_lines(evidence, table.columns[c], [(method, row[c]) for method, row in rows]) for c in shown]
    ends = [_limits(lines) for lines in panels]
    strips = [_strips(lines, *end) for lines, end in zip(panels, ends, strict=True)]
    margin = 0.15 + LETTER * max(len(line) for label in labels for line in label.split("\n"))
    wide = [STRIP * sum(strip) + PANEL for strip in strips]
    deep = LINE * max(1, max(label.count("\n") for label in labels) * 0.66)  # of a method
    width = max(margin + sum(wide) + BETWEEN * len(wide), NARROWEST)
    heading = pictures.heading_lines(title, width)
    height = TOP + pictures.HEADING_LINE * (len(heading) - 1) + deep * len(rows) + FOOT
    with pictures.style("ticks"):
        figure = Figure(figsize=(width, height))
        pictures.heading(figure, heading)
        left = margin
        for index, c in enumerate(shown):
            axis = figure.add_axes((left / width, FOOT / height, wide[index] / width, deep * len(rows) / height))
            _panel(axis, evidence.names[c], table.columns[c], panels[index], ends[index], strips[index])
            axis.set_yticks(range(len(rows)), labels if not index else [])
            left += wide[index] + BETWEEN
        said = _below(table, str(usual)) + (f" {EDGE}" if any(map(any, strips)) else "")
        below = textwrap.fill(said, int(width * 21))
        figure.text(0.5, 0.06 / height, below, ha="center", va="bottom", color="0.3", fontsize=6.5, linespacing=1.3)
    return figure


def _label(method: Method, table: Table, usual: str | None) -> str:
    """Return a method's title, with its control where that is not the usual one; in lines."""
    versus = [] if method.control == usual else [f"vs {table.controls[str(method.control)]}"]
    return "\n".join([*textwrap.wrap(method.title, TITLE_LETTERS), *versus])


def _below(table: Table, usual: str) -> str:
    versus = f"Minus {table.controls[usual]}" + (", unless named." if len(table.controls) > 1 else ".")
    if table.ensembles:
        return f"{versus} Dots: cases. Diamond: mean; one ensemble a method, so no interval and no test."
    if not any(cell.difference and cell.difference.n_seeds > 1 for row in table.cells for cell in row):
        return f"{versus} Dots: cases. Diamond: mean; one run a method, so no interval and no test."
    return f"{versus} Dots: cases. Diamond: mean with its 95 % interval over seeds; filled: beyond noise (Holm)."


def _lines(evidence: Evidence, column: Column, rows: Sequence[tuple[Method, Cell]]) -> Drawn:
    """Return each method with its cell and line; a case's difference is the mean over the seeds that define it."""
    scores, drawn = evidence.of_column(column), []
    for method, cell in rows:
        gap = cell.difference
        if gap is None or not gap.n_seeds:
            drawn.append((method, cell, CaseLine()))
            continue
        both = pair(scores, method.key, str(method.control), column.metric, column.structure, column.roi)
        cases = both.table.mean(axis=0).to_numpy()
        drawn.append((method, cell, CaseLine(cases, gap.mean, gap.low, gap.high)))
    return drawn


def _limits(lines: Drawn) -> tuple[float, float]:
    """Return the ends of the axis of the methods that are compared; of all where none is."""
    compared = [line for method, _, line in lines if not method.wrong]
    return limits(compared or [line for _, _, line in lines])


def _strips(lines: Drawn, low: float, high: float) -> tuple[bool, bool]:
    """Return whether something lies beyond the left and the right end."""
    beyond_ends = [beyond(line, low, high, 0) for _, _, line in lines]
    left, right = (any(any(ends[side]) for ends in beyond_ends) for side in ("left", "right"))
    return left, right


def _panel(
    axis: Axes, name: str, column: Column, lines: Drawn, ends: tuple[float, float], strips: tuple[bool, bool]
) -> None:
    """Draw one column: zero, the cases of each method, the means over seeds, and the numbers of what lies beyond."""
    low, high = ends
    strip = STRIP / PANEL * (high - low)  # in the axis' units
    axis.set(xlim=(low - strip * strips[0], high + strip * strips[1]), ylim=(len(lines) - 0.4, -0.6))
    for is_there, start, end in ((strips[0], low - strip, low), (strips[1], high, high + strip)):
        if is_there:
            axis.axvspan(start, end, color=STRIP_COLOUR, linewidth=0, zorder=0)
    axis.axvline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.hlines(range(len(lines)), low, high, color="0.9", linewidth=0.5, zorder=0.5)
    decimals = digits(column.metric, column.described.unit)
    for y, (_, cell, line) in enumerate(lines):
        draw_dots(axis, line.cases, y, low, high)
        _mean(axis, cell, line, y, ends)
        _write_numbers(axis, beyond(line, low, high, decimals), y, ends)
    axis.set_title(name, fontweight="bold")
    axis.spines["left"].set_visible(False)
    axis.spines["bottom"].set_bounds(low, high)
    axis.tick_params(axis="y", length=0)
    ticks = [float(tick) for tick in MaxNLocator(**TICKS).tick_values(low, high) if low <= tick <= high]
    axis.set_xticks(ticks, _numbered(ticks, PANEL / (high - low)))
    axis.set_xlabel(WAYS[column.described.better], x=axis.transLimits.transform((0, 0))[0])  # at zero


def _numbered(ticks: Sequence[float], inches: float) -> list[str]:
    """Return the numbers of ticks, from zero on as many as do not touch; an axis' unit is so many inches long."""
    step = ticks[1] - ticks[0]
    numbers = [number(tick, max(0, -math.floor(math.log10(step) + 1e-9))) for tick in ticks]
    every = math.ceil((LETTER * max(map(len, numbers)) + 0.05) / (step * inches))
    return [text if round(tick / step) % every == 0 else "" for tick, text in zip(ticks, numbers, strict=True)]


def _mean(axis: Axes, cell: Cell, line: CaseLine, y: int, ends: tuple[float, float]) -> None:
    """Draw the mean difference with its interval, arrows for what lies beyond the axis; words where there is none."""
    if not np.isfinite(line.mean):
        words: dict[str, Any] = {"va": "center", "color": "0.4", "fontsize": 6}
        axis.text(ends[0], y, "no difference: no score", bbox={"facecolor": "white", "linewidth": 0, "pad": 1}, **words)
        return
    low, high = ends
    spread = np.clip([line.low, line.high], low, high)
    if np.isfinite(line.low):
        axis.plot(spread, [y, y], color=INK, linewidth=1.1, zorder=4, solid_capstyle="butt")
        for value, edge, mark in ((line.low, low, "<"), (line.high, high, ">")):
            if not low <= value <= high and spread[0] < spread[1]:
                axis.plot([edge], [y], mark, color=INK, markersize=3.2, markeredgewidth=0, zorder=5, clip_on=False)
    inside = INK if cell.bold else "white"
    mark = "<" if line.mean < low else ">" if line.mean > high else "D"
    where = [np.clip(line.mean, low, high)]
    size = 3.4 if mark == "D" else 4.8
    how: dict[str, Any] = {"markerfacecolor": inside, "markeredgewidth": 0.8, "markersize": size, "clip_on": False}
    axis.plot(where, [y], mark, color=INK, zorder=6, **how)


def _write_numbers(axis: Axes, words: dict[str, tuple[str, str]], y: int, ends: tuple[float, float]) -> None:
    """Write what lies beyond the edges of one line: mean or interval above, cases below."""
    for side, edge, shift, to in (("left", ends[0], -4, "right"), ("right", ends[1], 4, "left")):
        mean, cases = words[side]
        both = bool(mean and cases)
        for text, lift, colour in ((mean, 3.2 if both else 0, INK), (cases, -3.2 if both else 0, GREY)):
            axis.annotate(
                text, (edge, y), xytext=(shift, lift), textcoords="offset points", ha=to, va="center", fontsize=5.6,
                color=colour, annotation_clip=False, zorder=6,
            )  # fmt: skip


def build(given: Given) -> Picture:
    """Draw the differences."""
    figure = draw(given.evidence, title=f"Case by case: {given.title}")
    why = untested(given.shown)
    return Picture(figure, CAPTION_UNTESTED.format(why=why) if why else CAPTION)


VIEW = View(
    name="cases",
    title="Case by case",
    caption="Each method minus its control on each test case (dots), and the mean with its interval over seeds.",
    needs=("scores", "ensembles"),
    build=build,
    place=45,
)
