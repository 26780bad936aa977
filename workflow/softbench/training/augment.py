"""Augmentation of a batch on its device: turns, transposes, rotation, zoom and blur, the same for image and target.

Flips, quarter turns and transposes move voxels, so labels stay what they were. Rotation and zoom interpolate: images
and soft labels linearly, the latter divided by their sum again; hard labels and `valid` take the nearest voxel, and
what comes from outside of the crop is not valid.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from softbench.training.protocol import AXES, Protocol

VERSION = 1

Sample = list[torch.Tensor]  # images (M, ...), soft (C, ...), hard (...), valid (...)


@dataclass(frozen=True)
class Move:
    """What is done to one sample: pairs of axes exchanged, `turns` (a, b, quarter turns), degrees and zoom in plane."""

    transposes: tuple[tuple[int, int], ...] = ()
    turns: tuple[tuple[int, int, int], ...] = ()
    degrees: float = 0.0
    zoom: float = 1.0
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
    blurred = protocol.blur_sigma > 0 and rng.random() < 0.5
    return Move(transposes, turns, degrees, zoom, float(rng.uniform(0, protocol.blur_sigma)) if blurred else 0.0)


def apply(sample: Sample, move: Move) -> Sample:
    """Return the sample moved; shapes stay (transposes and quarter turns need axes of one length: config checks it)."""
    for a, b in move.transposes:
        sample = [part.transpose(a, b) for part in sample]
    for a, b, count in move.turns:
        sample = [torch.rot90(part, count, (a, b)) for part in sample]
    if move.degrees or move.zoom != 1:
        sample = warp(sample, move.degrees, move.zoom)
    if move.blur_sigma > 0:
        sample = [blur(sample[0], move.blur_sigma), *sample[1:]]
    return sample


def warp(sample: Sample, degrees: float, zoom: float) -> Sample:
    """Rotate and magnify around the centre, in the plane of H and W.

    Args:
        sample: see `Sample`.
        degrees: counter-clockwise for axes drawn as rows and columns.
        zoom: 2 shows the middle half at twice its size; below 1, what lies outside of the crop is not valid.
    """
    images, soft, hard, valid = sample
    grid = _grid(hard.shape[-2:], degrees, zoom, images.device)
    moved = _sample(soft, grid, "bilinear")
    total = moved.sum(dim=0, keepdim=True)
    inside = (grid.abs() <= 1).all(dim=-1)[0]
    return [
        _sample(images, grid, "bilinear"),
        moved / torch.where(total > 0, total, torch.ones_like(total)),
        _sample(hard[None].to(torch.float32), grid, "nearest")[0].to(hard.dtype),
        (_sample(valid[None].to(torch.float32), grid, "nearest")[0] > 0.5) & inside,
    ]


def _grid(shape: torch.Size, degrees: float, zoom: float, device: torch.device) -> torch.Tensor:
    """Return where each pixel of the result comes from, (1, H, W, 2), from -1 to 1 over the pixels' area."""
    height, width = shape
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
    # grids hold (x, y) in units of half an axis, so a rotation of an oblong image needs its proportion
    matrix = torch.tensor([[[cosine, -sine * height / width, 0], [sine * width / height, cosine, 0]]], device=device)
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
