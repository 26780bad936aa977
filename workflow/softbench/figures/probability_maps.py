"""Predicted probabilities of a structure as maps: beside what the raters say, or as their difference to the reference.

After Figs. 4 and 6 of the SVLS paper, and Fig. 4 of the EPD paper.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from softbench.figures import case_rows, pictures
from softbench.figures.case_rows import FAILED, CaseRow, members, share
from softbench.figures.gallery import choose_window
from softbench.tables.sheet import digits, number

VERSION = 1
PANEL = 1.25  # of a panel
MAP: dict[str, Any] = {"cmap": "cividis", "vmin": 0, "vmax": 1}  # even in lightness, for grey print, too
CAPTION_OF_PROBABILITIES = (
    "Predicted probability of {what} beside the reference: of several raters their mean, and the outline of each over "
    "the image. The slice with the longest boundary, cropped to the structures; one colour scale for all."
)


def draw_probabilities(rows: Sequence[CaseRow], methods: Mapping[str, str], *, title: str) -> Figure:
    """Draw the maps.

    Args:
        rows: of `case_rows.rows`; `predicted` are probabilities (C, ...). Several structures count as one.
        methods: key -> title, the columns.
        title: of the figure.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        many = any(row.case is not None and len(row.case.labels) > 1 for row in rows)
        heads = ["image", "raters' mean" if many else "label", *methods.values()]
        size = (len(heads) * PANEL + 0.75, len(rows) * PANEL + 0.5)
        figure, axes = pictures.panels(size, title, len(rows), heads)
        shown = [_fill_row(line, row, list(methods)) for line, row in zip(axes, rows, strict=True)]
        scale = next(picture for picture in reversed(shown) if picture is not None)
        figure.colorbar(scale, ax=axes, label="probability", fraction=0.03, pad=0.01, aspect=25)
    return figure


def _fill_row(axes: Sequence[Axes], row: CaseRow, methods: Sequence[str]) -> Any:
    axes[0].set_ylabel(row.name)
    if row.case is None:
        case_rows.blank(axes, row.reason)
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


INCHES = 1.5  # of a panel
SIGNED_MAP: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -1, "vmax": 1}  # differ for every colour vision
CAPTION_OF_DISCREPANCIES = (
    "Predicted probability of {what}, brought to the full grid, minus the reference (1 inside, 0 outside): orange "
    "where the prediction is too high (false positive), purple where it is too low (false negative). Thin line: the "
    "reference, so that in grey, too, what lies outside is too high and what lies inside too low. Number: DSC of "
    "the structure in the whole case."
)


def draw_discrepancies(
    rows: Sequence[CaseRow], arms: Mapping[str, Sequence[str]], methods: Mapping[str, str], *, title: str
) -> Figure:
    """Draw the maps: for each case one line an arm, so that the methods of a column are compared.

    Args:
        rows: of `case_rows.rows`; `predicted` are probabilities (C, ...) on the grid of the case.
        arms: name -> methods from left to right.
        methods: key -> title.
        title: of the figure.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        columns, lines = 1 + max(map(len, arms.values())), len(rows) * len(arms)
        tall = sum(_height(row) for row in rows) * len(arms) + 0.2 * lines + 0.4
        figure, axes = pictures.panels((columns * INCHES + 0.9, tall), title, lines, [""] * columns)
        for index, row in enumerate(rows):
            _fill_arms(axes[index * len(arms) : (index + 1) * len(arms)], row, list(arms.values()), methods)
        scale = ScalarMappable(Normalize(SIGNED_MAP["vmin"], SIGNED_MAP["vmax"]), SIGNED_MAP["cmap"])
        how: dict[str, Any] = {"fraction": 0.03, "pad": 0.01, "aspect": 30, "ticks": [-1, 0, 1]}
        bar = figure.colorbar(scale, ax=axes, label="prediction − reference", **how)
        bar.ax.set_yticklabels(["−1\ntoo low", "0", "+1\ntoo high"])
    return figure


def _height(row: CaseRow) -> float:
    """Return how high a panel is, in inches."""
    if row.case is None:
        return 0.6
    reference = np.isin(row.case.labels[0], members(row))
    plane = reference[choose_window(reference.astype(np.uint8))]
    return pictures.height(plane, row.case.spacing_mm, INCHES)


def _fill_arms(axes: np.ndarray, row: CaseRow, arms: Sequence[Sequence[str]], methods: Mapping[str, str]) -> None:
    axes[0, 0].set_ylabel(row.name)
    if row.case is None:
        case_rows.blank(list(axes.flat), row.reason)
        return
    for axis in axes.flat:
        pictures.bare(axis)
    ids, spacing = members(row), row.case.spacing_mm
    reference = np.isin(row.case.labels[0], ids)
    window = choose_window(reference.astype(np.uint8))
    pictures.show(axes[0, 0], row.case.images[0][window], spacing, cmap="gray")
    axes[0, 0].set_title("image")
    if len(axes) > 1:
        pictures.show(axes[1, 0], reference[window], spacing, cmap="gray", vmin=0, vmax=1)
        axes[1, 0].set_title("reference")
    for line, arm in zip(axes, arms, strict=True):
        for axis, method in zip(line[1:], arm, strict=True):
            axis.set_title(methods[method])
            _map(axis, row, method, reference, window, ids)


def _map(
    axis: Axes, row: CaseRow, method: str, reference: np.ndarray, window: tuple[Any, ...], ids: Sequence[int]
) -> None:
    if row.case is None or method not in row.predicted:
        pictures.empty(axis, FAILED)
        return
    signed = share(row.predicted[method], ids)[window] - reference[window]
    pictures.show(axis, signed, row.case.spacing_mm, **SIGNED_MAP)
    if reference[window].any():
        axis.contour(reference[window].astype(float), levels=[0.5], colors="0.25", linewidths=0.35)
    pictures.corner(axis, f"DSC {number(row.dsc[method], digits('dsc', '1'))}")
