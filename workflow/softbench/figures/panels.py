"""The panels of a reliability diagram: curves with their gap, and the histogram of confidence below."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from softbench.metrics.reliability import Reliability
from softbench.tables.rounding import digits, number

VERSION = 3
PALETTE = sns.color_palette("colorblind")
SHADE = 0.42  # opacity of the gap
DIAGONAL: dict[str, Any] = {"color": "0.55", "linewidth": 0.7, "linestyle": (0, (4, 3))}
CURVE, UNDER, OVER = "#1f2937", PALETTE[0], PALETTE[1]  # blue and orange differ for every kind of colour vision
STYLE = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 6.5, "axes.titlesize": 7,
    "axes.labelsize": 6.5, "xtick.labelsize": 6, "ytick.labelsize": 6, "axes.linewidth": 0.6, "xtick.major.width": 0.6,
    "ytick.major.width": 0.6, "xtick.major.size": 2, "ytick.major.size": 2, "ytick.minor.size": 0, "pdf.fonttype": 42,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlepad": 4, "axes.labelpad": 2, "xtick.major.pad": 2,
    "ytick.major.pad": 2,
}  # fmt: skip


def curve(bins: Reliability) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean confidence and the accuracy of each bin: (bins,), in [0, 1]; NaN where a bin is empty."""
    count = np.where(bins.counts > 0, bins.counts, np.nan)
    return bins.confidence / count, bins.correct / count


def draw_curves(axis: Axes, seeds: Sequence[Reliability]) -> None:
    """Draw the diagonal, each seed's curve, that of the merged seeds with its gap, and the ECE pooled over cases."""
    axis.plot([0, 1], [0, 1], **DIAGONAL, zorder=1)
    axis.set(xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axis.tick_params(labelbottom=False)
    if not seeds:
        axis.text(
            0.5, 0.5, "no finished run", ha="center", va="center", color="0.4", backgroundcolor="white", fontsize=6.5
        )
        return
    for bins in seeds if len(seeds) > 1 else []:
        axis.plot(*curve(bins), color=CURVE, linewidth=0.5, alpha=0.45, zorder=3)
    confidence, accuracy = curve(reduce(Reliability.merge, seeds))
    _shade(axis, confidence, accuracy)
    axis.plot(confidence, accuracy, color=CURVE, linewidth=1.3, marker="o", markersize=1.8, zorder=4)
    error = number(float(np.mean([bins.ece for bins in seeds])), digits("ece", "1"))
    modest = float(np.nansum(accuracy - confidence)) > 0  # the curve is above the diagonal: below, there is room
    place: dict[str, Any] = {"x": 0.95, "y": 0.05, "ha": "right"} if modest else {"x": 0.05, "y": 0.95, "va": "top"}
    axis.text(s=f"pooled ECE {error}", transform=axis.transAxes, fontsize=6.5, zorder=5, **place)


def _shade(axis: Axes, confidence: np.ndarray, accuracy: np.ndarray) -> None:
    """Fill the gap to the diagonal: orange where the network is too sure of itself, blue where it is too modest."""
    for colour, part in ((OVER, accuracy < confidence), (UNDER, accuracy >= confidence)):
        axis.fill_between(
            confidence,
            accuracy,
            confidence,
            where=part,
            interpolate=True,
            color=colour,
            alpha=SHADE,
            linewidth=0,
            zorder=2,
        )


def draw_histogram(axis: Axes, seeds: Sequence[Reliability]) -> None:
    """Draw each bin's share of the voxels on a log scale; an empty bin has no bar."""
    axis.set(xlim=(0, 1), xticks=[0, 0.5, 1], yscale="log", ylim=(1e-5, 1), yticks=[1e-4, 1e-2])
    if seeds:
        count = reduce(Reliability.merge, seeds).counts
        edges = np.linspace(0, 1, len(count) + 1)
        share = np.where(count > 0, count / max(count.sum(), 1), np.nan)
        axis.bar(edges[:-1], share, np.diff(edges), align="edge", color="0.62", edgecolor="white", linewidth=0.3)


def name_axes(curves: Axes, bars: Axes, region: str, *, last: bool) -> None:
    """Name the axes at the edge of the sheet (`region` is empty elsewhere), and keep numbers away from the others."""
    for axis, label in ((curves, f"{region}\naccuracy"), (bars, "share\n(log)")):
        axis.tick_params(labelleft=bool(region))
        axis.set_ylabel(label if region else "")
        axis.yaxis.set_label_coords(-0.27, 0.5)
    bars.set_xticks([0, 0.5, 1], ["0", "0.5", "1"] if last else [""] * 3)
    bars.set_xlabel("confidence" if last else "")


def draw_legend(figure: Figure, *, lines: int, ensembles: bool = False, single: bool = False) -> None:
    """Explain lines and colours below the panels; `single`: each method has one run, so no seeds to merge."""
    whose = "ensemble of the seeds" if ensembles else "the one run" if single else "all seeds merged"
    one = [] if ensembles or single else [Line2D([], [], color=CURVE, linewidth=0.5, alpha=0.6, label="one seed")]
    handles = [
        Line2D([], [], color=CURVE, linewidth=1.3, marker="o", markersize=1.8, label=whose),
        *one,
        Line2D([], [], **DIAGONAL, label="perfect calibration"),
        Patch(color=OVER, alpha=SHADE, linewidth=0, label="over-confident"),
        Patch(color=UNDER, alpha=SHADE, linewidth=0, label="under-confident"),
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=-(-len(handles) // lines),
        frameon=False,
        fontsize=6.5,
        borderaxespad=0.2,
    )
