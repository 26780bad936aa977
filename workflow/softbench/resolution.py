"""A coarser grid: the window means of EPD and the class that a window holds most of, and the nearest and bilinear arms.

All work on whole windows of `factor` voxels; a grid that is no multiple of it is first extended at its border.
"""

from collections.abc import Sequence

import numpy as np

from softbench.errors import InputError

VERSION = 1


def factors(factor: int | Sequence[int], dims: int) -> tuple[int, ...]:
    """Return the factor of each axis.

    Raises: InputError: unless `factor` is a whole number of at least 1, or one for each of `dims` axes.
    """
    result = (factor,) * dims if isinstance(factor, int | np.integer) else tuple(factor)
    if len(result) != dims or any(int(f) != f or f < 1 for f in result):
        raise InputError(f"`factor` must be a whole number of at least 1, or {dims} of them, but is {factor!r}.")
    return tuple(int(f) for f in result)


def grid(shape: Sequence[int], factor: int | Sequence[int]) -> tuple[int, ...]:
    """Return the shape of the coarser grid: each length divided by its factor, rounded up."""
    return tuple(-(-n // f) for n, f in zip(shape, factors(factor, len(shape)), strict=True))


def extend(array: np.ndarray, factor: Sequence[int]) -> np.ndarray:
    """Repeat the border at the far end of the last axes until each length is a multiple of its factor."""
    lengths = array.shape[-len(factor) :]
    widths = [(0, 0)] * (array.ndim - len(factor)) + [(0, -n % f) for n, f in zip(lengths, factor, strict=True)]
    return np.pad(array, widths, mode="edge") if any(after for _, after in widths) else array


def mean(channels: np.ndarray, factor: int | Sequence[int]) -> np.ndarray:
    """Average over windows that do not overlap: EPD's labels (of one-hot channels) and its images.

    Args:
        channels: (C, D, H, W) or (C, H, W).
        factor: voxels of a window, one number or one an axis.
    Returns: (C, ...) float32 on the coarser grid.
    """
    size = factors(factor, channels.ndim - 1)
    result = extend(channels, size).astype(np.float32, copy=False)
    for axis, step in enumerate(size, start=1):  # one axis at a time: each pass reads less than the one before
        parts = [np.take(result, range(first, result.shape[axis], step), axis) for first in range(step)]
        result = sum(parts[1:], start=parts[0]) / np.float32(step) if step > 1 else result
    return result


def count(mask: np.ndarray, factor: int | Sequence[int]) -> np.ndarray:
    """Return how many voxels of each window are true, on the coarser grid; a repeated border counts as often."""
    size = factors(factor, mask.ndim)
    result = extend(mask, size).astype(np.int32)
    for axis, step in enumerate(size):
        parts = [np.take(result, range(first, result.shape[axis], step), axis) for first in range(step)]
        result = sum(parts[1:], start=parts[0])
    return result


def majority(labels: np.ndarray, factor: int | Sequence[int], valid: np.ndarray | None = None) -> np.ndarray:
    """Give each window the class that most of its valid voxels hold, the first class (lowest id) of equals.

    The hard label of a method whose soft label holds a window's shares: what its loss knows as `hard`, and what
    selection and temperature compare with. It is counted from the labels, never read off a soft label.

    Args:
        labels: (D, H, W) or (H, W), class ids.
        factor: voxels of a window, one number or one an axis.
        valid: of the shape of `labels`, bool; None: all are.
    Returns: the coarser grid, of the same type; 0 where no voxel of a window is valid (see `covered`).
    Source: EPD paper Sec. III-C, on the classes of soft targets. Departures: none.
    """
    most = np.zeros(grid(labels.shape, factor), np.int32)
    result = np.zeros(most.shape, labels.dtype)
    for label in np.unique(labels):
        held = count((labels == label) if valid is None else (labels == label) & valid, factor)
        result[held > most] = label
        np.maximum(most, held, out=most)
    return result


def covered(valid: np.ndarray, factor: int | Sequence[int]) -> np.ndarray:
    """Return which windows hold a valid voxel: bool on the coarser grid."""
    return count(valid, factor) > 0


def bilinear(channels: np.ndarray, factor: int | Sequence[int]) -> np.ndarray:
    """Interpolate linearly at the centres of the coarser voxels (half-pixel centres, no anti-aliasing).

    The convention of `torch.nn.functional.interpolate(align_corners=False)` and of
    `skimage.transform.resize(order=1, anti_aliasing=False)`. At factor 2 a centre lies amid its window, so this equals
    `mean`: there the two arms of EPD's comparison have the same images.

    Args:
        channels: (C, D, H, W) or (C, H, W).
        factor: voxels of a window, one number or one an axis.
    Returns: (C, ...) float32 on the coarser grid.
    """
    size = factors(factor, channels.ndim - 1)
    result = extend(channels, size).astype(np.float32, copy=False)
    for axis, step in enumerate(size, start=1):
        low = np.arange(result.shape[axis] // step) * step + (step - 1) // 2
        high = np.arange(result.shape[axis] // step) * step + step // 2
        result = (np.take(result, low, axis) + np.take(result, high, axis)) / np.float32(2)
    return result


def nearest(labels: np.ndarray, factor: int | Sequence[int], *, phase: str = "corner") -> np.ndarray:
    """Keep one voxel of each window.

    Args:
        labels: (D, H, W) or (H, W), class ids.
        factor: voxels of a window, one number or one an axis.
        phase: "corner": the window's first voxel (torch's "nearest"); "centre": its middle, the later of two
            (torch's "nearest-exact").
    Returns: the coarser grid, of the same type.
    Raises: InputError: if `phase` is unknown.
    """
    if phase not in ("corner", "centre"):
        raise InputError(f"`phase` must be corner or centre, but is {phase!r}.")
    size = factors(factor, labels.ndim)
    start = [step // 2 if phase == "centre" else 0 for step in size]
    return extend(labels, size)[tuple(slice(first, None, step) for first, step in zip(start, size, strict=True))]
