"""Panels of small grids: a number in each voxel, class colours, blocks and frames; or bars of one voxel's classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from softbench.figures import pictures

VERSION = 1
INCHES, HEAD, BELOW = 1.25, 0.42, 0.3  # a panel's side; above all panels; between rows
NUMBERS = 6  # points, of a grid of up to `FULL` columns; smaller above
FULL = 7


@dataclass(frozen=True)
class Frame:
    """A frame around a part of a grid: row and column of its corner, its side in voxels, its colour."""

    row: int
    column: int
    side: int = 3
    colour: str = "black"


@dataclass(frozen=True)
class Panel:
    """One drawing: `values` (H, W) as a grid with numbers (class ids where they are integers), or bars.

    bars: label -> the probability of each class. frames: parts of the grid. blocks: (H, W) ids, or None; a line runs
    where neighbours differ. is_image: grey values from 0 to 1 without numbers.
    """

    title: str
    values: np.ndarray | None = None
    bars: Mapping[str, np.ndarray] | None = None
    frames: Sequence[Frame] = ()
    blocks: np.ndarray | None = None
    is_image: bool = False


def sheet(rows: Sequence[Sequence[Panel]], title: str) -> Figure:
    """Return a sheet with a title and so many rows of panels, each row in the middle."""
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
    values = panel.values
    size = NUMBERS * min(1.0, FULL / values.shape[1])
    for (y, x), value in np.ndenumerate(values):
        axis.add_patch(Rectangle((x, y), 1, 1, facecolor=_colour(panel, value), edgecolor="white", linewidth=0.6))
        if not panel.is_image:
            axis.text(x + 0.5, y + 0.55, _text(value), ha="center", va="center", fontsize=size)
    for frame in panel.frames:
        how: dict[str, Any] = {"fill": False, "edgecolor": frame.colour, "linewidth": 1.2}
        axis.add_patch(Rectangle((frame.column, frame.row), frame.side, frame.side, **how))
    if panel.blocks is not None:
        _outline(axis, panel.blocks)
    axis.set(xlim=(-0.05, values.shape[1] + 0.05), ylim=(values.shape[0] + 0.05, -0.05), aspect="equal")
    axis.set_axis_off()


def _colour(panel: Panel, value: np.generic) -> tuple[float, float, float, float]:
    if panel.is_image:
        return to_rgba(str(float(value)))
    if isinstance(value, np.integer):
        return to_rgba(pictures.COLOURS[int(value)], 0.6)
    return to_rgba("0.2", 0.6 * min(1.0, float(value)))


def _text(value: np.generic) -> str:
    """Return a class id, or a number with two digits: .25, 0 or 1."""
    if isinstance(value, np.integer):
        return f"{value:d}"
    return f"{value:.2f}".removeprefix("0") if value not in (0, 1) else f"{value:.0f}"


def _outline(axis: Axes, blocks: np.ndarray) -> None:
    """Draw a line between neighbours of different blocks."""
    how: dict[str, Any] = {"color": "black", "linewidth": 1.1, "solid_capstyle": "round"}
    for y, x in np.argwhere(blocks[:-1] != blocks[1:]):
        axis.plot([x, x + 1], [y + 1, y + 1], **how)
    for y, x in np.argwhere(blocks[:, :-1] != blocks[:, 1:]):
        axis.plot([x + 1, x + 1], [y, y + 1], **how)


def _bars(axis: Axes, bars: Mapping[str, np.ndarray]) -> None:
    """Draw the probability of each class as a bar with its number."""
    ((_, shares),) = bars.items()
    colours = [to_rgba(pictures.COLOURS[index], 0.6) for index in range(len(shares))]
    axis.bar(range(len(shares)), shares, color=colours, edgecolor="0.3", linewidth=0.4)
    for index, share in enumerate(shares):
        axis.text(index, share + 0.03, f"{share:.3f}", ha="center", fontsize=6)
    axis.set(ylim=(0, 1.15), xticks=range(len(shares)), yticks=[])
    axis.set_xticklabels([str(index) for index in range(len(shares))])
