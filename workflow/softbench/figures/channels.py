"""All images of a case on one slice beside its label, in which one structure has a colour of its own.

After Fig. 1 of the superpixel paper: can the boundary that was annotated be seen? Nothing is trained.
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from softbench import datasets
from softbench.datasets.case import Case
from softbench.figures import pictures
from softbench.figures.case_rows import select_structures
from softbench.figures.gallery import choose_case, choose_window

VERSION = 1
INCHES = 1.6  # of a panel
MARKED = pictures.COLOURS[4]  # pink, as in the paper
GREYS = (0.25, 0.8)  # of the other classes, from the first to the last; background is black
CAPTION = (
    "{case}, {rule}: every image of the case on one slice, and last the label (first rater): {what} in pink, other "
    "classes in greys. No outline is drawn on the images, so that the eye can look for the boundary. The slice with "
    "the longest boundary of {what}, cropped to it; each image has its own grey scale, from the 1st to the 99th "
    "percentile. Nothing is trained."
)
RULE = "the first case that has every class, or else the first"


def of_panel(panel: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Figure, str]:
    """Return the figure of an experiment's data set, and its caption.

    Args:
        panel: what the workflow knows of it: `name`, and either `reason`, or `data` (folder) and `structure`.
        settings: of the figure: `title`, and where wanted `note`, which ends the caption.
    """
    if "reason" in panel:
        why = f"{panel['name']}: {panel['reason']}"
        return pictures.nothing(settings["title"], [why]), f"{why}."
    dataset = datasets.open(panel["data"])
    case, what = dataset.load(choose_case(dataset.cases)), panel["structure"]
    (ids,) = select_structures(dataset, what).values()
    drawn = draw(case, ids, dataset.modalities, classes=len(dataset.classes), title=settings["title"])
    said = CAPTION.format(case=f"{panel['name']}, {case.id}", rule=RULE, what=pictures.spelled(what))
    return drawn, f"{said} {settings.get('note', '')}".strip()


def draw(case: Case, ids: Sequence[int], names: Sequence[str], *, classes: int, title: str) -> Figure:
    """Draw the images of a case and its label.

    Args:
        case: all its images and its first rater's labels are shown.
        ids: class ids of the structure that is marked.
        names: of the images.
        classes: number of classes, background included.
        title: of the figure.
    """
    window = choose_window(np.isin(case.labels[0], ids).astype(np.uint8))
    tall = pictures.height(case.labels[0][window], case.spacing_mm, INCHES)
    heads = [*(textwrap.fill(name, 20) for name in names), "label"]
    with pictures.style():
        figure, axes = pictures.panels((len(heads) * INCHES + 0.2, tall + 0.6), title, 1, heads)
        for axis, image in zip(axes[0], case.images, strict=False):
            low, high = np.percentile(image[window], (1, 99))
            pictures.show(axis, image[window], case.spacing_mm, cmap="gray", vmin=low, vmax=high)
        pictures.show(axes[0, -1], paint(case.labels[0][window], ids, classes), case.spacing_mm)
    return figure


def paint(labels: np.ndarray, ids: Sequence[int], classes: int) -> np.ndarray:
    """Return a label map (H, W) in colours (H, W, 3): some classes in pink, the others in greys, background black."""
    greys = np.linspace(*GREYS, max(1, classes - 1))
    palette = np.array([(0.0, 0.0, 0.0), *((grey,) * 3 for grey in greys)])
    palette[list(ids)] = to_rgb(MARKED)
    painted: np.ndarray = palette[labels]
    return painted
