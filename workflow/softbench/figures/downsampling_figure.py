"""What a coarser grid leaves of a slice and of a thin structure in it: as conventional downsampling and as EPD make it.

After Fig. 3 of the EPD paper; nothing is trained.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from softbench import datasets, resolution
from softbench.datasets.case import Case
from softbench.figures import pictures
from softbench.figures.case_rows import select_structures
from softbench.figures.gallery import choose_case, choose_window

VERSION = 2
INCHES = 1.3  # of a panel
MAP: dict[str, Any] = {"cmap": "cividis", "vmin": 0, "vmax": 1}
WINDOW = pictures.COLOURS[0]  # yellow, as in the paper
CAPTION = (
    "{case}, {rule}: the slice, and in it {what}. Left: the whole slice, with the window that the other columns show. "
    "Image: interpolated at the centre of each window without anti-aliasing (bilinear), and as the mean of each window "
    "(EPD); at 1/2 these are the same. Label: the nearest voxel, and the share of each window (EPD). The window is the "
    "square of {size} voxels with the longest boundary of {what}. All images have the grey scale of the whole slice. "
    "Nothing is trained."
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
    (ids,) = select_structures(dataset, what).values()
    size = settings.get("size", SIZE)
    drawn = draw(case, ids, settings.get("factors", FACTORS), size=size, what=what, title=settings["title"])
    return drawn, CAPTION.format(what=what, case=f"{panel['name']}, {case.id}", rule=RULE, size=size)


def draw(case: Case, ids: Sequence[int], factors: Sequence[int], *, size: int, what: str, title: str) -> Figure:
    """Draw the close-ups: a line for each way to downsample images, and one for each way to downsample labels.

    Args:
        case: its first image and its first rater's labels are shown.
        ids: class ids of the structure.
        factors: of the coarser grids, fine voxels along each axis.
        size: side of the close-up, fine voxels.
        what: the structure's name.
        title: of the figure.
    """
    mask, image = np.isin(case.labels[0], ids), np.asarray(case.images[0], np.float32)
    slices, box = close_up(mask, size)
    grey = {"cmap": "gray", "vmin": float(image[slices].min()), "vmax": float(image[slices].max())}
    with pictures.style():
        heads = ["whole slice", "full", *(f"1/{factor}" for factor in factors)]
        figure, axes = pictures.panels((len(heads) * INCHES + 0.9, 4 * INCHES + 0.6), title, 4, heads)
        for line, (name, array, reduce, colours) in zip(axes, _lines(image, mask, grey), strict=True):
            line[0].set_ylabel(name)
            _whole(line[0], array[slices], box, case.spacing_mm, colours)
            for axis, factor in zip(line[1:], [1, *factors], strict=True):
                shown = _coarse(axis, reduce(array, factor), factor, slices, case.spacing_mm, colours)
                axis.set(xlim=(box[1].start - 0.5, box[1].stop - 0.5), ylim=(box[0].start - 0.5, box[0].stop - 0.5))
        figure.colorbar(shown, ax=axes[2:], label=f"share of {what}", fraction=0.03, pad=0.01, aspect=25)
    return figure


Line = tuple[str, np.ndarray, Callable[[np.ndarray, int], np.ndarray], dict[str, Any]]


def _lines(image: np.ndarray, mask: np.ndarray, grey: dict[str, Any]) -> list[Line]:
    """Return name, full resolution, way to downsample and colours of each line of panels."""
    return [
        ("image, bilinear", image, lambda array, factor: resolution.bilinear(array[None], factor)[0], grey),
        ("image, mean (EPD)", image, lambda array, factor: resolution.mean(array[None], factor)[0], grey),
        ("label, nearest", mask, resolution.nearest, MAP),
        ("label, shares (EPD)", mask, lambda array, factor: resolution.mean(array[None], factor)[0], MAP),
    ]


def _whole(
    axis: Axes, plane: np.ndarray, box: tuple[slice, slice], spacing_mm: Sequence[float], colours: dict[str, Any]
) -> None:
    """Show the whole slice with the window of the close-ups."""
    pictures.show(axis, plane, spacing_mm, **colours)
    corner = box[1].start - 0.5, box[0].start - 0.5
    wide, high = (side.stop - side.start for side in reversed(box))
    axis.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor=WINDOW, linewidth=0.8))


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


def _coarse(
    axis: Axes,
    coarse: np.ndarray,
    factor: int,
    slices: tuple[int, ...],
    spacing_mm: Sequence[float],
    colours: dict[str, Any],
) -> Any:
    """Show a coarser grid in the coordinates of the fine one."""
    plane = coarse[tuple(index // factor for index in slices)]
    extent = (-0.5, plane.shape[1] * factor - 0.5, -0.5, plane.shape[0] * factor - 0.5)
    return pictures.show(axis, plane, spacing_mm, extent=extent, **colours)
