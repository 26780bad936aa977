"""Reliability diagrams: how often a network is right when it says how sure it is, by region and method.

The region decides the ranking of calibrated methods, so all regions stand one below the other.
"""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import matplotlib
import seaborn as sns
from matplotlib.figure import Figure

from softbench.errors import InputError
from softbench.figures.panels import STYLE, draw_curves, draw_histogram, draw_legend, name_axes
from softbench.figures.sheet import Sheet
from softbench.metrics.reliability import Reliability
from softbench.tables.layout import REGIONS

VERSION = 2
LETTERS = 20  # of a line of a method's title
KINDS = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None, "Creator": None}}  # no dates
CAPTION = (
    "How often a prediction is right against how sure it is. The diagrams pool the voxels of all test cases; their "
    "ECE is not the table's mean over cases: it is smaller where over- and under-confident cases cancel, and may be "
    "larger, since a case counts by its voxels."
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
    style: dict[Any, Any] = {**sns.axes_style("ticks"), **STYLE}
    with matplotlib.rc_context(style):
        return _figure(statistics, {roi: rows[roi] for roi in regions}, methods, title)


def _figure(
    statistics: Statistics, regions: Mapping[str, str], methods: Sequence[Mapping[str, Any]], title: str
) -> Figure:
    """Fill the sheet's places: for each method and region a panel of curves and below it a histogram."""
    titles = [textwrap.wrap(method["title"], LETTERS) for method in methods]
    sheet = Sheet(len(methods), len(regions), title_lines=max(map(len, titles)))
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
