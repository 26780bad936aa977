"""Levels of a probability map: how many voxels lie above each threshold, counted in one pass."""

from dataclasses import dataclass

import numpy as np

from softbench.errors import InputError
from softbench.metrics.inputs import require_probability

VERSION = 1
LEVELS = 65535  # thresholds, evenly spaced in (0, 1): (k + 1/2) / 65535
CHUNK = 1 << 20  # voxels counted at a time: bincount makes a copy eight bytes wide


def quantise(probability: np.ndarray) -> np.ndarray:
    """Return the integer q of each voxel, p rounded to q / 65535; p is above threshold k where q > k.

    Args:
        probability: (...) floats in [0, 1]; uint16, where 65535 stands for 1; or bool.
    Returns: (...) uint16.
    Raises: InputError: if it is none of these.
    """
    values = np.asarray(probability)
    if values.dtype == np.uint16:
        return values
    if values.dtype == bool:
        return np.where(values, LEVELS, 0).astype(np.uint16)
    require_probability("probability", values)
    scaled = np.multiply(values, LEVELS, dtype=np.result_type(values.dtype, np.float32))  # float16 ends at 65504
    return np.clip(np.rint(scaled), 0, LEVELS).astype(np.uint16)


@dataclass(frozen=True, eq=False)
class Levels:
    """A probability map by its level sets {q > k}, k = 0 .. 65534; thresholds between two levels give the same set.

    values: (...) uint16, of `quantise`. present: (K,) the levels above 0 that voxels have, rising. sizes: (K,) voxels
    at or above each, falling. weights: (K,) thresholds that give this set; at the others, `empty`, it is empty.
    """

    values: np.ndarray
    present: np.ndarray
    sizes: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, probability: "np.ndarray | Levels") -> "Levels":
        """Return the levels of a map that `quantise` takes; levels as they are. Raises: InputError: as `quantise`."""
        if isinstance(probability, Levels):
            return probability
        values = quantise(probability)
        counts = _count(values)
        present = 1 + np.flatnonzero(counts[1:])
        return cls(values, present, _at_or_above(counts[present]), np.diff(present, prepend=0))

    @property
    def empty(self) -> int:
        """Number of thresholds above all voxels."""
        return LEVELS - int(self.weights.sum())

    def inside(self, mask: np.ndarray) -> np.ndarray:
        """Return how many voxels of each level set lie in a mask (...), (K,)."""
        return _at_or_above(_count(self.values[mask])[self.present])

    def above(self, threshold: float) -> int:
        """Return the size of {p > threshold}; `threshold` from 0 to 1, and nothing lies above 1."""
        place = np.searchsorted(self.present, int(threshold * LEVELS), side="right")
        return int(self.sizes[place]) if place < len(self.sizes) else 0


def _count(values: np.ndarray) -> np.ndarray:
    """Return how many voxels have each level, (65536,) int64."""
    flat, counts = values.reshape(-1), np.zeros(LEVELS + 1, np.int64)
    for start in range(0, len(flat), CHUNK):
        counts += np.bincount(flat[start : start + CHUNK], minlength=LEVELS + 1)
    return counts


def _at_or_above(counts: np.ndarray) -> np.ndarray:
    return counts[::-1].cumsum()[::-1]


def require_raters(raters: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return the masks of raters, (R, ...) bool on a grid of this shape.

    Raises: InputError: if they are not bool, none, or on another grid.
    """
    masks = np.asarray(raters)
    if masks.dtype != bool or masks.ndim < 1 or not len(masks):
        raise InputError(
            "`raters` must be (R, ...) masks of False and True, R at least 1, but the type is "
            f"{masks.dtype} and the shape {masks.shape}. Pick a structure first: `labels == 3`."
        )
    if masks.shape[1:] != tuple(shape):
        raise InputError(
            f"`raters` and the prediction must lie on one grid, but have the shapes {masks.shape[1:]} and "
            f"{tuple(shape)}. Resample one onto the other first."
        )
    return masks
