"""Slices of test cases with the reference and the prediction of each method: a row a case, a column a method.

Contours on the image, after Fig. 2 of the GeoLS paper; or label maps in colours beside the bare image, after Figs. S1
and S2 of the superpixel paper.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from softbench.figures import case_rows, pictures
from softbench.figures.case_rows import FAILED, CaseRow
from softbench.figures.gallery import choose_window
from softbench.tables.sheet import digits, number

VERSION = 2
INCHES = 1.35  # of a panel
LETTERS = 20  # of a line above a panel
KEY = 0.75  # of the column that names the colours
REFERENCE: dict[str, Any] = {"linewidths": 2.0}
DASHED: dict[str, Any] = {"linewidths": 0.8, "linestyles": [(0, (3, 1.5))]}
SLICE = "The slice with most structures and the longest boundary, cropped to the reference's structures: "
NUMBER = " Number: DSC of the whole case, mean over structures and raters."
CAPTION = f"{SLICE}thick contours of the reference (first rater), thin dashed ones of the prediction.{NUMBER}"
CAPTION_OF_COLOURS = (
    f"{SLICE}the first channel of the image, the reference (first rater), and what each method predicts, a colour for "
    f"each structure.{NUMBER}"
)


def caption(settings: Mapping[str, Any]) -> str:
    """Return the caption of a figure of config, by its `filled`; its `note` comes last."""
    said = CAPTION_OF_COLOURS if settings.get("filled") else CAPTION
    return f"{said} {settings['note']}" if "note" in settings else said


def draw(
    rows: Sequence[CaseRow],
    methods: Mapping[str, str],
    *,
    title: str,
    filled: bool = False,
    first_row: Literal["top", "bottom"] = "bottom",
) -> Figure:
    """Draw the slices.

    Args:
        rows: of `case_rows.rows`; `predicted` are label maps.
        methods: key -> title, the columns.
        title: of the figure.
        filled: whether structures are filled with colours, beside a column with the bare image; else contours.
        first_row: where the first row of an array is shown; that of B-scans lies at the top.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        named = [textwrap.fill(title, LETTERS) for title in methods.values()]
        heads = [*(["image"] if filled else []), "reference", *named, ""]
        widths = [INCHES] * (len(heads) - 1) + [KEY]
        size = sum(widths) + 0.2, len(rows) * max(_height(row) for row in rows) + 0.75
        figure, axes = pictures.panels(size, title, len(rows), heads, widths)
        for line, row in zip(axes, rows, strict=True):
            _fill(line, row, list(methods), filled=filled)
            for axis in line[:-1]:
                axis.yaxis.set_inverted(first_row == "top" and row.case is not None)
        if not filled:
            pictures.legend(figure, _kinds_of_line(), columns=2)
    return figure


def _kinds_of_line() -> list[Line2D]:
    return [
        Line2D([], [], color="0.3", linewidth=2.0, label="reference"),
        Line2D([], [], color="0.3", linewidth=0.8, linestyle=(0, (3, 1.5)), label="prediction"),
    ]


def _height(row: CaseRow) -> float:
    """Return how high a panel is, in inches: as the slice asks for, within bounds."""
    if row.case is None:
        return 0.6
    return pictures.height(row.case.labels[0][choose_window(row.case.labels[0])], row.case.spacing_mm, INCHES)


def _fill(axes: Sequence[Axes], row: CaseRow, methods: Sequence[str], *, filled: bool) -> None:
    axes[0].set_ylabel(row.name)
    if row.case is None:
        case_rows.blank(axes, row.reason)
        return
    window = choose_window(row.case.labels[0])
    if filled:
        pictures.show(axes[0], row.case.images[0][window], row.case.spacing_mm, cmap="gray")
    for axis, method in zip(axes[int(filled) :], [None, *methods], strict=False):
        if method is not None and method not in row.predicted:
            pictures.empty(axis, FAILED)
            continue
        (_paint if filled else _outline)(axis, row, method, window)
        if method is not None:
            pictures.corner(axis, f"DSC {number(row.dsc[method], digits('dsc', '1'))}")
    pictures.name_colours(axes[-1], pictures.assign_colours(list(row.structures)))


def _outline(axis: Axes, row: CaseRow, method: str | None, window: tuple[Any, ...]) -> None:
    """Draw the contours of the reference and of a method on the image; the reference's alone where `method` is None."""
    assert row.case is not None
    pictures.show(axis, row.case.images[0][window], row.case.spacing_mm, cmap="gray")
    colours = pictures.assign_colours(list(row.structures))
    for name, ids in row.structures.items():
        pictures.contour(axis, np.isin(row.case.labels[0][window], ids), colors=colours[name], **REFERENCE)
        if method is not None:
            pictures.contour(axis, np.isin(row.predicted[method][window], ids), colors=colours[name], **DASHED)


def _paint(axis: Axes, row: CaseRow, method: str | None, window: tuple[Any, ...]) -> None:
    """Fill the structures that a method predicts, or the reference's; the smaller of two that share classes on top."""
    assert row.case is not None
    labels = row.case.labels[0] if method is None else row.predicted[method]
    pictures.show(axis, pictures.paint(labels[window], row.structures), row.case.spacing_mm)
