"""Voxels that nobody labelled: they count for nothing, and must not look like a boundary to their neighbours."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from softbench.checks import require_same_shape
from softbench.errors import InputError

VERSION = 1


def fill(labels: np.ndarray, valid: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Give each voxel that is not valid the label of the nearest valid one, so that softening sees no edge there.

    Args:
        labels: (R, D, H, W) or (R, H, W), class ids; what stands at voxels that are not valid does not matter.
        valid: (D, H, W) or (H, W) bool.
        spacing_mm: one number an axis; "nearest" is in mm.
    Returns: labels of the same shape and type.
    Raises: InputError: if the grids differ, or no voxel is valid.
    """
    require_same_shape("valid", valid.shape, "labels", labels.shape[1:])
    if not valid.any():
        raise InputError("no voxel is valid: the case has no label at all. Leave it out of the split.")
    nearest = ndimage.distance_transform_edt(
        ~valid, sampling=tuple(spacing_mm), return_distances=False, return_indices=True
    )
    filled: np.ndarray = labels[(slice(None), *nearest)]
    return filled
