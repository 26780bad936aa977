"""Predicted probabilities as maps: below the segmentation and beside what the raters say, or as a difference.

After Figs. 4 and 6 of the SVLS paper, and Fig. 4 of the EPD paper.
"""

import textwrap
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

VERSION = 2
PANEL = 1.25  # of a panel
KEY = 0.75  # of the column that names the colours
MAP: dict[str, Any] = {"cmap": "cividis", "vmin": 0, "vmax": 1}  # even in lightness, for grey print, too
CAPTION_OF_PROBABILITIES = (
    "Of each case above: the image, the labels of raters, and what each method segments, the class with the largest "
    "probability, a colour for each structure; below: the reference, of several raters the mean of {what}, and the "
    "predicted probability of {what}. The slice with the longest boundary, cropped to the structures; one colour "
    "scale for all probabilities. Number: DSC of the whole case, mean over structures and raters."
)


def draw_probabilities(rows: Sequence[CaseRow], methods: Mapping[str, str], *, title: str) -> Figure:
    """Draw segmentations and maps: two lines a case.

    Args:
        rows: of `case_rows.rows`; `predicted` are probabilities (C, ...). Several structures count as one in the maps.
        methods: key -> title, the columns.
        title: of the figure.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        raters = max(len(row.case.labels) for row in rows if row.case is not None)
        beside = 1 + (raters + 1) // 2 * (raters > 1)  # columns left of methods: image, mean and labels of raters
        widths = [PANEL] * (beside + len(methods)) + [KEY]
        size = (sum(widths) + 0.75, len(rows) * 2 * (PANEL + 0.1) + 0.5)
        figure, axes = pictures.panels(size, title, 2 * len(rows), [""] * len(widths), widths)
        shown = [
            _fill_row(axes[2 * index : 2 * index + 2], row, methods, beside, is_first=index == 0)
            for index, row in enumerate(rows)
        ]
        scale = next(picture for picture in reversed(shown) if picture is not None)
        figure.colorbar(scale, ax=axes, label="probability", fraction=0.03, pad=0.01, aspect=25)
    return figure


def _fill_row(
    axes: np.ndarray, row: CaseRow, methods: Mapping[str, str], beside: int, *, is_first: bool
) -> ScalarMappable | None:
    """Fill the two lines of a case; return a picture of a probability, for the scale."""
    axes[0, 0].set_ylabel(row.name)
    if row.case is None:
        case_rows.blank(list(axes.flat), row.reason)
        return None
    for axis in axes.flat:
        pictures.bare(axis)
    ids, spacing = members(row), row.case.spacing_mm
    raters = np.stack([np.isin(labels, ids) for labels in row.case.labels])
    window = choose_window(np.asarray(raters.any(axis=0), np.uint8))
    pictures.show(axes[0, 0], row.case.images[0][window], spacing, cmap="gray")
    axes[0, 0].set_title("image")
    shown: ScalarMappable = pictures.show(axes[1, 0], raters.mean(axis=0)[window], spacing, **MAP)
    axes[1, 0].set_title("raters' mean" if len(raters) > 1 else "reference")
    if len(raters) == 1:
        pictures.show(axes[1, 0], pictures.paint(row.case.labels[0][window], row.structures), spacing)  # on top
    else:
        for rater, (axis, labels) in enumerate(zip(axes[:, 1:beside].flat, row.case.labels, strict=False), 1):
            pictures.show(axis, pictures.paint(labels[window], row.structures), spacing)
            axis.set_title(f"rater {rater}")
    for pair, (method, name) in zip(axes[:, beside:-1].T, methods.items(), strict=True):
        if is_first:
            pair[0].set_title(textwrap.fill(name, 18))
        _fill_pair(pair, row, method, window)
    pictures.name_colours(axes[0, -1], pictures.assign_colours(list(row.structures)))
    return shown


def _fill_pair(axes: Sequence[Axes], row: CaseRow, method: str, window: tuple[Any, ...]) -> None:
    """Show what a method segments, and below it its probability."""
    if row.case is None or method not in row.predicted:
        pictures.empty(axes[0], FAILED)
        return
    found, spacing = row.predicted[method], row.case.spacing_mm
    segmented = np.argmax(found[:, *window], axis=0)
    pictures.show(axes[0], pictures.paint(segmented, row.structures), spacing)
    pictures.corner(axes[0], f"DSC {number(row.dsc[method], digits('dsc', '1'))}")
    pictures.show(axes[1], share(found, members(row))[window], spacing, **MAP)
    axes[1].set_title("probability")


INCHES = 1.5  # of a panel
SIGNED_MAP: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -1, "vmax": 1}  # differ for every colour vision
OF_REFERENCE = "Predicted probability of {what}, brought to the full grid, minus the reference (1 inside, 0 outside): "
OF_TARGETS = (
    "Predicted probability of {what} minus the target of each method, on the method's own grid: shares of each window, "
    "or the nearest voxel's label: "
)
CAPTION_OF_DISCREPANCIES = (
    "orange where the prediction is too high, purple where it is too low. Thin line: the reference on the full grid, "
    "so that in grey, too, what lies outside is too high and what lies inside too low. Number: DSC of the structure in "
    "the whole case, on the full grid."
)


def discrepancy_caption(what: str, *, of_targets: bool) -> str:
    """Return the caption of a figure of a structure: against the methods' targets, or against the reference."""
    return (OF_TARGETS if of_targets else OF_REFERENCE).format(what=what) + CAPTION_OF_DISCREPANCIES


