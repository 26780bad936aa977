"""The training data in memory: padded to one grid, a batch is a gather, augmentation happens on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from softbench.arrays import pad_to, round_up
from softbench.datasets.case import Case
from softbench.losses import Target
from softbench.store import ONE
from softbench.training import augment, draws
from softbench.training.augment import Move
from softbench.training.protocol import AXES, Protocol

VERSION = 1


@dataclass(frozen=True)
class Resident:
    """N cases on one grid, all on one device.

    images: (N, M, D, H, W) float32; soft: (N, R, C, D, H, W) uint16, 65535 is 1; hard: (N, R, D, H, W) uint8: R > 1
    where a method learns from each rater in turn; extents: the length of each case along each axis before padding;
    cases: their ids; valid: (N, D, H, W) bool, false where nobody labelled, or None where all is valid.
    """

    images: torch.Tensor
    soft: torch.Tensor
    hard: torch.Tensor
    extents: list[tuple[int, ...]]
    cases: list[str]
    valid: torch.Tensor | None = None

    @property
    def dims(self) -> int:
        """Return 2 or 3."""
        return self.hard.ndim - 2


def load(
    cases: Sequence[Case],
    targets: Sequence[tuple[np.ndarray, np.ndarray]],
    crop: Sequence[int],
    device: torch.device,
) -> Resident:
    """Pad cases and their targets to one grid that holds a crop, on the device.

    Args:
        cases: give images and ids.
        targets: of each case, soft (R, C, ...) integers of the store and hard (R, ...) labels.
        crop: of the protocol, voxels.
        device: where training will run.
    Returns: the data. Padding lies at the far end of each axis: images repeat their border, labels are background and
        not valid.
    """
    extents = [case.images.shape[1:] for case in cases]
    grid = tuple(max(*lengths, size) for lengths, size in zip(zip(*extents, strict=True), crop, strict=True))
    images = np.stack([pad_edge(case.images, grid) for case in cases])
    soft = np.stack([pad_background(codes, grid) for codes, _ in targets])
    hard = np.stack([pad_to(labels, grid) for _, labels in targets])
    return Resident(
        torch.from_numpy(images).to(device),
        torch.from_numpy(soft).to(device),
        torch.from_numpy(hard.astype(np.uint8)).to(device),
        extents,
        [case.id for case in cases],
        _labelled(cases, grid, device),
    )


def _labelled(cases: Sequence[Case], grid: Sequence[int], device: torch.device) -> torch.Tensor | None:
    """Return which voxels were labelled, (N, D, H, W) bool, or None where all cases are labelled throughout."""
    if all(case.valid is None for case in cases):
        return None
    masks = [np.ones(case.images.shape[1:], bool) if case.valid is None else case.valid for case in cases]
    return torch.from_numpy(np.stack([pad_to(mask, grid) for mask in masks])).to(device)


def pad_edge(images: np.ndarray, grid: Sequence[int]) -> np.ndarray:
    """Pad (M, ...) at the far end of each spatial axis by repeating the border."""
    widths = [(0, 0)] + [(0, want - have) for want, have in zip(grid, images.shape[1:], strict=True)]
    return np.pad(np.asarray(images, np.float32), widths, mode="edge")


def pad_background(codes: np.ndarray, grid: Sequence[int]) -> np.ndarray:
    """Pad (R, C, ...) integers of the store with certain background."""
    padded = pad_to(codes, grid)
    outside = pad_to(np.zeros(codes.shape[2:], bool), grid, True)
    padded[:, 0, outside] = ONE
    return padded


def batch_of(data: Resident, protocol: Protocol, seed: int, step: int) -> tuple[torch.Tensor, Target]:
    """Return the images and target of a step: which cases, which crops and flips is a function of (seed, step)."""
    chosen = draws.cases_of_step(seed, step, protocol.batch, len(data.cases))
    rng = draws.generator(seed, "augment", step)
    where = rng.random((protocol.batch, data.dims))
    turns = rng.random((protocol.batch, data.dims)) < 0.5
    scale = 1 + protocol.intensity_scale * rng.uniform(-1, 1, (protocol.batch, data.images.shape[1]))
    shift = protocol.intensity_shift * rng.uniform(-1, 1, (protocol.batch, data.images.shape[1]))
    raters = draws.raters_of_step(seed, step, protocol.batch, data.hard.shape[1])
    moves = [augment.draw(protocol, data.dims, rng) for _ in chosen]
    device, crop = data.images.device, protocol.crop
    images = torch.empty((protocol.batch, data.images.shape[1], *crop), device=device)
    soft = torch.empty((protocol.batch, data.soft.shape[2], *crop), device=device)
    hard = torch.empty((protocol.batch, *crop), dtype=torch.int64, device=device)
    valid = torch.empty((protocol.batch, *crop), dtype=torch.bool, device=device)
    for i, n in enumerate(chosen):  # into its place at once: fresh memory costs more than the copy
        sample = _moved(_sample(data, protocol, n, raters[i], where[i], turns[i]), moves[i])
        for place, part in zip((images[i], soft[i], hard[i], valid[i]), sample, strict=True):
            place.copy_(part)
    shape = (protocol.batch, -1) + (1,) * data.dims
    images.mul_(_like(images, scale).view(shape)).add_(_like(images, shift).view(shape))
    return images, Target(soft.div_(ONE), hard, valid)


def _moved(sample: list[torch.Tensor], move: Move) -> list[torch.Tensor]:
    """Augment a sample whose soft label is integers of the store; most protocols move nothing, at no cost."""
    if move == Move():
        return sample
    images, soft, hard, valid = sample
    images, soft, hard, valid = augment.apply([images, soft.to(torch.float32) / ONE, hard, valid], move)
    return [images, soft * ONE, hard, valid]


def _like(tensor: torch.Tensor, values: np.ndarray) -> torch.Tensor:
    return torch.as_tensor(values, dtype=tensor.dtype, device=tensor.device)


def _sample(
    data: Resident, protocol: Protocol, n: int, rater: int, where: np.ndarray, turns: np.ndarray
) -> list[torch.Tensor]:
    """Cut one crop of case n: its place relative to the room that there is, then flipped along the allowed axes."""
    extent, crop = data.extents[n], protocol.crop
    starts = [int(u * (max(0, have - size) + 1)) for u, have, size in zip(where, extent, crop, strict=True)]
    window: list[Any] = [slice(start, start + size) for start, size in zip(starts, crop, strict=True)]
    names = AXES[-data.dims :]
    flips = [axis - data.dims for axis in range(data.dims) if turns[axis] and names[axis] in protocol.flips]
    valid = _valid(extent, starts, crop, data.hard.device)
    parts = [
        data.images[n][:, *window],
        data.soft[n, rater][:, *window],
        data.hard[n, rater][*window],
        valid if data.valid is None else valid & data.valid[n][*window],
    ]
    return [_flipped(part, flips) for part in parts] if flips else parts


def _flipped(part: torch.Tensor, flips: list[int]) -> torch.Tensor:
    if part.dtype == torch.uint16:  # torch cannot flip it, but can its bits
        return part.view(torch.int16).flip(flips).view(torch.uint16)
    return part.flip(flips)


def _valid(extent: Sequence[int], starts: Sequence[int], crop: Sequence[int], device: torch.device) -> torch.Tensor:
    """Return which voxels of a crop lie inside the case: (D, H, W) bool."""
    inside = torch.ones((), dtype=torch.bool, device=device)
    for have, start, size in zip(extent, starts, crop, strict=True):
        inside = inside.unsqueeze(-1) & (torch.arange(start, start + size, device=device) < have)
    return inside


def padded(image: np.ndarray, multiple: int) -> np.ndarray:
    """Pad an image (M, ...) so that a network that halves its grid can take it whole."""
    return pad_edge(image, round_up(image.shape[1:], multiple))


def class_frequencies(data: Resident, classes: int) -> torch.Tensor:
    """Return the share of each class among the voxels of the training cases, padding left out: (C,) float64."""
    counts = torch.zeros(classes, dtype=torch.float64)
    for n, extent in enumerate(data.extents):
        inside = data.hard[n][:, *(slice(0, length) for length in extent)]
        if data.valid is not None:
            labelled = data.valid[n][*(slice(0, length) for length in extent)]
            inside = inside[:, labelled]
        counts += torch.bincount(inside.flatten().long(), minlength=classes).double().cpu()
    return counts / counts.sum()
