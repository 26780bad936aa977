"""Small grids on which soft labels are worked out, after Figs. 1(a), 2 and 3 of the SVLS paper, with values of ours.

Every number is what the recipes give for the label maps below; nothing is written down.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from softbench.arrays import one_hot
from softbench.figures import pictures
from softbench.soft_labels import ls, moh, msvls, svls

VERSION = 1
CLASSES = 3
NAMES = ("class 0", "class 1", "class 2")
SPACING = (1.0, 1.0)  # mm; no recipe here looks at it
INCHES, HEAD, BELOW = 1.25, 0.42, 0.3  # a panel's side; above all panels; between rows
MAP = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 2, 0], [0, 0, 2, 2, 0], [0, 0, 0, 0, 0]], np.uint8)
CENTRE = (2, 2)  # of the map: the voxel that is worked out
COMPACT = np.array([[0, 0, 0], [1, 1, 1], [1, 1, 1]], np.uint8)  # its middle lies at a straight boundary
THIN = np.array([[0, 0, 0], [0, 1, 2], [0, 0, 2]], np.uint8)  # its middle is alone among two other classes
RATERS = np.array(
    [[[0, 1, 2], [0, 1, 2], [0, 1, 2]], [[0, 1, 1], [0, 1, 2], [0, 1, 1]], [[0, 0, 1], [0, 0, 1], [0, 1, 1]]]
)
OURS = "A drawing of ours with values of ours, since those of the paper's drawing are not in its text. "


@dataclass(frozen=True)
class Panel:
    """One drawing: `values` (H, W) as a grid with numbers (class ids where they are integers), or bars.

    bars: label -> the probability of each class. window: row and column of the corner of a 3 x 3 frame, or None.
    """

    title: str
    values: np.ndarray | None = None
    bars: Mapping[str, np.ndarray] | None = None
    window: tuple[int, int] | None = None


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
        Panel("border repeated, window", padded, window=CENTRE),
        Panel("weights of SVLS", weights),
    ]
    last = [
        Panel(f"SVLS, {name}", channel, window=(row - 1, column - 1)) for name, channel in zip(NAMES, soft, strict=True)
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
    "steps": steps, "structures": structures, "raters": raters,
}  # fmt: skip


def draw(example: str, *, title: str) -> tuple[Figure, str]:
    """Draw one of `EXAMPLES`; return it with its caption, which says that it is ours."""
    rows, said = EXAMPLES[example]()
    with pictures.style():
        return _figure(rows, title), OURS + said


def _figure(rows: Sequence[Sequence[Panel]], title: str) -> Figure:
    wide = max(map(len, rows))
    width, height = wide * (INCHES + 0.2) + 0.2, HEAD + len(rows) * (INCHES + BELOW)
    figure = Figure(figsize=(width, height))
    pictures.heading(figure, pictures.heading_lines(title, width))
    for number, row in enumerate(rows):
        for place, panel in enumerate(row):
            left = 0.2 + place * (INCHES + 0.2) + (wide - len(row)) * (INCHES + 0.2) / 2
            bottom = height - HEAD - number * (INCHES + BELOW) - INCHES - 0.1
            axis = figure.add_axes((left / width, bottom / height, INCHES / width, INCHES / height))
            axis.set_title(panel.title)
            _bars(axis, panel.bars) if panel.bars is not None else _grid(axis, panel)
    return figure


def _grid(axis: Axes, panel: Panel) -> None:
    """Draw a grid with a number in each voxel: class ids in the classes' colours, other numbers in shades of grey."""
    assert panel.values is not None
    values, is_map = panel.values, panel.values.dtype == np.uint8
    for (y, x), value in np.ndenumerate(values):
        colour = to_rgba(pictures.COLOURS[int(value)], 0.6) if is_map else to_rgba("0.2", 0.6 * min(1.0, float(value)))
        axis.add_patch(Rectangle((x, y), 1, 1, facecolor=colour, edgecolor="white", linewidth=0.6))
        text = f"{value:d}" if is_map else f"{value:.2f}".removeprefix("0") if value not in (0, 1) else f"{value:.0f}"
        axis.text(x + 0.5, y + 0.55, text, ha="center", va="center", fontsize=6)
    if panel.window is not None:
        row, column = panel.window
        axis.add_patch(Rectangle((column, row), 3, 3, fill=False, edgecolor="black", linewidth=1.2))
    axis.set(xlim=(-0.05, values.shape[1] + 0.05), ylim=(values.shape[0] + 0.05, -0.05), aspect="equal")
    axis.set_axis_off()


def _bars(axis: Axes, bars: Mapping[str, np.ndarray]) -> None:
    """Draw the probability of each class as a bar with its number."""
    ((_, shares),) = bars.items()
    colours = [to_rgba(pictures.COLOURS[index], 0.6) for index in range(len(shares))]
    axis.bar(range(len(shares)), shares, color=colours, edgecolor="0.3", linewidth=0.4)
    for index, share in enumerate(shares):
        axis.text(index, share + 0.03, f"{share:.3f}", ha="center", fontsize=6)
    axis.set(ylim=(0, 1.15), xticks=range(len(shares)), yticks=[])
    axis.set_xticklabels([str(index) for index in range(len(shares))])


def write(settings: Mapping[str, Any], paths: Sequence[str]) -> None:
    """Write the figure (.png, .pdf) and its caption (.txt); `settings` has `title` and `example`."""
    figure, caption = draw(settings["example"], title=settings["title"])
    pictures.save(figure, paths, caption)
