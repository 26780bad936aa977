"""The laboratory's figure: the Brier score against the number of raters, a panel a population, a line a label."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from softbench.figures import pictures
from softbench.rater_study.laboratory.curve_table import OF_MANY, title
from softbench.rater_study.laboratory.curves import Panel, of_one
from softbench.rater_study.laboratory.experiment import SVLS, Collected
from softbench.rater_study.laboratory.panels import MAJORITY, STAPLE
from softbench.rater_study.trials import ONE_HOT

VERSION = 1
COLUMNS = 3
LOOKS = {  # colour, marker
    ONE_HOT: ("#0072B2", "o"),
    SVLS: ("#D55E00", "s"),
    MAJORITY: ("#009E73", "^"),
    STAPLE: ("#CC79A7", "v"),
}
DASHES: tuple[Any, ...] = ("--", ":", "-.", (0, (1, 4)))  # of labels of one rater, SVLS first
POPULATION = "population"


def draw(study: Collected, panels: Sequence[Panel], titles: Mapping[str, str]) -> Figure:
    """Return the figure; a ring marks the number of raters from which on mOH is better than SVLS of one."""
    rows = -(-len(panels) // COLUMNS)
    columns = min(COLUMNS, len(panels))
    ones = [name for name in of_one(panels[0]) if name != ONE_HOT]
    with pictures.style("ticks"):
        size = (0.5 + 2.1 * columns, 1.0 + 1.75 * rows)
        figure, axes = pictures.panels(size, "How many raters does mOH need?", rows, [""] * columns)
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        for axis, panel in zip(axes.flat, panels, strict=False):
            _panel(axis, panel, ones)
            axis.set_title(f"{titles.get(panel.name, panel.name)}: {panel.answers[SVLS].said}")
        for axis in axes[:, 0]:
            axis.set_ylabel("Brier score in the band")
        for column in range(columns):
            shown = [axis for axis in axes[:, column] if axis.get_visible()]
            shown[-1].set_xlabel("raters")
        handles: list[Line2D | Patch] = [
            Line2D([], [], color=colour, marker=marker, markersize=3, linewidth=1, label=OF_MANY[name])
            for name, (colour, marker) in LOOKS.items()
        ]
        handles += [
            Line2D([], [], color="0.25", linestyle=dash, linewidth=0.9, label=title(name, titles, one=True))
            for name, dash in zip(ones, DASHES, strict=False)
        ]
        ring: dict[str, Any] = {
            "marker": "o",
            "markersize": 6,
            "markerfacecolor": "none",
            "markeredgecolor": "black",
            "linestyle": "",
        }
        handles.append(Line2D([], [], **ring, label="mOH better from here on"))
        pictures.legend(figure, handles, columns=4)
    return figure


def _panel(axis: Axes, panel: Panel, ones: Sequence[str]) -> None:
    numbers = np.arange(1, len(panel.missed) + 1)
    for name, (colour, marker) in LOOKS.items():
        values = panel.curves[name].means[POPULATION]
        means = [value.mean for value in values]
        axis.plot(numbers, means, color=colour, marker=marker, markersize=2.5, linewidth=0.9)
        axis.fill_between(
            numbers, [value.low for value in values], [value.high for value in values], color=colour, alpha=0.12,
            linewidth=0,
        )  # fmt: skip
    for name, dash in zip(ones, DASHES, strict=False):
        axis.axhline(panel.curves[name].means[POPULATION][0].mean, color="0.25", linestyle=dash, linewidth=0.9)
    enough = panel.answers[SVLS].enough
    if enough is not None:
        mean = panel.curves[ONE_HOT].means[POPULATION][enough - 1].mean
        axis.plot([enough], [mean], "o", markersize=6, markerfacecolor="none", markeredgecolor="black")
    axis.set_xticks(numbers)
    axis.set_ylim(bottom=0)


def caption(study: Collected, panels: Sequence[Panel]) -> str:
    """Return what the figure shows."""
    facts = study.manifest
    return (
        f"{facts['title'].split(',')[0]}, {facts['cases']} cases: Brier score of labels made from 1 to "
        f"{facts['raters']} simulated raters, within {facts['band_mm']:g} mm of the true edges, to the distribution "
        f"over the {facts['people']} people that they are drawn from. Each panel has raters of one habit, the last a "
        "mixture. Bands: 95 % intervals over cases. The number in a title says from how many raters on mOH is better "
        "than SVLS of one beyond noise."
    )
