"""Pictures of soft labels on one slice: image, label, class probabilities, difference to one-hot, a row a soft label.

After Fig. 1 of the GeoLS paper and Figs. 1-3 of the SVLS paper.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.colors
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench import pieces
from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.figures.panels import STYLE
from softbench.figures.reliability import KINDS

VERSION = 2
INCHES = 1.15  # of a panel
MARGIN = 8  # voxels around the structures
CAPTION = (
    "One slice of one case: image (first channel), label (first rater), the probability of each class, and the mass "
    "that the soft label moved away from the label."
)
PALETTE = sns.color_palette("colorblind")


def draw(
    case: Case, softs: Mapping[str, np.ndarray], classes: Sequence[str], path_png: Path, path_pdf: Path, *, title: str
) -> None:
    """Draw the soft labels of one case on the slice with most classes and the longest boundary.

    Args:
        case: gives image and labels; its first channel and first rater are shown.
        softs: title -> (C, ...) probabilities on the case's grid, one row each.
        classes: names of the classes.
        path_png: where the 200-dpi image goes.
        path_pdf: where the vector image goes.
        title: of the figure.
    """
    window = choose_window(case.labels[0])
    image, labels = case.images[0][window], case.labels[0][window]
    style: dict[Any, Any] = {**sns.axes_style("white"), **STYLE}
    with matplotlib.rc_context(style):
        figure = _figure(image, labels, {name: soft[(slice(None), *window)] for name, soft in softs.items()}, classes)
        figure.suptitle(title, fontsize=8, fontweight="bold")
        for path, kind in ((path_png, "png"), (path_pdf, "pdf")):
            _save(figure, path, kind)


def _save(figure: Figure, path: Path, kind: str) -> None:
    pieces.write_file(path, lambda part: figure.savefig(part, format=kind, dpi=200, metadata=KINDS[kind]))


def choose_case(cases: pd.DataFrame) -> str:
    """Return the first case whose first classes are all there; the first of all where none has every class.

    Args:
        cases: a data set's table, with columns case and voxels (a count for each class).
    """
    whole = [min(voxels) > 0 for voxels in cases["voxels"]]
    return str(cases["case"].iloc[whole.index(True) if any(whole) else 0])


def choose_window(labels: np.ndarray) -> tuple[Any, ...]:
    """Return an index (slice number first in 3-D) of the most telling slice, cropped to its structures.

    Args:
        labels: (D, H, W) or (H, W) class ids.
    """
    plane = labels
    index: tuple[int, ...] = ()
    if labels.ndim == 3:
        score = [len(np.unique(cut)) * 1e6 + np.count_nonzero(np.diff(cut.astype(int), axis=-1)) for cut in labels]
        index = (int(np.argmax(score)),)
        plane = labels[index]
    inside = np.argwhere(plane > 0) if plane.any() else np.argwhere(plane >= 0)
    first, last = inside.min(axis=0) - MARGIN, inside.max(axis=0) + 1 + MARGIN
    return (*index, *(slice(max(0, int(a)), int(b)) for a, b in zip(first, last, strict=True)))


def _figure(image: np.ndarray, labels: np.ndarray, softs: Mapping[str, np.ndarray], classes: Sequence[str]) -> Figure:
    columns, rows = 3 + len(classes), len(softs)
    tall = INCHES * max(0.4, labels.shape[0] / labels.shape[1])  # a row is as high as its pictures
    figure = Figure(figsize=(columns * INCHES, rows * tall + 0.9), layout="constrained")
    grid = figure.add_gridspec(rows + 1, columns, height_ratios=[tall] * rows + [0.12])
    axes = np.array([[figure.add_subplot(grid[row, column]) for column in range(columns)] for row in range(rows)])
    hard = one_hot(labels, len(classes))
    for row, (name, soft) in zip(axes, softs.items(), strict=True):
        _show(row[0], image, cmap="gray")
        _show(row[1], labels, cmap=_colours(len(classes)), vmin=-0.5, vmax=len(classes) - 0.5, interpolation="nearest")
        for axis, share in zip(row[2:-1], soft, strict=True):
            shown = _show(axis, share, cmap="cividis", vmin=0, vmax=1, interpolation="nearest")
        change = 0.5 * np.abs(soft - hard).sum(axis=0)
        moved = _show(row[-1], change, cmap="magma", vmin=0, vmax=0.5, interpolation="nearest")
        row[0].set_ylabel(name)
    for axis, head in zip(axes[0], ["image", "label", *classes, "moved mass"], strict=True):
        axis.set_title(head)
    for picture, place, label in ((shown, grid[-1, 2:-1], "probability"), (moved, grid[-1, -1], "mass")):
        figure.colorbar(picture, cax=figure.add_subplot(place), label=label, orientation="horizontal")
    return figure


def _show(axis: Axes, plane: np.ndarray, **style: Any) -> Any:
    """Show a plane with its last axis to the right and its first axis up, as D, H, W run."""
    axis.set(xticks=[], yticks=[])
    sns.despine(ax=axis, left=True, bottom=True)
    return axis.imshow(plane, origin="lower", **style)


def _colours(classes: int) -> Any:
    return matplotlib.colors.ListedColormap([(0.08, 0.08, 0.08), *PALETTE[: classes - 1]])
