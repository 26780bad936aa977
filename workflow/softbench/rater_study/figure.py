"""Figures of a study: the score against the width of each soft label, and what a label's probability means."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from softbench.figures import pictures
from softbench.rater_study import words
from softbench.rater_study.collect import Collected
from softbench.rater_study.judge import DECIDES, Structure
from softbench.rater_study.trials import ONE_HOT, OTHERS, Line
from softbench.rater_study.verdicts import SAME_FUNCTION

VERSION = 4
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7F7F7F")
MARKERS = "osD^vPXd"
AXES = {"mm": "width (mm)", "voxels": "width (voxels)", "share": "share given away", "windows": "reach (windows)"}
HIGHEST = 2.2  # times the score of one-hot: what is above is not drawn
PLACES = 7  # for ticks along an axis
FEWEST = 1e-4  # share of all voxels: bins of fewer are not drawn
FEW = 5e-3  # bins of fewer are hollow


def draw_widths(study: Collected, judged: Sequence[Structure], titles: Mapping[str, str]) -> Figure:
    """Return the Brier score in the band against the width: a row a structure, a column a unit, a line a recipe.

    A thick part of a line marks the range of best widths; dashed lines are one-hot.
    """
    swept = [line for line in study.lines.values() if len(line.values) > 1]
    units = list(dict.fromkeys(line.unit for line in swept))
    looks = {line.name: _look(n) for n, line in enumerate(swept)}
    size = (0.6 + 2.2 * len(units), 0.9 + 1.7 * len(judged))
    heads = [AXES.get(unit, unit) for unit in units]
    with pictures.style("ticks"):
        figure, axes = pictures.panels(size, "Soft labels of one rater against the others", len(judged), heads)
        for row, structure in zip(axes, judged, strict=True):
            for axis, unit in zip(row, units, strict=True):
                for line in (line for line in swept if line.unit == unit):
                    _curve(axis, study, structure, line, looks[line.name])
                axis.axhline(structure.lines[ONE_HOT].brier[DECIDES], color="0.4", linestyle="--", linewidth=0.8)
                axis.set_xscale("log")
                _ticks(axis, [value for line in swept if line.unit == unit for value in line.values])
            row[0].set_ylabel(f"{pictures.spelled(structure.name)}\nBrier score in the band")
            low, high = (end(axis.get_ylim()[n] for axis in row) for n, end in ((0, min), (1, max)))
            for axis in row:
                axis.set_ylim(min(0, low), min(high, HIGHEST * structure.lines[ONE_HOT].brier[DECIDES]))
        handles: list[Line2D | Patch] = [
            Line2D([], [], **looks[line.name], markersize=3, linewidth=1, label=words.title(line, titles))
            for line in swept
        ]
        handles.append(Line2D([], [], color="0.4", linestyle="--", linewidth=0.8, label="One-hot"))
        handles.append(Line2D([], [], color="0.6", linewidth=5, alpha=0.5, label="best, or not told from the best"))
        pictures.legend(figure, handles, columns=min(4, len(units) * 2))
    return figure


def _look(n: int) -> dict[str, Any]:
    """Return colour and marker of the n-th line; no two of 64 lines share both."""
    return {"color": COLOURS[n % len(COLOURS)], "marker": MARKERS[(n + n // len(COLOURS)) % len(MARKERS)]}


def _curve(axis: Axes, study: Collected, structure: Structure, line: Line, look: Mapping[str, Any]) -> None:
    scores = study.by_patient(line.name, "brier", structure.name, DECIDES)
    means = scores[:, ~np.isnan(scores).any(axis=0)].mean(axis=1)
    axis.plot(line.values, means, **look, markersize=2.5, linewidth=0.9)
    best = structure.lines[line.name].best
    if best is not None:
        part = slice(best.first, best.last + 1)
        axis.plot(line.values[part], means[part], **look, linewidth=5, alpha=0.35, solid_capstyle="round", markersize=5)


def _ticks(axis: Axes, values: Sequence[float]) -> None:
    """Write the values that were tried, as many as have room."""
    every = sorted(set(values))
    shown: list[float] = []
    for value in every:
        if not shown or math.log(value / shown[-1]) >= math.log(every[-1] / every[0]) / PLACES:
            shown.append(value)
    axis.set_xticks(shown, [f"{value:g}" for value in shown])
    axis.set_xticks([], minor=True)


def caption_of_widths(study: Collected, judged: Sequence[Structure], note: str = "") -> str:
    """Return what the figure of widths shows; `note` is a sentence about the numbers."""
    reason = next((line.best.reason for structure in judged for line in structure.lines.values()
                   if line.best and line.best.reason), None)  # fmt: skip
    marked = (
        f"Marked: the lowest of each line; there is no range ({reason})."
        if reason
        else "Marked: the best width of each line, and those that are not worse beyond noise over patients."
    )
    return (
        f"{study.manifest['title']}, {len(study.patients)} patients: Brier score of soft labels made from one rater "
        f"against the mean of the other raters, within {study.manifest['band_mm']:g} mm of the boundary. {marked} "
        f"The mean of the other raters itself has 0. Scores above {HIGHEST:g} times that of one-hot lie outside the "
        f"picture. {note}"
    ).strip()


def draw_reliability(study: Collected, judged: Sequence[Structure], titles: Mapping[str, str]) -> Figure:
    """Return reliability diagrams of the labels: of voxels with probability p, which share of the others agrees.

    Labels that are one-hot under another name are left out. Bins of few voxels are hollow.
    """
    size = (0.4 + 2.3 * len(judged), 3.4)
    every = {name: line.one_hot for name, line in judged[0].lines.items() if name != OTHERS}
    shown = [name for name, verdict in every.items() if verdict is None or verdict.said != SAME_FUNCTION]
    looks = {name: _look(n) for n, name in enumerate(shown)}
    with pictures.style("ticks"):
        heads = [pictures.spelled(structure.name) for structure in judged]
        figure, axes = pictures.panels(size, "What a probability of a label means", 1, heads)
        for axis, structure in zip(axes[0], judged, strict=True):
            axis.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
            for name in shown:
                _diagram(axis, structure.lines[name].bins, looks[name])
            axis.set(xlabel="probability of the label", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes[0][0].set_ylabel("share of the other raters")
        handles = [
            Line2D([], [], markersize=3, linewidth=1, label=words.title(judged[0].lines[name].line, titles), **look)
            for name, look in looks.items()
        ]
        pictures.legend(figure, handles, columns=4 if len(judged) > 1 else 2)
    return figure


def _diagram(axis: Axes, bins: np.ndarray, look: Mapping[str, Any]) -> None:
    """Draw one label's bins (bins, 3): voxels, sums of p and of the others' share."""
    share = bins[:, 0] / bins[:, 0].sum()
    voxels, p, q = np.moveaxis(bins[share > FEWEST], -1, 0)
    few = share[share > FEWEST] < FEW
    axis.plot(p / voxels, q / voxels, linewidth=0.7, color=look["color"])
    for here, fill in ((~few, look["color"]), (few, "white")):
        points: dict[str, Any] = {"linestyle": "", "markersize": 2.5, "markerfacecolor": fill, "markeredgewidth": 0.6}
        axis.plot(p[here] / voxels[here], q[here] / voxels[here], **points, **look)


def caption_of_reliability(study: Collected) -> str:
    """Return what the reliability diagrams show."""
    return (
        f"{study.manifest['title']}, {len(study.patients)} patients: of the voxels in the band to which a soft label "
        "of one rater gives a probability, the share of the other raters who drew the structure there; in ten bins. On "
        f"the diagonal, 0.7 means that 70 % of the others agree. Hollow: bins of less than {100 * FEW:g} % of these "
        f"voxels; those of less than {100 * FEWEST:g} % are left out. Settings are those chosen on the other half of "
        "the patients."
    )
