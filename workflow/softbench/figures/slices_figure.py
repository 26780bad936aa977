"""Slices of test cases with the contours of the reference and of each method: a row a case, a column a method.

After Fig. 2 of the GeoLS paper.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from softbench.figures import case_rows, pictures
from softbench.figures.case_rows import FAILED, CaseRow
from softbench.figures.gallery import choose_window
from softbench.tables.sheet import digits, number

VERSION = 1
INCHES = 1.35  # of a panel
KEY = 0.75  # of the column that names the colours
REFERENCE: dict[str, Any] = {"linewidths": 2.0}
DASHED: dict[str, Any] = {"linewidths": 0.8, "linestyles": [(0, (3, 1.5))]}
CAPTION = (
    "The slice with most structures and the longest boundary, cropped to the reference's structures: thick contours of "
    "the reference (first rater), thin dashed ones of the prediction. Number: DSC of the whole case, mean over "
    "structures and raters."
)


def draw(rows: Sequence[CaseRow], methods: Mapping[str, str], *, title: str) -> Figure:
    """Draw the slices.

    Args:
        rows: of `case_rows.rows`; `predicted` are label maps.
        methods: key -> title, the columns.
        title: of the figure.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        heads = ["reference", *methods.values(), ""]
        widths = [INCHES] * (len(heads) - 1) + [KEY]
        size = sum(widths) + 0.2, len(rows) * max(_height(row) for row in rows) + 0.75
        figure, axes = pictures.panels(size, title, len(rows), heads, widths)
        for line, row in zip(axes, rows, strict=True):
            _fill(line, row, list(methods))
        handles = [
            Line2D([], [], color="0.3", linewidth=2.0, label="reference"),
            Line2D([], [], color="0.3", linewidth=0.8, linestyle=(0, (3, 1.5)), label="prediction"),
        ]
        pictures.legend(figure, handles, columns=2)
    return figure


def _height(row: CaseRow) -> float:
    """Return how high a panel is, in inches: as the slice asks for, within bounds."""
    if row.case is None:
        return 0.6
    return pictures.height(row.case.labels[0][choose_window(row.case.labels[0])], row.case.spacing_mm, INCHES)


def _fill(axes: Sequence[Axes], row: CaseRow, methods: Sequence[str]) -> None:
    axes[0].set_ylabel(row.name)
    if row.case is None:
        case_rows.blank(axes, row.reason)
        return
    window = choose_window(row.case.labels[0])
    colours = pictures.colour_of(list(row.structures))
    for axis, method in zip(axes, [None, *methods], strict=False):
        if method is not None and method not in row.predicted:
            pictures.empty(axis, FAILED)
            continue
        pictures.show(axis, row.case.images[0][window], row.case.spacing_mm, cmap="gray")
        for name, ids in row.structures.items():
            pictures.contour(axis, np.isin(row.case.labels[0][window], ids), colors=colours[name], **REFERENCE)
            if method is not None:
                pictures.contour(axis, np.isin(row.predicted[method][window], ids), colors=colours[name], **DASHED)
        if method is not None:
            pictures.corner(axis, f"DSC {number(row.dsc[method], digits('dsc', '1'))}")
    _name_colours(axes[-1], colours)


def _name_colours(axis: Axes, colours: Mapping[str, str]) -> None:
    pictures.bare(axis)
    edge = [effects.Stroke(linewidth=2.8, foreground="0.35"), effects.Normal()]
    line: dict[str, Any] = {"linewidth": 2, "path_effects": edge}
    handles = [Line2D([], [], color=colours[name], label=pictures.spelled(name), **line) for name in colours]
    axis.legend(handles=handles, loc="center left", frameon=False, fontsize=6, handlelength=1.2, borderaxespad=0)
