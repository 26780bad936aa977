"""Which voxels lie near one of another class: compiled, row by row, exact.

Seen from a voxel of class c, a row some steps away has another class right there, or its nearest one where the run of c
ends. So it is enough to know, for each voxel, how far along its own row the next change of class is.
"""

import numpy as np
from numba import njit

VERSION = 1
FAR = np.uint16(0xFFFF)
compiled = njit(cache=True, error_model="numpy", nogil=True)


def near_another_class(
    labels: np.ndarray, spacing_mm: tuple[float, ...], squared_mm2: float, steps: list[int]
) -> np.ndarray:
    """Mark the voxels that have one of another class within a distance.

    Args:
        labels: (D, H, W) or (H, W) integers, all of which count.
        spacing_mm: one number for each axis.
        squared_mm2: the largest distance, squared.
        steps: how many voxels it can span along each axis.
    Returns: bool, of the shape of `labels`.
    """
    narrow = labels.dtype.itemsize == 1 or (labels.size > 0 and labels.min() >= 0 and labels.max() < 256)
    volume = np.ascontiguousarray(labels, np.uint8 if narrow else np.int64)
    volume = volume.reshape((1,) * (3 - volume.ndim) + volume.shape)
    band = np.zeros(volume.shape, bool)
    _mark(volume, *_changes(volume), _ball(spacing_mm, squared_mm2, steps), band)
    return band.reshape(labels.shape)


def near_another_class_plain(labels: np.ndarray, spacing_mm: tuple[float, ...], squared_mm2: float) -> np.ndarray:
    """Return the same by scipy's distance transform of each class."""
    from scipy.ndimage import distance_transform_edt

    band = np.zeros(labels.shape, bool)
    for class_id in np.unique(labels):
        here = labels == class_id
        if not here.all():
            band |= here & (distance_transform_edt(here, spacing_mm) ** 2 <= squared_mm2)
    return band


def _ball(spacing_mm: tuple[float, ...], squared_mm2: float, steps: list[int]) -> np.ndarray:
    """Return the rows (dd, dh) that the distance reaches, and how many voxels along them, (K, 3)."""
    squared = [(np.arange(-n, n + 1) * step) ** 2 for n, step in zip(steps, spacing_mm, strict=True)]
    if len(squared) == 2:
        squared.insert(0, np.zeros(1))
    reached = (squared[0][:, None, None] + squared[1][:, None]) + squared[2] <= squared_mm2
    along = reached.sum(axis=2) // 2
    middle = np.array(along.shape) // 2
    rows = np.argwhere(reached.any(axis=2))
    return np.column_stack([rows - middle, along[tuple(rows.T)]])


@compiled
def _changes(volume: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far along its row each voxel has one of another class, uint16, and which rows have none."""
    depth, height, width = volume.shape
    away, uniform = np.empty(volume.shape, np.uint16), np.empty((depth, height), np.bool_)
    for d in range(depth):
        for h in range(height):
            row, out = volume[d, h], away[d, h]
            out[:] = FAR
            start = 0  # of the run
            for w in range(1, width + 1):
                if w < width and row[w] == row[w - 1]:
                    continue
                for v in range(start, w):
                    left = v - start + 1 if start > 0 else np.int64(FAR)
                    right = w - v if w < width else np.int64(FAR)
                    out[v] = min(left, right, np.int64(FAR))
                uniform[d, h] = start == 0
                start = w
    return away, uniform


@compiled
def _mark(volume: np.ndarray, away: np.ndarray, uniform: np.ndarray, ball: np.ndarray, band: np.ndarray) -> None:
    """Mark each voxel to which one row of the ball shows another class; in place."""
    depth, height = uniform.shape
    for d in range(depth):
        for h in range(height):
            for i in range(len(ball)):
                z, y = d + ball[i, 0], h + ball[i, 1]
                if z < 0 or z >= depth or y < 0 or y >= height:
                    continue
                if uniform[d, h] and uniform[z, y] and volume[d, h, 0] == volume[z, y, 0]:
                    continue
                reach = np.uint16(min(ball[i, 2], np.int64(FAR) - 1))
                _mark_row(volume[d, h], volume[z, y], away[z, y], reach, band[d, h])


@compiled
def _mark_row(own: np.ndarray, other: np.ndarray, away: np.ndarray, reach: np.uint16, band: np.ndarray) -> None:
    for w in range(len(own)):
        band[w] |= (own[w] != other[w]) | (away[w] <= reach)
