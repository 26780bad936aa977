"""Where a prediction is too high or too low: signed difference of probability and reference, an arm a row.

After Fig. 4 of the EPD paper.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench.figures import case_rows, pictures
from softbench.figures.case_rows import FAILED, CaseRow, members, share
from softbench.figures.gallery import choose_window
from softbench.tables.rounding import digits, number

VERSION = 1
INCHES = 1.5  # of a panel
MAP: dict[str, Any] = {"cmap": "PuOr_r", "vmin": -1, "vmax": 1}  # purple and orange differ for every colour vision
CAPTION = (
    "Predicted probability of {what}, brought to the full grid, minus the reference (1 inside, 0 outside): orange "
    "where the prediction is too high (false positive), purple where it is too low (false negative). Thin line: the "
    "reference, so that in grey, too, what lies outside is too high and what lies inside too low. Number: DSC of "
    "the structure in the whole case."
)


def draw(
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
        figure = Figure(figsize=(columns * INCHES + 0.9, tall), layout="constrained")
        axes = pictures.grid(figure, lines, columns)
        for index, row in enumerate(rows):
            _fill(axes[index * len(arms) : (index + 1) * len(arms)], row, list(arms.values()), methods)
        bar = figure.colorbar(
            _scale(), ax=axes, fraction=0.03, pad=0.01, aspect=30, ticks=[-1, 0, 1], label="prediction − reference"
        )
        bar.ax.set_yticklabels(["−1\ntoo low", "0", "+1\ntoo high"])
        pictures.title(figure, title)
    return figure


def _height(row: CaseRow) -> float:
    """Return how high a panel is, in inches."""
    if row.case is None:
        return 0.6
    reference = np.isin(row.case.labels[0], members(row))
    plane = reference[choose_window(reference.astype(np.uint8))]
    return pictures.height(plane, row.case.spacing_mm, INCHES)


def _scale() -> Any:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(MAP["vmin"], MAP["vmax"]), MAP["cmap"])


def _fill(axes: np.ndarray, row: CaseRow, arms: Sequence[Sequence[str]], methods: Mapping[str, str]) -> None:
    axes[0, 0].set_ylabel(row.name)
    for axis in axes.flat:
        pictures.bare(axis)
    if row.case is None:
        pictures.empty(axes[0, 0], row.reason)
        return
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
    pictures.show(axis, signed, row.case.spacing_mm, **MAP)
    if reference[window].any():
        axis.contour(reference[window].astype(float), levels=[0.5], colors="0.25", linewidths=0.35)
    pictures.corner(axis, f"DSC {number(row.dsc[method], digits('dsc', '1'))}")
