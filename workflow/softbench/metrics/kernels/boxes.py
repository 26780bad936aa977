"""Where each class of a label map lies: the box around its voxels, of all classes in one pass (compiled)."""

from collections.abc import Iterable

import numpy as np
from numba import njit

from softbench.metrics.kernels.tally import flat_classes

VERSION = 1
Box = tuple[slice, ...]
compiled = njit(cache=True, error_model="numpy", nogil=True)


def class_boxes(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the lowest place and the place behind the highest of each class along each axis.

    Args:
        labels: (D, H, W) or (H, W) integers; what is no class is passed over.
        classes: number of classes.
    Returns: (classes, 2, axes) int64; a class that is not there has a lowest place above its highest.
    """
    volume = flat_classes(labels, classes).reshape((1,) * (3 - labels.ndim) + labels.shape)
    boxes = np.zeros((classes, 2, 3), np.int64)
    boxes[:, 0] = volume.shape
    boxes[:, 0] += 1
    _extend(volume, boxes)
    return boxes[:, :, 3 - labels.ndim :]


def count_ids(labels: np.ndarray) -> dict[int, int]:
    """Return how many voxels each id of a label map, (...) integers, has; several times as fast as `np.unique`."""
    if labels.dtype == np.uint8:
        counts = np.zeros(256, np.int64)
        _count(np.ascontiguousarray(labels).reshape(-1), counts)
        return {int(label): int(counts[label]) for label in np.flatnonzero(counts)}
    ids, numbers = np.unique(labels, return_counts=True)
    return dict(zip(ids.tolist(), numbers.tolist(), strict=True))


def class_boxes_plain(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return what the kernel returns for classes that are there, computed by numpy."""
    places = [np.argwhere(labels == class_id) for class_id in range(classes)]
    absent = np.array([[n + 1 for n in labels.shape], [0] * labels.ndim])
    return np.array([[p.min(axis=0), p.max(axis=0) + 1] if len(p) else absent for p in places])


def union(boxes: Iterable[np.ndarray]) -> Box:
    """Return the box around some boxes (2, axes); a single voxel where all are empty."""
    lows, highs = (np.array(ends) for ends in zip(*boxes, strict=True))
    low, high = lows.min(axis=0), highs.max(axis=0)
    if (low >= high).any():
        return (slice(0, 1),) * len(low)
    return tuple(slice(int(start), int(stop)) for start, stop in zip(low, high, strict=True))


@compiled
def _extend(volume: np.ndarray, boxes: np.ndarray) -> None:
    """Extend each class's box over its voxels, a run of equal voxels at a time; in place."""
    depth, height, width = volume.shape
    for d in range(depth):
        for h in range(height):
            row = volume[d, h]
            start = 0
            for w in range(1, width + 1):
                if w < width and row[w] == row[start]:
                    continue
                if row[start] < len(boxes):
                    low, high = boxes[row[start], 0], boxes[row[start], 1]
                    low[0], low[1], low[2] = min(low[0], d), min(low[1], h), min(low[2], start)
                    high[0], high[1], high[2] = max(high[0], d + 1), max(high[1], h + 1), max(high[2], w)
                start = w


@compiled
def _count(labels: np.ndarray, counts: np.ndarray) -> None:
    """Count the voxels of each id, a run of equal voxels at a time; in place."""
    if len(labels) == 0:
        return
    start = 0
    for v in range(1, len(labels) + 1):
        if v == len(labels) or labels[v] != labels[start]:
            counts[labels[start]] += v - start
            start = v
