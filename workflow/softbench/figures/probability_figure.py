"""Predicted probability of a structure beside what the raters say: a row a case, a column a method.

After Figs. 4 and 6 of the SVLS paper.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench.figures import case_rows, pictures
from softbench.figures.case_rows import FAILED, CaseRow, members, share
from softbench.figures.gallery import choose_window

VERSION = 1
INCHES = 1.25  # of a panel
MAP: dict[str, Any] = {"cmap": "cividis", "vmin": 0, "vmax": 1}  # even in lightness, for grey print, too
CAPTION = (
    "Predicted probability of {what} beside the reference: of several raters their mean, and the outline of each over "
    "the image. The slice with the longest boundary, cropped to the structures; one colour scale for all."
)


def draw(rows: Sequence[CaseRow], methods: Mapping[str, str], *, title: str) -> Figure:
    """Draw the maps.

    Args:
        rows: of `case_rows.rows`; `predicted` are probabilities (C, ...). Several structures count as one.
        methods: key -> title, the columns.
        title: of the figure.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        size = ((2 + len(methods)) * INCHES + 0.75, len(rows) * INCHES + 0.5)
        figure = Figure(figsize=size, layout="constrained")
        axes = pictures.grid(figure, len(rows), 2 + len(methods))
        shown = None
        for line, row in zip(axes, rows, strict=True):
            shown = _fill(line, row, list(methods)) or shown
        for axis, head in zip(
            axes[0], ["image", "raters' mean" if _many(rows) else "label", *methods.values()], strict=True
        ):
            axis.set_title(head)
        if shown is not None:
            figure.colorbar(shown, ax=axes, label="probability", fraction=0.03, pad=0.01, aspect=25)
        pictures.title(figure, title)
    return figure


def _many(rows: Sequence[CaseRow]) -> bool:
    return any(row.case is not None and len(row.case.labels) > 1 for row in rows)


def _fill(axes: Sequence[Axes], row: CaseRow, methods: Sequence[str]) -> Any:
    axes[0].set_ylabel(row.name)
    if row.case is None:
        for axis in axes[1:]:
            pictures.bare(axis)
        pictures.empty(axes[0], row.reason)
        return None
    ids, spacing = members(row), row.case.spacing_mm
    raters = np.stack([np.isin(labels, ids) for labels in row.case.labels])
    window = choose_window(np.asarray(raters.any(axis=0), np.uint8))
    pictures.show(axes[0], row.case.images[0][window], spacing, cmap="gray")
    for index, mask in enumerate(raters):
        colour = pictures.COLOURS[index % len(pictures.COLOURS)]
        pictures.contour(axes[0], mask[window], colors=colour, linewidths=0.9)
    shown = pictures.show(axes[1], raters.mean(axis=0)[window], spacing, **MAP)
    for axis, method in zip(axes[2:], methods, strict=True):
        if method not in row.predicted:
            pictures.empty(axis, FAILED)
            continue
        pictures.show(axis, share(row.predicted[method], ids)[window], spacing, **MAP)
    return shown
