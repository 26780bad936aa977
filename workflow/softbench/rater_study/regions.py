"""Where a soft label is compared with raters: at the boundary of a structure, in a band around it, or everywhere."""

from collections.abc import Sequence

import numpy as np

from softbench.arrays import bounding_box, distance_inside
from softbench.checks import require_positive

VERSION = 1
EDGE = 1 + 1e-9  # a voxel that lies at the very edge of the band belongs to it
REST, BAND, BOUNDARY = 0, 1, 2


def zones(masks: np.ndarray, spacing_mm: Sequence[float], band_mm: float) -> np.ndarray:
    """Return the zone of each voxel: 2 at the boundary, 1 in the rest of the band, 0 beyond.

    The boundary are voxels that touch the edge of a rater's mask by a face, on either side, and those on which raters
    disagree; so it holds all that they disagree on, whoever the soft label was made of. The band are voxels whose
    centre lies within `band_mm` of that of a voxel of the boundary.

    Args:
        masks: (R, D, H, W) or (R, H, W) bool, one structure.
        spacing_mm: of the axes.
        band_mm: half width of the band, positive; at least the largest spacing counts.
    Returns: (D, H, W) or (H, W) uint8; all 0 where nobody drew the structure.
    """
    require_positive("band_mm", band_mm)
    boundary = np.asarray(masks.any(axis=0) & ~masks.all(axis=0))
    for mask in masks:
        for axis in range(mask.ndim):
            _touch(mask, axis, boundary)
    result = np.zeros(boundary.shape, np.uint8)
    if not boundary.any():
        return result
    reach_mm = max(float(band_mm), *map(float, spacing_mm))
    box = bounding_box(boundary, [int(np.ceil(reach_mm / step)) for step in spacing_mm])
    away = distance_inside(~boundary[box], spacing_mm)
    result[box][away <= reach_mm * EDGE] = BAND
    result[boundary] = BOUNDARY
    return result


def _touch(mask: np.ndarray, axis: int, boundary: np.ndarray) -> None:
    """Mark both voxels of each face along an axis at which a mask ends, in place."""
    lower, upper = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
    lower[axis], upper[axis] = slice(None, -1), slice(1, None)
    faces = mask[tuple(lower)] != mask[tuple(upper)]
    boundary[tuple(lower)] |= faces
    boundary[tuple(upper)] |= faces
