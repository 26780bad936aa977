"""How many voxels a predicted mask and those of several raters share, pair by pair: what agreement and GED ask of them.

Each pair of masks is compared once, and all that is needed of it follows from three counts.
"""

from dataclasses import dataclass

import numpy as np

from softbench.errors import InputError
from softbench.metrics.raters.levels import require_raters

VERSION = 1


@dataclass(frozen=True, eq=False)
class Overlaps:
    """shared: (M, M) int64, voxels that each two of M masks share; the size of each mask on the diagonal."""

    shared: np.ndarray

    @classmethod
    def of(cls, masks: np.ndarray) -> "Overlaps":
        """Count those of masks, (M, ...) bool."""
        shared = np.diag([np.count_nonzero(mask) for mask in masks])
        for first, second in pairs(len(masks)):
            shared[first, second] = shared[second, first] = np.count_nonzero(masks[first] & masks[second])
        return cls(shared)

    @classmethod
    def with_prediction(cls, prediction: np.ndarray, raters: np.ndarray) -> "Overlaps":
        """Count those of a predicted mask, which comes first, and of raters.

        Args:
            prediction: (D, H, W) or (H, W) bool.
            raters: (R, D, H, W) or (R, H, W) bool, on the same grid.
        Raises: InputError: if types or shapes do not fit.
        """
        mask = np.asarray(prediction)
        if mask.dtype != bool:
            raise InputError(f"`prediction` must be a mask of False and True, but its type is {mask.dtype}.")
        return cls.of(np.concatenate([mask[None], require_raters(raters, mask.shape)]))

    @property
    def sizes(self) -> np.ndarray:
        """Voxels of each mask, (M,)."""
        return self.shared.diagonal()

    @property
    def dsc(self) -> np.ndarray:
        """DSC of each two masks, (M, M), 0 to 1; two empty masks agree, 1."""
        both = self.sizes[:, None] + self.sizes
        return np.where(both > 0, 2 * self.shared / np.maximum(both, 1), 1.0)

    @property
    def distances(self) -> np.ndarray:
        """1 - IoU of each two masks, (M, M), 0 to 1; 0 of two empty masks."""
        union = self.sizes[:, None] + self.sizes - self.shared
        return np.where(union > 0, 1 - self.shared / np.maximum(union, 1), 0.0)


def pairs(count: int) -> list[tuple[int, int]]:
    """Return each pair of two of so many, (a, b) with b before a: (1, 0), (2, 0), (2, 1) …"""
    return [(first, second) for first in range(count) for second in range(first)]
