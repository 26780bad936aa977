"""Arrays of class probabilities and label maps: class first, (C, D, H, W) or (C, H, W); background is class 0."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from softbench.checks import require_label_map

VERSION = 1


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Turn a label map into class probabilities that are 0 or 1.

    Args:
        labels: (D, H, W) or (H, W), integers in 0 .. classes - 1.
        classes: number of classes C, background included.
    Returns: (C, D, H, W) or (C, H, W) float32, one 1 a voxel.
    Raises: InputError: if a label lies outside 0 .. classes - 1.
    """
    require_label_map("labels", labels, classes)
    target = np.empty((classes, *labels.shape), np.float32)
    for c in range(classes):
        np.equal(labels, c, out=target[c], casting="unsafe")
    return target


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """Return the class of largest probability, the first one on ties.

    Args:
        probabilities: (C, ...) of up to 256 classes.
    Returns: (...) uint8; class 0 where probabilities are NaN. Several times as fast as `argmax(axis=0)`.
    """
    best = probabilities[0].copy()
    labels = np.zeros(best.shape, np.uint8)
    for class_id in range(1, len(probabilities)):
        higher = probabilities[class_id] > best
        labels[higher] = class_id
        np.copyto(best, probabilities[class_id], where=higher)
    return labels


def bounding_box(mask: np.ndarray, margin: Sequence[int] | None = None) -> tuple[slice, ...]:
    """Return the box that holds every True voxel of a mask, empty where there is none.

    Args:
        mask: (D, H, W) or (H, W) bool.
        margin: voxels added on both sides of each axis, within the array; none where it is left out.
    Returns: one slice an axis.
    """
    box, rest = [], mask
    for axis, length in enumerate(mask.shape):
        used = np.flatnonzero(rest.any(axis=tuple(range(1, rest.ndim))))
        if not used.size:
            return (slice(0, 0),) * mask.ndim
        rest = np.asarray(rest[used[0] : used[-1] + 1].any(axis=0))  # one axis less: cheap from here on
        extra = margin[axis] if margin else 0
        box.append(slice(max(0, int(used[0]) - extra), min(length, int(used[-1]) + 1 + extra)))
    return tuple(box)


def box_of_change(labels: np.ndarray, margin: int) -> tuple[slice, ...]:
    """Return the box outside which a label map is constant, grown by `margin` voxels; empty where it is all constant.

    Args:
        labels: (D, H, W) or (H, W).
        margin: voxels added on each side, up to the border.
    """
    return bounding_box(labels != labels.flat[0], [margin] * labels.ndim)


def distance_inside(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Return the distance of each voxel of a mask to the nearest voxel outside it, 0 outside.

    Args:
        mask: (D, H, W) or (H, W) bool; not True everywhere.
        spacing: one number an axis; its unit is that of the result.
    Returns: float64, to the last bit scipy's `distance_transform_edt`, whose sum over axes takes twice the memory.
    """
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(mask, sampling=spacing, return_distances=False, return_indices=True)
    result = np.empty(mask.shape)
    places = [np.arange(length, dtype=np.int32) for length in mask.shape]
    for row in range(len(mask)):  # slice by slice: what is needed between is small
        squares: Any = 0.0
        for axis, step in enumerate(spacing):
            own = row if axis == 0 else places[axis].reshape([-1 if n == axis else 1 for n in range(1, mask.ndim)])
            steps = (nearest[axis, row] - own) * np.float64(step)
            squares = squares + steps * steps
        result[row] = np.sqrt(squares)
    return result


def pad_to(array: np.ndarray, shape: Sequence[int], value: float = 0) -> np.ndarray:
    """Pad the last `len(shape)` axes at their far end with `value` until they have `shape`; larger axes stay."""
    extra = [max(0, want - have) for want, have in zip(shape, array.shape[-len(shape) :], strict=True)]
    widths = [(0, 0)] * (array.ndim - len(shape)) + [(0, e) for e in extra]
    return np.pad(array, widths, constant_values=value)


def round_up(shape: Sequence[int], multiple: int) -> tuple[int, ...]:
    """Raise each length to the next multiple, as a network that halves its grid several times needs it."""
    return tuple(-(-n // multiple) * multiple for n in shape)
