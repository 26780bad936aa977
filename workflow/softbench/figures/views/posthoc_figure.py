"""The grid of methods and calibrations as pictures, a panel a column: better or worse than one-hot + temperature.

A cell's colour is its difference to one-hot at its own temperature, its number the mean. What is beyond noise has a
frame; nothing else is a finding.
"""

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from softbench.figures import pictures
from softbench.tables.cells import Cell, Table
from softbench.tables.layout import heads, title_of
from softbench.tables.posthoc_scores import SIGN, TITLES, build_grid, calibration_of, method_of, read
from softbench.tables.sheet import digits, number
from softbench.tables.view import Given, Picture, View
from softbench.tables.views.posthoc_grid import why_no_grid

VERSION = 1
ACROSS = 3  # panels side by side
CELL, LINE = 0.44, 0.17  # width and height of a cell in inches
LABELS, LETTERS = 1.5, 30  # width of the methods' titles in inches, and their letters
HEAD, BETWEEN, TOP, BELOW, LETTERS_BELOW = 0.5, 0.14, 0.2, 0.5, 20  # inches; letters an inch of the words below
COLOURS = "PuOr"  # orange is worse, violet better; they differ for every kind of colour vision
REACH = 90  # percentile of the differences' sizes at which the colour is full
SHORT = TITLES | {"temperature": "one T", "class_temperature": "class T", "local_temperature": "local T"}
WORDS = (
    "Number: the mean{spread}. Colour: the difference to {control} (dashed frame), decoded alike, paired over seeds; "
    "violet is better, orange is worse, each panel has a scale of its own. Frame: beyond noise after Holm’s adjustment "
    "for all {tests} differences of the panels; what has none is within noise."
)
WORDS_OF_ONE_RUN = (
    "Number: that of the run. Colour: the difference to {control} (dashed frame), decoded alike; violet is better, "
    "orange is worse. There is one run a method, so nothing is tested."
)
PLAIN = "Number: the mean. The table shows no plain one-hot method to compare with."


def draw(table: Table, *, title: str) -> Figure:
    """Draw a table of `tables.posthoc_scores.build_grid`, a panel a column.

    Args: title: of the figure.
    """
    methods = list(dict.fromkeys(map(method_of, table.methods)))
    calibrations = list(dict.fromkeys(map(calibration_of, table.methods)))
    across = min(ACROSS, len(table.columns))
    panel = (CELL * len(calibrations), LINE * len(methods))
    wide = LABELS + across * (panel[0] + BETWEEN) + 0.05
    said = textwrap.wrap(words(table), int(wide * LETTERS_BELOW))
    rows = math.ceil(len(table.columns) / across)
    below = 0.12 + 0.115 * len(said)
    heading = pictures.heading_lines(title, wide)
    top = TOP + pictures.HEADING_LINE * (len(heading) - 1)
    high = top + rows * (HEAD + panel[1]) + below
    with pictures.style("white"):
        figure = Figure(figsize=(wide, high))
        pictures.heading(figure, heading)
        for index, head in enumerate(heads(table)):
            row, place = divmod(index, across)
            left, upper = LABELS + place * (panel[0] + BETWEEN), top + row * (HEAD + panel[1]) + HEAD
            box = (left / wide, 1 - (upper + panel[1]) / high, panel[0] / wide, panel[1] / high)
            axis = figure.add_axes(box)
            _panel(axis, table, index, methods, calibrations, with_names=place == 0)
            axis.set_title("\n".join(textwrap.wrap(title_of(head), 38)), pad=15)
        figure.text(0.5, 0.06 / high, "\n".join(said), ha="center", va="bottom", color="0.3", fontsize=6.5)
    return figure


def words(table: Table) -> str:
    """Say what number, colour and frame of a cell are."""
    control = next(iter(table.controls.values()), None)
    if control is None:
        return PLAIN
    seeds = max(cell.n_seeds for cells in table.cells for cell in cells)
    if seeds < 2:
        return WORDS_OF_ONE_RUN.format(control=control)
    spread = f" over {seeds} seeds of the mean over test cases (± and intervals: the table)"
    return WORDS.format(spread=spread, control=control, tests=table.tests)


def _panel(
    axis: Axes, table: Table, column: int, methods: Sequence[str], calibrations: Sequence[str], *, with_names: bool
) -> None:
    rows = {method.key: row for row, method in enumerate(table.methods)}
    gains = np.full((len(methods), len(calibrations)), np.nan)
    shown = table.columns[column]
    decimals = digits(shown.metric, shown.described.unit)
    sign = -1 if shown.described.better == "lower" else 1
    pictures.bare(axis)
    for y, method in enumerate(methods):
        for x, calibration in enumerate(calibrations):
            row = rows[method + SIGN + calibration]
            cell = table.cells[row][column]
            gains[y, x] = sign * cell.difference.mean if cell.difference else math.nan
            _mark(axis, cell, (x, y), is_control=table.methods[row].key in table.controls)
            axis.text(x, y, number(cell.mean, decimals), ha="center", va="center", fontsize=5.2, color="0.1")
    sizes = np.abs(gains[np.isfinite(gains) & (gains != 0)])
    reach = float(np.percentile(sizes, REACH)) if sizes.size else 1.0
    axis.imshow(np.clip(gains / reach, -1, 1) * 0.6, cmap=COLOURS, vmin=-1, vmax=1, aspect="auto")
    axis.tick_params(length=0)
    axis.xaxis.tick_top()
    axis.set_xticks(range(len(calibrations)), [SHORT[name] for name in calibrations], fontsize=5.5)
    titles = {method_of(row): row.title.removesuffix(f", {TITLES[calibration_of(row)]}") for row in table.methods}
    names = [textwrap.shorten(titles[name], LETTERS, placeholder="…") for name in methods] if with_names else []
    axis.set_yticks(range(len(names)), names, fontsize=6)


def _mark(axis: Axes, cell: Cell, place: tuple[int, int], *, is_control: bool) -> None:
    """Frame a cell that is beyond noise; the control has a dashed frame."""
    if is_control or cell.bold:
        corner = (place[0] - 0.46, place[1] - 0.42)
        line = "--" if is_control else "-"
        axis.add_patch(Rectangle(corner, 0.92, 0.84, fill=False, linewidth=0.9, edgecolor="black", linestyle=line))


def build(given: Given) -> Picture:
    """Return the panels with their caption."""
    needs = given.needs["posthoc"]
    table = build_grid(read(needs, given.settings), given.settings, needs)
    title = f"{given.title}: calibrated and decoded"
    return Picture(draw(table, title=title), f"{title}. {words(table)}")


VIEW = View(
    name="posthoc_figure",
    file="grid_{table}",
    title="Calibrations and decoders",
    caption="Methods by calibrations, a panel a metric: better or worse than one-hot at its own temperature, and "
    "what is beyond noise.",
    needs=("posthoc",),
    applies=why_no_grid,
    build=build,
    place=47,
)
