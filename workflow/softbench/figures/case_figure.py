"""Case by case: how much each method differs from its control on every test case, beside the mean over seeds.

A dot is a case, its difference averaged over seeds. The spread of dots is that of patients, not of methods: the
interval is over seeds, and is that of the table.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench.figures import pictures
from softbench.figures.case_dots import draw_dots, limits
from softbench.metrics.definitions import DISTANCE, OVERLAP, Metric
from softbench.statistics.pairs import pair
from softbench.tables.evidence import Evidence
from softbench.tables.parts import Cell, Column, Method, Table

VERSION = 1
LETTER, PANEL, BETWEEN = 0.046, 1.75, 0.16  # inches across: a letter of the titles, a column's panel, between panels
TOP, LINE, FOOT = 0.52, 0.2, 0.62  # inches down: titles, a method, the axis with the words below
INK = "#1f2937"
CAPTION = (
    "Method minus control, case by case: each dot is a test case, averaged over seeds; cases beyond the edge are drawn "
    "there as triangles. Diamond and line: the mean with its 95 % interval over seeds, filled where it is beyond noise "
    "after Holm’s adjustment, as in the table. The dots show how patients differ; a test over them would compare "
    "networks, not methods."
)


def telling(columns: Sequence[Column]) -> list[int]:
    """Return the places of the columns to show: the first overlap, the first distance, the ECE of the boundary band;
    the first column of all where there is none of them."""
    single = [c for c, column in enumerate(columns) if column.over == "cases"]
    of_groups = ([c for c in single if columns[c].metric in _keys(group)] for group in (OVERLAP, DISTANCE))
    of_band = [c for c in single if (columns[c].metric, columns[c].roi) == ("ece", "band")]
    return [found[0] for found in (*of_groups, of_band) if found] or single[:1]


def _keys(group: Sequence[Metric]) -> set[str]:
    return {metric.key for metric in group}


def draw(evidence: Evidence, *, title: str) -> Figure:
    """Draw the methods that have a control, in the order of the table; one without scores keeps an empty line.

    Args:
        evidence: a table and its scores.
        title: of the figure.
    """
    table = evidence.table
    shown = telling(table.columns)
    lines = [(method, row) for method, row in zip(table.methods, table.cells, strict=True) if method.control]
    if not lines or not shown:
        return pictures.nothing(title, "no method has a control, or all columns are pooled over cases")
    usual = Counter(method.control for method, _ in lines).most_common(1)[0][0]
    labels = [_label(method, table, usual) for method, _ in lines]
    margin = 0.2 + LETTER * max(len(line) for label in labels for line in label.split("\n"))
    width = margin + len(shown) * (PANEL + BETWEEN)
    height = TOP + LINE * len(lines) + FOOT
    with pictures.style("ticks"):
        figure = Figure(figsize=(width, height))
        figure.text(0.5, 1 - 0.06 / height, title, ha="center", va="top", fontsize=8, fontweight="bold")
        for index, c in enumerate(shown):
            left = margin + index * (PANEL + BETWEEN)
            axis = figure.add_axes((left / width, FOOT / height, PANEL / width, LINE * len(lines) / height))
            _panel(axis, evidence, c, lines)
            axis.set_yticks(range(len(lines)), labels if not index else [])
        figure.text(0.5, 0.06 / height, _below(table, str(usual)), ha="center", va="bottom", color="0.3", fontsize=6)
    return figure


def _label(method: Method, table: Table, usual: str | None) -> str:
    """Return a method's title, with its control where that is not the usual one."""
    other = "" if method.control == usual else f"\nvs {table.controls[str(method.control)]}"
    return method.title + other


def _below(table: Table, usual: str) -> str:
    versus = (
        f"Minus {table.controls[usual]}, unless named."
        if len(table.controls) > 1
        else f"Minus {table.controls[usual]}."
    )
    if table.ensembles:
        return f"{versus} One ensemble a method: no interval and no test."
    return f"{versus} Dots: cases. Diamond: mean with its 95 % interval over seeds; filled: beyond noise (Holm)."


def _panel(axis: Axes, evidence: Evidence, c: int, lines: Sequence[tuple[Method, Sequence[Cell]]]) -> None:
    """Draw one column: zero, the cases of each method, and the means over seeds."""
    column, cells = evidence.table.columns[c], [row[c] for _, row in lines]
    cases = _of_cases(evidence, column, [method for method, _ in lines], cells)
    low, high = limits(list(cases.values()), [end for cell in cells for end in _ends(cell)])
    axis.set(xlim=(low, high), ylim=(len(lines) - 0.4, -0.6))
    axis.axvline(0, color="0.35", linewidth=0.7, zorder=1)
    axis.grid(axis="y", color="0.93", linewidth=0.5, zorder=0)
    axis.set_axisbelow(True)
    for y, cell in enumerate(cells):
        if y in cases:
            draw_dots(axis, cases[y], y, low, high)
        _mean(axis, cell, y)
    axis.set_title(evidence.names[c], fontweight="bold")
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    axis.locator_params(axis="x", nbins=4)
    ways = {"higher": "← worse      better →", "lower": "← better      worse →", "neither": ""}
    axis.set_xlabel(ways[column.described.better])


def _ends(cell: Cell) -> list[float]:
    gap = cell.difference
    return [value for value in (gap.low, gap.mean, gap.high) if np.isfinite(value)] if gap else []


def _of_cases(
    evidence: Evidence, column: Column, methods: Sequence[Method], cells: Sequence[Cell]
) -> Mapping[int, np.ndarray]:
    """Return line -> the cases' differences, averaged over the seeds in which they are defined."""
    scores, found = evidence.of_column(column), {}
    for y, (method, cell) in enumerate(zip(methods, cells, strict=True)):
        if cell.difference is not None and cell.difference.n_seeds:
            both = pair(scores, method.key, str(method.control), column.metric, column.structure, column.roi)
            found[y] = both.table().mean(axis=0).to_numpy()
    return found


def _mean(axis: Axes, cell: Cell, y: int) -> None:
    """Draw the mean difference with its interval; words where there is none."""
    gap = cell.difference
    if gap is None or not np.isfinite(gap.mean):
        words: dict[str, Any] = {"va": "center", "color": "0.4", "fontsize": 5.5}
        paper = {"facecolor": "white", "linewidth": 0, "pad": 1}
        axis.text(0.02, y, "no difference: no score", transform=axis.get_yaxis_transform(), bbox=paper, **words)
        return
    if np.isfinite(gap.low):
        axis.plot([gap.low, gap.high], [y, y], color=INK, linewidth=1.1, zorder=4, solid_capstyle="butt")
    inside = INK if cell.bold else "white"
    axis.plot([gap.mean], [y], "D", color=INK, markerfacecolor=inside, markeredgewidth=0.8, markersize=3.4, zorder=5)
