"""What a coarser grid leaves of a thin structure: the nearest voxel, and EPD's shares, at the same resolutions.

After Fig. 3 of the EPD paper; nothing is trained.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench import datasets, resolution
from softbench.datasets.case import Case
from softbench.figures import pictures
from softbench.figures.case_rows import structures_of
from softbench.figures.gallery import choose_case, choose_window

VERSION = 1
INCHES = 1.3  # of a panel
MAP: dict[str, Any] = {"cmap": "cividis", "vmin": 0, "vmax": 1}
CAPTION = (
    "Close-up of {what} in {case}, {rule}: at full resolution, and on coarser grids by the nearest voxel (above) and "
    "as the share of each window, EPD (below). The close-up is the square of {size} voxels with the longest boundary "
    "of the structure. Nothing is trained."
)
RULE = "the first case that has every class, or else the first"
FACTORS, SIZE = (2, 4, 8), 64


def of_panel(panel: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Figure, str]:
    """Return the figure of an experiment's data set, and its caption.

    Args:
        panel: what the workflow knows of it: `name`, and either `reason`, or `data` (folder) and `structure`.
        settings: of the figure: `title`, and where wanted `factors` and `size`.
    """
    if "reason" in panel:
        why = f"{panel['name']}: {panel['reason']}"
        return pictures.nothing(settings["title"], [why]), f"{why}."
    dataset = datasets.open(panel["data"])
    case, what = dataset.load(choose_case(dataset.cases)), panel["structure"]
    (ids,) = structures_of(dataset, what).values()
    size = settings.get("size", SIZE)
    drawn = draw(case, ids, settings.get("factors", FACTORS), size=size, what=what, title=settings["title"])
    return drawn, CAPTION.format(what=what, case=f"{panel['name']}, {case.id}", rule=RULE, size=size)


def draw(case: Case, ids: Sequence[int], factors: Sequence[int], *, size: int, what: str, title: str) -> Figure:
    """Draw the close-ups.

    Args:
        case: its first rater's labels are shown.
        ids: class ids of the structure.
        factors: of the coarser grids, fine voxels along each axis.
        size: side of the close-up, fine voxels.
        what: the structure's name.
        title: of the figure.
    """
    mask = np.isin(case.labels[0], ids)
    slices, box = close_up(mask, size)
    with pictures.style():
        heads = ["image", "full", *(f"1/{factor}" for factor in factors)]
        size_in_inches = len(heads) * INCHES + 0.75, 2 * INCHES + 0.6
        figure, axes = pictures.panels(size_in_inches, title, 2, heads)
        pictures.show(axes[0, 0], case.images[0][slices], case.spacing_mm, cmap="gray")
        pictures.contour(axes[0, 0], mask[slices], colors=pictures.COLOURS[0], linewidths=0.8)
        pictures.bare(axes[1, 0])
        for line, name in zip(axes, ("nearest", "EPD"), strict=True):
            line[1].set_ylabel(name)
        for column, factor in enumerate([1, *factors], start=1):
            nearest = resolution.nearest(mask, factor).astype(np.float32)
            shares = resolution.mean(mask[None], factor)[0]
            for axis, coarse in zip(axes[:, column], (nearest, shares), strict=True):
                shown = _coarse(axis, coarse, factor, slices, case.spacing_mm)
        for axis in axes.flat:
            axis.set(xlim=(box[1].start - 0.5, box[1].stop - 0.5), ylim=(box[0].start - 0.5, box[0].stop - 0.5))
        figure.colorbar(shown, ax=axes, label=f"share of {what}", fraction=0.03, pad=0.01, aspect=25)
    return figure


def close_up(mask: np.ndarray, size: int) -> tuple[tuple[int, ...], tuple[slice, slice]]:
    """Return the index of a slice (empty in 2-D), and in it the square of `size` voxels with the longest boundary.

    Args:
        mask: (D, H, W) or (H, W) bool. The slice is that of `gallery.choose_window`.
    """
    where = choose_window(mask.astype(np.uint8))[: mask.ndim - 2]
    plane = mask[where]
    edge = np.zeros(plane.shape)
    edge[:-1] += plane[1:] != plane[:-1]
    edge[:, :-1] += plane[:, 1:] != plane[:, :-1]
    total = np.pad(edge.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    high, wide = (min(size, length) for length in plane.shape)
    inside = total[high:, wide:] - total[:-high, wide:] - total[high:, :-wide] + total[:-high, :-wide]
    top, left = (int(n) for n in np.unravel_index(np.argmax(inside), inside.shape))
    return where, (slice(top, top + high), slice(left, left + wide))


def _coarse(axis: Axes, coarse: np.ndarray, factor: int, slices: tuple[int, ...], spacing_mm: Sequence[float]) -> Any:
    """Show a coarser grid in the coordinates of the fine one."""
    plane = coarse[tuple(index // factor for index in slices)]
    extent = (-0.5, plane.shape[1] * factor - 0.5, -0.5, plane.shape[0] * factor - 0.5)
    return pictures.show(axis, plane, spacing_mm, extent=extent, **MAP)
