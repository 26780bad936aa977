"""Augmentation of a batch on its device: turns, transposes, rotation, zoom and blur, the same for image and target.

Flips, quarter turns and transposes move voxels, so labels stay what they were. Where they exchange axes of different
lengths, the result is cropped and padded about its centre to the lengths of before; padding is not valid. Rotation and
zoom interpolate: images and soft labels linearly, the latter divided by their sum again; hard labels and `valid` take
the nearest voxel, and what comes from outside of the crop is not valid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from softbench.training.protocol import AXES, Protocol

VERSION = 2

Sample = list[torch.Tensor]  # images (M, ...), soft (C, ...), hard (...), valid (...)


@dataclass(frozen=True)
class Move:
    """What is done to one sample: pairs of axes exchanged, `turns` (a, b, quarter turns), degrees and zoom in plane.

    `place` is where along H and W the zoomed part lies, from -1 (first end) over 0 (centre) to 1 (last end).
    """

    transposes: tuple[tuple[int, int], ...] = ()
    turns: tuple[tuple[int, int, int], ...] = ()
    degrees: float = 0.0
    zoom: float = 1.0
    place: tuple[float, float] = (0.0, 0.0)
    blur_sigma: float = 0.0


def draw(protocol: Protocol, dims: int, rng: np.random.Generator) -> Move:
    """Draw what is done to a sample; a protocol without an augmentation draws no number for it."""
    names = AXES[-dims:]
    planes = [tuple(names.index(axis) - dims for axis in plane) for plane in protocol.quarter_turns]
    pairs = [tuple(names.index(axis) - dims for axis in pair) for pair in protocol.transposes]
    transposes = tuple((a, b) for a, b in pairs if rng.random() < 0.5)
    turns = tuple((a, b, int(rng.integers(4))) for a, b in planes)
    degrees = float(rng.uniform(-1, 1) * protocol.rotate_deg) if protocol.rotate_deg else 0.0
    zoom = float(rng.uniform(protocol.zoom[0], protocol.zoom[1])) if protocol.zoom else 1.0
    place = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1))) if protocol.zoom else (0.0, 0.0)
    blurred = protocol.blur_sigma > 0 and rng.random() < 0.5
    sigma = float(rng.uniform(0, protocol.blur_sigma)) if blurred else 0.0
    return Move(transposes, turns, degrees, zoom, place, sigma)


def apply(sample: Sample, move: Move) -> Sample:
    """Return the sample moved; shapes stay, also where axes of different lengths are exchanged (see `fit`)."""
    shape = sample[2].shape
    for a, b in move.transposes:
        sample = [part.transpose(a, b) for part in sample]
    for a, b, count in move.turns:
        sample = [torch.rot90(part, count, (a, b)) for part in sample]
    sample = fit(sample, shape)
    if move.degrees or move.zoom != 1:
        sample = warp(sample, move.degrees, move.zoom, move.place)
    if move.blur_sigma > 0:
        sample = [blur(sample[0], move.blur_sigma), *sample[1:]]
    return sample


def fit(sample: Sample, shape: Sequence[int]) -> Sample:
    """Crop and pad a sample about its centre to `shape`; padding repeats the image's border and is no valid voxel.

    Args:
        sample: see `Sample`; soft labels in float.
        shape: (D, H, W) or (H, W), voxels.
    Returns: the sample; padded voxels are background, with probability 1 in the soft label. A sample of this shape
        already is returned as it is.
    """
    have = sample[2].shape
    if have == tuple(shape):
        return sample
    window: list[Any] = [
        slice(start := max(0, (n - want) // 2), start + want) for n, want in zip(have, shape, strict=True)
    ]
    images, soft, hard, valid = (part[..., *window] for part in sample)
    missing = [want - n for n, want in zip(hard.shape, shape, strict=True)]
    widths = [width for n in reversed(missing) for width in (n // 2, n - n // 2)]  # torch: last axis first
    padded = functional.pad(torch.zeros_like(valid), widths, value=True)
    soft = functional.pad(soft, widths)
    soft[0] += padded
    images = functional.pad(images, widths, mode="replicate")
    return [images, soft, functional.pad(hard, widths), functional.pad(valid, widths)]


def warp(sample: Sample, degrees: float, zoom: float, place: tuple[float, float] = (0.0, 0.0)) -> Sample:
    """Rotate and magnify in the plane of H and W: a part of the crop is turned about its centre and fills the crop.

    Args:
        sample: see `Sample`.
        degrees: counter-clockwise for axes drawn as rows and columns.
        zoom: 2 shows half of each axis at twice its size; below 1, what lies outside of the crop is not valid.
        place: where along H and W the part lies, from -1 (it touches the first end) to 1 (the last end).
    """
    images, soft, hard, valid = sample
    grid = _grid(hard.shape[-2:], degrees, zoom, place, images.device)
    moved = _sample(soft, grid, "bilinear")
    total = moved.sum(dim=0, keepdim=True)
    inside = (grid.abs() <= 1).all(dim=-1)[0]
    return [
        _sample(images, grid, "bilinear"),
        moved / torch.where(total > 0, total, torch.ones_like(total)),
        _sample(hard[None].to(torch.float32), grid, "nearest")[0].to(hard.dtype),
        (_sample(valid[None].to(torch.float32), grid, "nearest")[0] > 0.5) & inside,
    ]


def _grid(
    shape: torch.Size, degrees: float, zoom: float, place: tuple[float, float], device: torch.device
) -> torch.Tensor:
    """Return where each pixel of the result comes from, (1, H, W, 2), from -1 to 1 over the pixels' area."""
    height, width = shape
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
    y, x = (part * (1 - 1 / zoom) for part in place)  # the centre of a part that is 1 / zoom of each axis
    # grids hold (x, y) in units of half an axis, so a rotation of an oblong image needs its proportion
    matrix = torch.tensor([[[cosine, -sine * height / width, x], [sine * width / height, cosine, y]]], device=device)
    return functional.affine_grid(matrix.float(), [1, 1, height, width], align_corners=False)


def _sample(array: torch.Tensor, grid: torch.Tensor, mode: str) -> torch.Tensor:
    """Look an array (N, ..., H, W) up at a grid; beyond its border it goes on with its border."""
    flat = array.reshape(1, -1, *array.shape[-2:]).to(torch.float32)
    moved = functional.grid_sample(flat, grid, mode=mode, padding_mode="border", align_corners=False)
    return moved.reshape(array.shape)


def blur(images: torch.Tensor, sigma: float) -> torch.Tensor:
    """Blur (M, ...) in the plane of H and W by a Gaussian of `sigma` voxels, cut at 3 sigma; the border is repeated."""
    radius = max(1, int(np.ceil(3 * sigma)))
    offsets = torch.arange(-radius, radius + 1, device=images.device, dtype=torch.float32)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    flat = images.reshape(-1, 1, *images.shape[-2:])
    flat = functional.conv2d(functional.pad(flat, (radius, radius, 0, 0), mode="replicate"), kernel.view(1, 1, 1, -1))
    flat = functional.conv2d(functional.pad(flat, (0, 0, radius, radius), mode="replicate"), kernel.view(1, 1, -1, 1))
    return flat.reshape(images.shape)
