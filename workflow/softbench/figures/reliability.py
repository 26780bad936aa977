"""Reliability diagrams: how often a network is right when it says how sure it is, by region and method.

The region decides the ranking of calibrated methods, so all regions stand one below the other. A paper's figure, after
Fig. 5 of the SVLS paper, shows one of them, a row an experiment. Places are in inches from the sheet's top left corner.
"""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from softbench.errors import InputError
from softbench.figures import pictures
from softbench.figures.case_rows import FAILED, first_done, titles
from softbench.metrics.calibration import Reliability
from softbench.tables import assemble
from softbench.tables.layout import REGIONS
from softbench.tables.sheet import digits, number

VERSION = 3
COLUMNS = 5  # methods side by side; more start a new block below
NARROW = 3.35  # width of a journal column
LEFT, RIGHT, TOP = 0.6, 0.08, 0.22  # margins, for labels and the title
LEGEND_LINE, LINE, TITLE_LINE = 0.14, 0.14, 0.12  # of the legend, of the title, of a method's title
CURVES, HISTOGRAM = 1.15, 0.27  # heights; the curves' panel is square
BESIDE, BETWEEN, BELOW = 0.15, 0.09, 0.15  # gaps: methods, curves and histogram, regions
HEADING, FOOT = 0.28, 0.3  # of a block: the methods' titles above, the numbers of the last axis below

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Places:
    """Panels for `methods` x `regions`, in blocks of equal length, one below the other."""

    methods: int
    regions: int
    heading_lines: int = 1
    title_lines: int = 2  # of the methods' titles, at most

    @property
    def columns(self) -> int:
        """Methods side by side: as even as the number of blocks allows."""
        return -(-self.methods // -(-self.methods // COLUMNS))

    @property
    def width(self) -> float:
        """Of the sheet in inches: at least a journal column."""
        return max(NARROW, LEFT + self.columns * (CURVES + BESIDE) - BESIDE + RIGHT)

    @property
    def height(self) -> float:
        """Of the sheet in inches."""
        return self._top + -(-self.methods // self.columns) * self._block + LEGEND_LINE * self.legend_lines

    @property
    def legend_lines(self) -> int:
        """One where the sheet is wide enough for the five entries side by side."""
        return 1 if self.columns > 3 else 3

    @property
    def _top(self) -> float:
        return TOP + LINE * (self.heading_lines - 1)

    @property
    def _heading(self) -> float:
        return HEADING + TITLE_LINE * max(0, self.title_lines - 2)

    @property
    def _region(self) -> float:
        return CURVES + BETWEEN + HISTOGRAM + BELOW

    @property
    def _block(self) -> float:
        return self._heading + self.regions * self._region + FOOT

    def is_first(self, index: int) -> bool:
        """Whether a method stands at the left edge."""
        return index % self.columns == 0

    def curves(self, index: int, row: int) -> Box:
        """Return the place of a method's curves in a region: left, bottom, width, height as shares of the sheet."""
        return self._place(index, row, 0, CURVES)

    def histogram(self, index: int, row: int) -> Box:
        """Return the place of the histogram below those curves."""
        return self._place(index, row, CURVES + BETWEEN, HISTOGRAM)

    def _place(self, index: int, row: int, offset: float, height: float) -> Box:
        used = LEFT + self.columns * (CURVES + BESIDE) - BESIDE + RIGHT
        left = (self.width - used) / 2 + LEFT + index % self.columns * (CURVES + BESIDE)
        top = self._top + index // self.columns * self._block + self._heading + row * self._region + offset
        return left / self.width, 1 - (top + height) / self.height, CURVES / self.width, height / self.height


PALETTE = sns.color_palette("colorblind")
SHADE = 0.42  # opacity of the gap
DIAGONAL: dict[str, Any] = {"color": "0.55", "linewidth": 0.7, "linestyle": (0, (4, 3))}
CURVE, UNDER, OVER = "#1f2937", PALETTE[0], PALETTE[1]  # blue and orange differ for every kind of colour vision


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
        how: dict[str, Any] = {"ha": "center", "va": "center", "color": "0.4", "backgroundcolor": "white"}
        axis.text(0.5, 0.5, FAILED, fontsize=6.5, **how)
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
        how: dict[str, Any] = {"where": part, "interpolate": True, "color": colour, "alpha": SHADE, "linewidth": 0}
        axis.fill_between(confidence, accuracy, confidence, zorder=2, **how)


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
    thin = [] if ensembles or single else [Line2D([], [], color=CURVE, linewidth=0.5, alpha=0.6, label="one seed")]
    handles = [
        Line2D([], [], color=CURVE, linewidth=1.3, marker="o", markersize=1.8, label=whose),
        *thin,
        Line2D([], [], **DIAGONAL, label="perfect calibration"),
        Patch(color=OVER, alpha=SHADE, linewidth=0, label="over-confident"),
        Patch(color=UNDER, alpha=SHADE, linewidth=0, label="under-confident"),
    ]
    how: dict[str, Any] = {"loc": "lower center", "frameon": False, "fontsize": 6.5, "borderaxespad": 0.2}
    figure.legend(handles=handles, ncols=-(-len(handles) // lines), **how)


LETTERS = 20  # of a line of a method's title
CAPTION = (
    "How often a prediction is right against how sure it is. The diagrams pool the voxels of all test cases; their "
    "ECE is not the table's mean over cases: it is smaller where over- and under-confident cases cancel, and may be "
    "larger, since a case counts by its voxels. Of several raters the first is the reference."
)


Statistics = Mapping[tuple[str, Any, str], Reliability]  # (method key, seed or None for an ensemble, roi)


def draw(
    statistics: Statistics, *, title: str, methods: Sequence[Mapping[str, Any]], rows: Mapping[str, str] = REGIONS
) -> Figure:
    """Draw one reliability diagram for each method (column) and region (row), with its histogram of confidence.

    A panel shows the accuracy of the bins against their mean confidence: a thin line for each seed, a bold one for
    the seeds' merged counts, and between it and the diagonal the gap. Empty bins are not drawn, since their accuracy
    is unknown. The number is the pooled ECE, averaged over seeds. The bars are each bin's share of the voxels.

    Args:
        statistics: (method key, seed, roi) -> the run's bins, merged over cases; an ensemble has the seed None.
        title: of the figure.
        methods: `key` and `title` of each, in order; one without statistics keeps an empty panel.
        rows: what stands in the place of a region in `statistics` -> its name; a row without statistics is left out.
    Raises: InputError: if no method has statistics.
    """
    regions = [roi for roi in rows if any(key[2] == roi for key in statistics)]
    if not regions or not {key[0] for key in statistics} & {method["key"] for method in methods}:
        raise InputError(f"there is nothing to draw: none of {[m['key'] for m in methods]} has reliability statistics.")
    with pictures.style("ticks"):
        return _figure(statistics, {roi: rows[roi] for roi in regions}, methods, title)


def _figure(
    statistics: Statistics, regions: Mapping[str, str], methods: Sequence[Mapping[str, Any]], title: str
) -> Figure:
    """Fill the sheet's places: for each method and region a panel of curves and below it a histogram."""
    titles = [textwrap.wrap(method["title"], LETTERS) for method in methods]
    sheet = Places(len(methods), len(regions), title_lines=max(map(len, titles)))
    heading = textwrap.wrap(title, int(sheet.width * 13))
    sheet = replace(sheet, heading_lines=len(heading))
    figure = Figure(figsize=(sheet.width, sheet.height))
    said = "\n".join(heading)
    figure.text(0.5, 1 - 0.06 / sheet.height, said, ha="center", va="top", fontsize=8, fontweight="bold")
    for index, method in enumerate(methods):
        for row, roi in enumerate(regions):
            seeds = [s for (key, _, where), s in sorted(statistics.items()) if (key, where) == (method["key"], roi)]
            curves = figure.add_axes(sheet.curves(index, row))
            bars = figure.add_axes(sheet.histogram(index, row))
            draw_curves(curves, seeds)
            draw_histogram(bars, seeds)
            name_axes(curves, bars, regions[roi] if sheet.is_first(index) else "", last=row == len(regions) - 1)
            if row == 0:
                curves.set_title("\n".join(titles[index]))
    counts = Counter((key, roi) for key, _, roi in statistics)
    of_ensembles = any(seed is None for _, seed, _ in statistics)
    draw_legend(figure, lines=sheet.legend_lines, ensembles=of_ensembles, single=max(counts.values()) == 1)
    return figure


def write(settings: Mapping[str, Any], paths: Sequence[str]) -> None:
    """Write the figure (.png, .pdf) and its caption (.txt).

    Args:
        settings: of the figure: `title`, `titles`, `methods`, `panels`, and where wanted `roi`.
        paths: of the three files, in this order.
    """
    roi, said = settings.get("roi", "foreground"), pictures.said(settings)
    statistics: dict[tuple[str, Any, str], Reliability] = {}
    rows, missing = {}, []
    for panel in settings["panels"]:
        name, read = panel["name"], _statistics(panel)
        if isinstance(read, str):
            missing.append(f"{name}: {read}.")
            continue
        rows[name] = name
        statistics |= {(method, seed, name): bins for (method, seed, where), bins in read.items() if where == roi}
    if not statistics:
        pictures.save(pictures.nothing(settings["title"], missing), paths, " ".join(missing), **said)
        return
    methods = [{"key": key, "title": title} for key, title in titles(settings).items()]
    title = f"{settings['title']} ({REGIONS[roi]})"
    figure = draw(statistics, title=title, methods=methods, rows=rows)
    over = REGIONS[roi] if roi == "all" else f"the {REGIONS[roi]} alone"
    where = f"Over {over}; a row for each of {', '.join(rows)}."
    pictures.save(figure, paths, " ".join([CAPTION, where, *missing]), **said)


def _statistics(panel: Mapping[str, Any]) -> dict[tuple[str, Any, str], Reliability] | str:
    """Return the bins of an experiment's runs, or why there are none."""
    if "reason" in panel:
        return str(panel["reason"])
    batches = [Path(path) for run in panel["runs"].values() for path in run["batches"]]
    return FAILED if first_done(batches) is None else assemble.read(batches).reliability
