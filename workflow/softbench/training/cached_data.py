"""Cache the training data in memory: padded to one grid, in half the bytes of the files, on the GPU where it fits."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import torch

from softbench.arrays import pad_to, round_up
from softbench.datasets.case import Case
from softbench.store import ONE

VERSION = 2
LARGEST_HALF = 65504.0  # of float16
SHARE_OF_GPU = 0.5  # of its free memory that data may take: the network needs the rest


@dataclass(frozen=True)
class CachedData:
    """N cases on one grid, all in one memory.

    images: (N, M, D, H, W) float16, float32 where a value would overflow; soft: (N, R, C, D, H, W) uint16, 65535 is 1;
    hard: (N, R, D, H, W) uint8: R > 1 where a method learns from each rater in turn; extents: the length of each case
    along each axis before padding; cases: their ids; valid: (N, D, H, W) bool, false where nobody labelled, or None
    where all is valid; device: where training runs, which is not where the data lie if they are too large for it.
    """

    images: torch.Tensor
    soft: torch.Tensor
    hard: torch.Tensor
    extents: list[tuple[int, ...]]
    cases: list[str]
    valid: torch.Tensor | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def dims(self) -> int:
        """Return 2 or 3."""
        return self.hard.ndim - 2


def load(
    cases: Sequence[Case],
    targets: Iterable[tuple[np.ndarray, np.ndarray]],
    crop: Sequence[int],
    device: torch.device,
    log: Callable[[str], None] = lambda line: None,
) -> CachedData:
    """Pad cases and their targets to one grid that holds a crop: in the GPU's memory, else where it reads fastest.

    Args:
        cases: give images and ids.
        targets: of each case, soft (R, C, ...) integers of the store and hard (R, ...) labels; read one at a time.
        crop: of the protocol, voxels.
        device: where training will run.
        log: takes a line that says where the data lie.
    Returns: the data. Padding lies at the far end of each axis: images repeat their border, labels are background and
        not valid. Images are rounded to float16 (11 bits), for networks are trained with noisier numbers than that.
    """
    extents = [case.images.shape[1:] for case in cases]
    grid = tuple(max(*lengths, size) for lengths, size in zip(zip(*extents, strict=True), crop, strict=True))
    first, rest = _first(targets)
    shapes = [(len(cases), *array.shape[: array.ndim - len(grid)], *grid) for array in (cases[0].images, *first)]
    dtypes = (_image_type(cases), torch.uint16, torch.uint8)
    images, soft, hard = _allocate(shapes, dtypes, device, log)
    for n, (case, (codes, labels)) in enumerate(zip(cases, rest, strict=True)):
        images[n].copy_(torch.from_numpy(pad_edge(case.images, grid)))
        soft[n].copy_(torch.from_numpy(pad_background(codes, grid)))
        hard[n].copy_(torch.from_numpy(pad_to(labels, grid).astype(np.uint8)))
    valid = _labelled(cases, grid, images.device)
    return CachedData(images, soft, hard, extents, [case.id for case in cases], valid, device)


def _first(
    targets: Iterable[tuple[np.ndarray, np.ndarray]],
) -> tuple[tuple[np.ndarray, np.ndarray], Iterable[tuple[np.ndarray, np.ndarray]]]:
    """Return the first target, and all of them, none computed twice."""
    rest = iter(targets)
    first = next(rest)
    return first, chain([first], rest)


def _image_type(cases: Sequence[Case]) -> torch.dtype:
    """Return float16, or float32 where an image holds a value that float16 does not."""
    largest = max(float(np.abs(case.images).max()) for case in cases)
    return torch.float16 if largest <= LARGEST_HALF else torch.float32


def _allocate(
    shapes: Sequence[tuple[int, ...]],
    dtypes: Sequence[torch.dtype],
    device: torch.device,
    log: Callable[[str], None],
) -> list[torch.Tensor]:
    """Return empty tensors: on the device if they fit, else in host memory, which a GPU reads faster when pinned."""
    size = sum(int(np.prod(shape)) * dtype.itemsize for shape, dtype in zip(shapes, dtypes, strict=True))
    where, pinned = device, False
    if device.type == "cuda" and not fits(size, torch.cuda.mem_get_info(device)[0]):
        where, pinned = torch.device("cpu"), True
    name = "pinned host memory: they would take too much of the GPU's" if pinned else f"memory ({where})"
    log(f"training data: {shapes[0][0]} cases, {size / 1e6:.0f} MB in {name}")
    return [torch.empty(s, dtype=d, device=where, pin_memory=pinned) for s, d in zip(shapes, dtypes, strict=True)]


def fits(size: int, free: int) -> bool:
    """Return whether data of `size` bytes fit into a GPU with `free` bytes and leave enough for the network."""
    return size <= SHARE_OF_GPU * free


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


def padded(image: np.ndarray, multiple: int) -> np.ndarray:
    """Pad an image (M, ...) so that a network that halves its grid can take it whole."""
    return pad_edge(image, round_up(image.shape[1:], multiple))


def class_frequencies(data: CachedData, classes: int) -> torch.Tensor:
    """Return the share of each class among the voxels of the training cases, padding left out: (C,) float64."""
    counts = torch.zeros(classes, dtype=torch.float64)
    for n, extent in enumerate(data.extents):
        inside = data.hard[n][:, *(slice(0, length) for length in extent)]
        if data.valid is not None:
            labelled = data.valid[n][*(slice(0, length) for length in extent)]
            inside = inside[:, labelled]
        counts += torch.bincount(inside.flatten().long(), minlength=classes).double().cpu()
    return counts / counts.sum()
