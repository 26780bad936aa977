"""Soft labels of a case on one slice: image and label, then a row a soft label, its probabilities and moved mass.

After Fig. 1 of the GeoLS paper and Figs. 1-3 of the SVLS paper.
"""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.colors
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from softbench import datasets
from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.figures import pictures
from softbench.soft_labels import open_store

VERSION = 3
INCHES, WIDEST = 1.1, 6.2  # of a panel at most, and of all that stand side by side
LETTER, LETTERS = 0.058, 18  # of the soft labels' names: inches across, and how many a line has at most
LINE, BAR, EDGE = 0.13, 0.09, 0.9  # heights in inches: a line of a name, a scale, title and scales with their numbers
MARGIN = 8  # voxels around the structures
CAPTION = (
    "One slice of one case: image (first channel) and label (first rater) above; below, a row a soft label, the "
    "probability of each class and the mass that the soft label moved away from the label. The arrow at the scale of "
    "the mass: all above half is drawn alike."
)


def draw(case: Case, softs: Mapping[str, np.ndarray], classes: Sequence[str], *, title: str) -> Figure:
    """Draw the soft labels of one case on the slice with most classes and the longest boundary.

    Args:
        case: gives image and labels; its first channel and first rater are shown.
        softs: title -> (C, ...) probabilities, one row each; one on another grid than the case's is named, not drawn.
        classes: names of the classes.
        title: of the figure.
    """
    with pictures.style():
        return _figure(case, softs, classes, title)


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


def _figure(case: Case, softs: Mapping[str, np.ndarray], classes: Sequence[str], title: str) -> Figure:
    window = choose_window(case.labels[0])
    shown = {name: soft[(slice(None), *window)] for name, soft in softs.items() if _is_on(case, soft)}
    wide = min(INCHES, WIDEST / (len(classes) + 1))
    tall = max(pictures.height(case.labels[0][window], case.spacing_mm, wide), 2 * LINE)
    names = [textwrap.fill(name, LETTERS) for name in shown]
    deep = [tall, *(max(tall, LINE * (1 + name.count("\n"))) for name in names)]
    beside = 0.1 + LETTER * max((len(line) for name in names for line in name.split("\n")), default=1)
    widths, heights = [beside] + [wide] * (len(classes) + 1), [*deep, BAR]
    figure = Figure(figsize=(sum(widths), sum(heights) + EDGE), layout=ConstrainedLayoutEngine(wspace=0, hspace=0))
    grid = figure.add_gridspec(len(heights), len(widths), width_ratios=widths, height_ratios=heights)
    pictures.title(figure, title)
    _case(figure, grid, case, window, classes)
    hard = one_hot(case.labels[0][window], len(classes))
    for row, (name, soft) in enumerate(zip(names, shown.values(), strict=True), 1):
        _write(figure.add_subplot(grid[row, 0]), name)
        axes = [figure.add_subplot(grid[row, column]) for column in range(1, len(widths))]
        seen = _soft_label(axes, soft, hard, case.spacing_mm)
        if row == 1:
            for axis, head in zip(axes, [*classes, "moved mass"], strict=True):
                axis.set_title(textwrap.fill(pictures.spelled(head), max(8, int(wide * 17))))
    if shown:
        _scales(figure, grid, *seen)
    if coarse := [name for name in softs if name not in shown]:
        said = textwrap.fill(f"On a coarser grid, not shown: {', '.join(coarse)}.", int(figure.get_figwidth() * 19))
        figure.supxlabel(said, fontsize=6.5, color="0.3")
    return figure


def _is_on(case: Case, soft: np.ndarray) -> bool:
    return soft.shape[1:] == case.labels.shape[1:]


