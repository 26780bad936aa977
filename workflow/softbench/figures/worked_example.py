"""Small grids on which soft labels are worked out: SVLS Figs. 1(a), 2 and 3, and those of `worked_regions`.

Every number is what the recipes give for label maps of ours; nothing is written down.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from softbench.arrays import one_hot
from softbench.figures import grid_panels, pictures, worked_regions
from softbench.figures.grid_panels import Frame, Panel
from softbench.soft_labels import ls, moh, msvls, svls

VERSION = 2
CLASSES = 3
NAMES = ("class 0", "class 1", "class 2")
SPACING = (1.0, 1.0)  # mm; no recipe here looks at it
MAP = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 2, 0], [0, 0, 2, 2, 0], [0, 0, 0, 0, 0]], np.uint8)
CENTRE = (2, 2)  # of the map: the voxel that is worked out
COMPACT = np.array([[0, 0, 0], [1, 1, 1], [1, 1, 1]], np.uint8)  # its middle lies at a straight boundary
THIN = np.array([[0, 0, 0], [0, 1, 2], [0, 0, 2]], np.uint8)  # its middle is alone among two other classes
RATERS = np.array(
    [[[0, 1, 2], [0, 1, 2], [0, 1, 2]], [[0, 1, 1], [0, 1, 2], [0, 1, 1]], [[0, 0, 1], [0, 0, 1], [0, 1, 1]]]
)
OURS = "A drawing of ours with values of ours, since those of the paper's drawing are not in its text. "
OURS_BUT_SHARES = "A drawing of ours: where in a window of the paper's drawing each class lies is not in its text. "


def steps() -> tuple[list[list[Panel]], str]:
    """Return the panels of a soft label worked out at one voxel, and what is said of them."""
    row, column = CENTRE
    padded, weights = np.pad(MAP, 1, mode="edge"), svls.kernel(2)
    around = one_hot(padded[row : row + 3, column : column + 3], CLASSES)
    soft = svls.soften(MAP[None], None, SPACING, classes=CLASSES)
    products = [
        Panel(f"{name} x weights: {(mask * weights).sum():.3f}", mask * weights)
        for name, mask in zip(NAMES, around, strict=True)
    ]
    first = [
        Panel("label map", MAP),
        Panel("border repeated, window", padded, frames=[Frame(*CENTRE)]),
        Panel("weights of SVLS", weights),
    ]
    last = [
        Panel(f"SVLS, {name}", channel, frames=[Frame(row - 1, column - 1)])
        for name, channel in zip(NAMES, soft, strict=True)
    ]
    shares = ", ".join(f"{name}: {value:.3f}" for name, value in zip(NAMES, soft[:, row, column], strict=True))
    return [first, products, last], (
        "SVLS worked out at the middle of the framed window. The border of the label map is repeated by one voxel; the "
        "weights are laid over the window; those on a class are added up (second row) and divided by the sum "
        f"of all weights, {weights.sum():.0f}: {shares}. Third row: the same at every voxel."
    )


def structures() -> tuple[list[list[Panel]], str]:
    """Return the panels of the weights, and of two structures with their labels at the middle, and what is said."""
    cube = svls.kernel(3)
    first = [
        Panel("weights in 2-D", svls.kernel(2)),
        Panel("in 3-D, outer slices", cube[0]),
        Panel("in 3-D, middle slice", cube[1]),
    ]
    rows = [
        [
            Panel(f"structure {number}", label_map),
            *(Panel(title, bars={title: label}) for title, label in _labels(label_map).items()),
        ]
        for number, label_map in enumerate((COMPACT, THIN), 1)
    ]
    return [first, *rows], (
        "The weights of SVLS, whose neighbours weigh as much as the centre. Below, two structures with one class "
        "in the middle, and the labels of the middle: one-hot and LS (0.1) ignore what lies around, SVLS does not."
    )


def _labels(label_map: np.ndarray) -> dict[str, np.ndarray]:
    """Return the labels (C,) of the middle of a map of 3 x 3."""
    soft = {"One-hot": one_hot(label_map, CLASSES)}
    for title, recipe in (("LS (0.1)", ls), ("SVLS", svls)):
        soft[title] = recipe.soften(label_map[None], None, SPACING, classes=CLASSES)
    return {title: label[:, 1, 1] for title, label in soft.items()}


def raters() -> tuple[list[list[Panel]], str]:
    """Return the panels of three raters with mOH and mSVLS of the middle, and what is said of them."""
    maps = RATERS.astype(np.uint8)
    hard, soft = (recipe.soften(maps, None, SPACING, classes=CLASSES)[:, 1, 1] for recipe in (moh, msvls))
    first = [Panel(f"rater {number}", label_map) for number, label_map in enumerate(maps, 1)]
    return [first, [Panel("mOH", bars={"mOH": hard}), Panel("mSVLS", bars={"mSVLS": soft})]], (
        f"Labels of the middle of three maps. No rater gave it {NAMES[2]}, which is beside it: mOH gives that "
        f"class {hard[2]:.3f}, mSVLS {soft[2]:.3f}."
    )


EXAMPLES: dict[str, Callable[[], tuple[list[list[Panel]], str]]] = {
    "steps": steps, "structures": structures, "raters": raters, "pipeline": worked_regions.pipeline,
    "relations": worked_regions.relations, "windows": worked_regions.windows,
}  # fmt: skip
NAMES_OF_EXAMPLES = (*EXAMPLES, "pyramid")


def draw(example: str, *, title: str) -> tuple[Figure, str]:
    """Draw one of `NAMES_OF_EXAMPLES`; return it with its caption, which says what of it is ours."""
    if example == "pyramid":
        levels, said = worked_regions.pyramid()
        with pictures.style():
            return worked_regions.pyramid_sheet(levels, title), OURS + said
    rows, said = EXAMPLES[example]()
    with pictures.style():
        return grid_panels.sheet(rows, title), (OURS_BUT_SHARES if example == "windows" else OURS) + said


def write(settings: Mapping[str, Any], paths: Sequence[str]) -> None:
    """Write the figure (.png, .pdf) and its caption (.txt); `settings` has `title` and `example`."""
    figure, caption = draw(settings["example"], title=settings["title"])
    pictures.save(figure, paths, caption)
