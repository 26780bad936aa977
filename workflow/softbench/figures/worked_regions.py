"""Small grids on which superpixels and windows soften labels, after figures of the superpixel and the EPD paper.

Figs. 2 and 3 of the superpixel paper, Figs. 1 and 2 of the EPD paper. All numbers are what the recipes give.
"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D

from softbench.arrays import one_hot
from softbench.figures import pictures
from softbench.figures.grid_panels import Frame, Panel
from softbench.soft_labels import epd, superpixel

VERSION = 1
SPACING = (1.0, 1.0)  # mm; equal steps, as voxels
LABELS = np.zeros((8, 8), np.uint8)
LABELS[:, 4:], LABELS[2:6, 1:3] = 2, 1
IMAGE = np.full((8, 8), 0.15, np.float32)  # its edges are not always those of the labels
IMAGE[:, 4:], IMAGE[:3, 3], IMAGE[5:, 4], IMAGE[2:6, 1:3] = 0.75, 0.6, 0.3, 0.45
SUPERPIXELS: dict[str, Any] = {"count": 4, "compactness": 0.1}
FOREGROUND = np.zeros((7, 7), np.uint8)
FOREGROUND[1:5, 3:6] = 1
RELATIONS = {  # name -> rows and columns of the superpixel
    "inside": (slice(2, 5), slice(4, 6)),
    "outside": (slice(1, 5), slice(1, 3)),
    "across the boundary": (slice(3, 6), slice(2, 5)),
}
SHARES = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 0]], np.uint8)  # 1/2, 0, 1, 3/4 of the windows
GREEN, RED = "#009E73", "#D55E00"
LEVELS = 9  # n of the EPD paper: 2 ** 9 pixels at the base
RAISED, FLAT, LEAN = 0.62, 0.22, 0.6  # of the pyramid: from level to level; how flat, and how far a level leans


def pipeline() -> tuple[list[list[Panel]], str]:
    """Return the panels from an image and its labels to soft labels by superpixels, and what is said of them."""
    found = superpixel.segments(IMAGE[None], SPACING, **SUPERPIXELS)
    hard = one_hot(LABELS, 3)
    soft = superpixel.apply_map(LABELS[None], {"segments": found}, classes=3, spacing_mm=SPACING, normalise="none")
    cut = np.asarray(superpixel.crossing(LABELS, found, 3)[1:].any(axis=1))
    first = [
        Panel("image", IMAGE, is_image=True),
        Panel("superpixels (SLIC)", IMAGE, is_image=True, blocks=found),
        Panel("label map", LABELS),
    ]
    second = [Panel(f"one-hot, class {number}", channel) for number, channel in enumerate(hard)]
    third = [Panel(f"soft, class {number}", channel, blocks=found) for number, channel in enumerate(soft)]
    return [first, second, third], (
        "SLIC cuts the image, the label map becomes one-hot maps, and both give a soft map for each class by Eq. 1: "
        f"in {cut.sum()} of {len(cut)} superpixels, which hold more than one class. The soft maps are as the paper "
        "writes them (`normalise: none`). A network learns from soft and one-hot maps."
    )


def relations() -> tuple[list[list[Panel]], str]:
    """Return the panels of a superpixel inside, outside and across the foreground, and what is said of them."""
    first, second = [], []
    for name, where in RELATIONS.items():
        alone = np.arange(FOREGROUND.size).reshape(FOREGROUND.shape) + 2  # all others are superpixels of one voxel
        alone[where] = 1
        soft = superpixel.apply_map(FOREGROUND[None], {"segments": alone}, classes=2, spacing_mm=SPACING)
        first.append(Panel(name, FOREGROUND, blocks=alone == 1))
        second.append(Panel("soft label", soft[1], blocks=alone == 1))
    return [first, second], (
        "A superpixel (black outline) inside of the foreground, class 1, outside of it, and across its boundary; "
        "below, the soft label of the foreground. In the third case alone it is softened, by Eq. 1 from the signed "
        "distance to the nearest voxel centre of the other side."
    )


def windows() -> tuple[list[list[Panel]], str]:
    """Return the panels of a label downsampled by windows of 2 and of 4, and what is said of them."""
    half, quarter = (epd.soften(SHARES[None], None, SPACING, classes=2, factor=factor)[1] for factor in (2, 4))
    frames = [Frame(0, 0, 4, RED), Frame(0, 0, 2, GREEN)]
    row = [
        Panel("(a) S0, label", SHARES, frames=frames),
        Panel("(b) S1, half resolution", half, frames=[Frame(0, 0, 1, GREEN)]),
        Panel("(c) S2, quarter", quarter, frames=[Frame(0, 0, 1, RED)]),
    ]
    shares = ", ".join(f"{share:g}" for share in half.ravel())
    return [row], (
        f"The share of class 1 in each window of 2 x 2 pixels (green: the first) is {shares}, as printed for Fig. "
        f"2(b), row by row; in that of 4 x 4 (red) it is {quarter.item():g}. Class 0 has the rest of 1."
    )


def pyramid() -> tuple[list[np.ndarray], str]:
    """Return the shares of class 1 at each level, from 512 x 512 pixels to 1 x 1, and what is said of them."""
    side = 2**LEVELS
    y, x = np.mgrid[:side, :side] / side
    body = ((x - 0.5) ** 2 / 0.2 + (y - 0.5) ** 2 / 0.12 < 1) & ~((x - 0.36) ** 2 + (y - 0.5) ** 2 < 0.012)
    labels = (body & ~(np.abs(x + 0.4 * y - 0.82) < 0.008)).astype(np.uint8)
    levels = [
        epd.soften(labels[None], None, SPACING, classes=2, factor=2**level)[1] if level else labels.astype(np.float32)
        for level in range(LEVELS + 1)
    ]
    return levels, (
        f"Each level halves the resolution of the one above, from {side} x {side} pixels, S0, to a single one, "
        f"S{LEVELS}. Shown is the share of class 1 of a label of ours: from white, 0, to black, 1. At the apex its "
        f"share in the whole label is left, {levels[-1].item():.3f}."
    )


def pyramid_sheet(levels: list[np.ndarray], title: str) -> Figure:
    """Return a sheet with the levels as an inverted pyramid, seen at a slant: the finest is the widest, at the top."""
    figure = Figure(figsize=(4.6, 5.0))
    pictures.heading(figure, pictures.heading_lines(title, 4.6))
    axis = figure.add_axes((0.02, 0.01, 0.96, 0.93))
    for number, level in enumerate(levels):
        wide = 4 * (1 - number / (len(levels) + 1))
        up = (len(levels) - number) * RAISED
        slant = Affine2D().translate(-0.5, -0.5).scale(wide, wide * FLAT).skew(LEAN, 0).translate(0, up)
        how: dict[str, Any] = {
            "cmap": "Greys",
            "vmin": 0,
            "vmax": 1,
            "interpolation": "nearest",
            "extent": (0, 1, 0, 1),
        }
        axis.imshow(level[::-1], transform=slant + axis.transData, zorder=-number, **how)
        corners = slant.transform([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
        axis.plot(*corners.T, color="0.25", linewidth=0.6, zorder=-number)
        side = len(level)
        axis.text(2.75, up, f"S{number}: {side} x {side}", va="center", fontsize=7)
    axis.set(xlim=(-2.6, 4.0), ylim=(0.0, (len(levels) + 1.4) * RAISED), aspect="equal")
    axis.set_axis_off()
    return figure