def _case(figure: Figure, grid: GridSpec, case: Case, window: tuple[Any, ...], classes: Sequence[str]) -> None:
    """Draw image and label once, with the colours of the classes."""
    colours = _colours(len(classes))
    for column, head in enumerate(("image", "label"), 1):
        axis = figure.add_subplot(grid[0, column])
        axis.set_title(head)
        if head == "image":
            pictures.show(axis, case.images[0][window], case.spacing_mm, cmap="gray")
        else:
            ends = {"vmin": -0.5, "vmax": len(classes) - 0.5}
            pictures.show(axis, case.labels[0][window], case.spacing_mm, cmap=colours, **ends)
    beside = figure.add_subplot(grid[0, 3:]) if len(classes) > 2 else figure.add_subplot(grid[0, 3])
    pictures.bare(beside)
    handles = [Patch(color=colours(n), label=pictures.spelled(name)) for n, name in enumerate(classes)]
    how: dict[str, Any] = {"loc": "center left", "frameon": False, "borderaxespad": 0, "handlelength": 1.2}
    beside.legend(handles=handles, fontsize=6.5, ncols=1 if len(handles) < 5 else 2, **how)


def _soft_label(axes: Sequence[Axes], soft: np.ndarray, hard: np.ndarray, spacing_mm: Sequence[float]) -> tuple:
    """Draw the probability of each class and the moved mass; return the last picture of each scale."""
    for axis, share in zip(axes, soft, strict=False):
        shown = pictures.show(axis, share, spacing_mm, cmap="cividis", vmin=0, vmax=1)
    change = 0.5 * np.abs(soft - hard).sum(axis=0)
    return shown, pictures.show(axes[-1], change, spacing_mm, cmap="magma", vmin=0, vmax=0.5)


def _write(axis: Axes, name: str) -> None:
    """Write the name of a soft label at the left of its row."""
    pictures.bare(axis)
    axis.text(1, 0.5, name, transform=axis.transAxes, ha="right", va="center", fontsize=7)


def _scales(figure: Figure, grid: GridSpec, shown: Any, moved: Any) -> None:
    """Draw the two scales; that of the mass ends in an arrow, since more than half can be moved."""
    how: dict[str, Any] = {"orientation": "horizontal"}
    share = figure.colorbar(shown, cax=figure.add_subplot(grid[-1, 1:-1]), label="probability", **how)
    share.set_ticks([0, 0.5, 1], labels=["0", "0.5", "1"])
    mass = figure.colorbar(moved, cax=figure.add_subplot(grid[-1, -1]), label="mass", extend="max", **how)
    mass.set_ticks([0, 0.25, 0.5], labels=["0", "0.25", "0.5"])


def _colours(classes: int) -> Any:
    colours: list[str] = ["#141414", *map(pictures.class_colour, range(1, classes))]
    return matplotlib.colors.ListedColormap(colours)


RULE = "the first case of the data set that has every class, or else the first"


def write(settings: Mapping[str, Any], paths: Sequence[str]) -> None:
    """Write the figure (.png, .pdf) and its caption (.txt).

    Args:
        settings: of the figure: `title`, and `panels` with one panel: `name`, and either `reason`, or `data` (folder)
            and `soft_labels` (title -> manifest). One on a coarser grid is left out, and the caption says so.
        paths: of the three files, in this order.
    """
    (panel,) = settings["panels"]
    if "reason" in panel:
        why = f"{panel['name']}: {panel['reason']}"
        pictures.save(pictures.nothing(settings["title"], [why]), paths, f"{why}.", **pictures.said(settings))
        return
    dataset = datasets.open(panel["data"])
    case = dataset.load(choose_case(dataset.cases))
    every = {name: open_store(Path(path).parent).read(case) for name, path in panel["soft_labels"].items()}
    figure = draw(case, every, dataset.classes, title=settings["title"])
    coarse = [f"{name} is not shown: it lies on a coarser grid." for name in every if not _is_on(case, every[name])]
    where = f"{panel['name']}: {case.id}, {RULE}."
    pictures.save(figure, paths, " ".join([CAPTION, where, *coarse]), **pictures.said(settings))
