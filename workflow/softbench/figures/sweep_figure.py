"""Curves of metrics against a parameter: a row a metric, a column an experiment.

After Fig. 3 of the GeoLS paper (alpha) and Figs. 4 and 5 of the superpixel paper (count, weight of KL).
"""

import textwrap
from collections.abc import Sequence

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from softbench.figures import pictures
from softbench.figures.sweep import Panel
from softbench.metrics.catalogue import describe
from softbench.tables.layout import ARROWS

VERSION = 2
INCHES = (2.8, 1.45)  # of a panel
LINE, SEED, PRINTED = sns.color_palette("colorblind")[0], "0.35", sns.color_palette("colorblind")[1]
CAPTION = (
    "{metrics} of {structure} against {x}. Line: mean over seeds of the mean over test cases; grey dots: one seed each."
)
ABOUT_PRINTED = " Hollow diamonds: as printed in the paper, whiskers ± sd over its seeds."


def draw(
    panels: Sequence[Panel], *, metrics: Sequence[str], points: Sequence[float], x: str, title: str, log: bool = False
) -> Figure:
    """Draw a sweep.

    Args:
        panels: the columns.
        metrics: the rows, keys of the catalogue.
        points: values of the parameter that were planned; they are the ticks.
        x: what the horizontal axis shows.
        title: of the figure.
        log: whether that axis is logarithmic.
    """
    with pictures.style("ticks"):
        width, height = max(3.35, INCHES[0] * len(panels)), INCHES[1] * len(metrics) + 0.75
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = pictures.grid(figure, len(metrics), len(panels))
        for column, panel in enumerate(panels):
            axes[0, column].set_title(panel.name)
            for axis, metric in zip(axes[:, column], metrics, strict=True):
                _fill(axis, panel, metric)
                _name(axis, metric if column == 0 else "", points, x if axis is axes[-1, column] else "", log)
        figure.align_ylabels(axes[:, 0])
        pictures.title(figure, title)
        _legend(figure, any(len(panel.printed) for panel in panels))
    return figure


def _fill(axis: Axes, panel: Panel, metric: str) -> None:
    shown = panel.printed[panel.printed["metric"] == metric].astype({"x": float, "mean": float, "sd": float})
    axis.errorbar(
        shown["x"], shown["mean"], shown["sd"].fillna(0), fmt="D", markerfacecolor="white", markersize=6,
        color=PRINTED, elinewidth=0.8, capsize=2, zorder=2,
    )  # fmt: skip
    curve = None if panel.curves is None else panel.curves[panel.curves["metric"] == metric].dropna(subset="value")
    if curve is None or curve.empty:
        if shown.empty:
            axis.set_yticks([])
        why = axis.text(0.5, 0.5, textwrap.fill(panel.reason, 30), transform=axis.transAxes, ha="center", va="center")
        why.set(color="0.4", fontsize=6.5, in_layout=False)
        return
    mean = curve.groupby("x")["value"].mean()
    axis.plot(curve["x"], curve["value"], "o", color=SEED, markersize=1.8, alpha=0.7, linewidth=0, zorder=3)
    axis.plot(mean.index, mean, "-s", color=LINE, linewidth=1.2, markersize=2.6, zorder=4)


def _name(axis: Axes, metric: str, points: Sequence[float], x: str, log: bool) -> None:
    if log:
        axis.set_xscale("log")
        axis.minorticks_off()
    low, high = min(points), max(points)
    edge = 0.06 * ((np.log(high / low) if log else high - low) or 1)
    axis.set_xlim(*((low / np.exp(edge), high * np.exp(edge)) if log else (low - edge, high + edge)))
    axis.set_xticks(points, [f"{value:g}" for value in points] if x else [""] * len(points), fontsize=5)
    axis.set_xlabel(x)
    if metric:
        one = describe(metric)
        unit = "" if one.unit == "1" else f" ({one.unit})"
        axis.set_ylabel(f"{one.name}{unit} {ARROWS.get(one.better, '')}".strip())


def _legend(figure: Figure, with_printed: bool) -> None:
    handles = [
        Line2D([], [], color=LINE, marker="s", markersize=2.6, linewidth=1.2, label="mean over seeds"),
        Line2D([], [], color=SEED, marker="o", markersize=1.8, alpha=0.7, linewidth=0, label="one seed"),
    ]
    if with_printed:
        hollow = {"marker": "D", "markersize": 4, "markerfacecolor": "white", "linewidth": 0}
        handles.append(Line2D([], [], color=PRINTED, **hollow, label="printed, ± sd over seeds"))  # type: ignore[arg-type]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=6.5)


def caption(panels: Sequence[Panel], *, metrics: Sequence[str], structure: str, x: str, note: str = "") -> str:
    """Return the caption of a sweep; `note` is a sentence that ends it."""
    names = ", ".join(describe(metric).name for metric in metrics)
    text = CAPTION.format(metrics=names, structure=structure, x=x)
    counts = [f"{one.name}: {one.curves['seed'].nunique()} seeds" for one in panels if one.curves is not None]
    missing = [f"{one.name}: {one.reason}" for one in panels if one.curves is None]
    about = ABOUT_PRINTED if any(len(panel.printed) for panel in panels) else ""
    return f"{text}{about} {'; '.join([*counts, *missing])}. {note}".strip()