def draw_discrepancies(
    rows: Sequence[CaseRow],
    arms: Mapping[str, Sequence[str]],
    methods: Mapping[str, str],
    *,
    title: str,
    of_targets: bool = False,
) -> Figure:
    """Draw the maps: for each case one line an arm, so that the methods of a column are compared.

    Args:
        rows: of `case_rows.rows`; `predicted` are probabilities (C, ...) on the grid of the case, or with `of_targets`
            already differences to the methods' targets.
        arms: name -> methods from left to right.
        methods: key -> title.
        title: of the figure.
        of_targets: what `predicted` are.
    """
    if reasons := case_rows.nothing_at_hand(rows):
        return pictures.nothing(title, reasons)
    with pictures.style():
        columns, lines = 1 + max(map(len, arms.values())), len(rows) * len(arms)
        tall = sum(_height(row) for row in rows) * len(arms) + 0.2 * lines + 0.4
        figure, axes = pictures.panels((columns * INCHES + 0.9, tall), title, lines, [""] * columns)
        for index, row in enumerate(rows):
            _fill_arms(axes[index * len(arms) : (index + 1) * len(arms)], row, list(arms.values()), methods, of_targets)
        scale = ScalarMappable(Normalize(SIGNED_MAP["vmin"], SIGNED_MAP["vmax"]), SIGNED_MAP["cmap"])
        how: dict[str, Any] = {"fraction": 0.03, "pad": 0.01, "aspect": 30, "ticks": [-1, 0, 1]}
        bar = figure.colorbar(scale, ax=axes, label=f"prediction − {'target' if of_targets else 'reference'}", **how)
        bar.ax.set_yticklabels(["−1\ntoo low", "0", "+1\ntoo high"])
    return figure


def _height(row: CaseRow) -> float:
    """Return how high a panel is, in inches."""
    if row.case is None:
        return 0.6
    reference = np.isin(row.case.labels[0], members(row))
    plane = reference[choose_window(reference.astype(np.uint8))]
    return pictures.height(plane, row.case.spacing_mm, INCHES)


def _fill_arms(
    axes: np.ndarray, row: CaseRow, arms: Sequence[Sequence[str]], methods: Mapping[str, str], of_targets: bool
) -> None:
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
            _map(axis, row, method, reference, window, of_targets)


def _map(
    axis: Axes, row: CaseRow, method: str, reference: np.ndarray, window: tuple[Any, ...], of_targets: bool
) -> None:
    if row.case is None or method not in row.predicted:
        pictures.empty(axis, FAILED)
        return
    found = share(row.predicted[method], members(row))[window]
    signed = found if of_targets else found - reference[window]
    pictures.show(axis, signed, row.case.spacing_mm, **SIGNED_MAP)
    if reference[window].any():
        axis.contour(reference[window].astype(float), levels=[0.5], colors="0.25", linewidths=0.35)
    pictures.corner(axis, f"DSC {number(row.dsc[method], digits('dsc', '1'))}")
