"""Bounding boxes: work where something is, not on the empty rest of a volume."""

from collections.abc import Sequence

import numpy as np

VERSION = 1
Box = tuple[slice, ...]


def bounding_box(mask: np.ndarray, margin: Sequence[int] | None = None) -> Box | None:
    """Return the slices that hold every True voxel of a mask, or None where there is none.

    Args:
        mask: (D, H, W) or (H, W) bool.
        margin: voxels added on both sides of each axis, within the array; none where it is left out.
    Returns: one slice an axis.
    """
    box, rest = [], mask
    for axis, length in enumerate(mask.shape):
        used = np.flatnonzero(rest.any(axis=tuple(range(1, rest.ndim))))
        if not used.size:
            return None
        rest = np.asarray(
            rest[used[0] : used[-1] + 1].any(axis=0)
        )  # what is left has one axis less: cheap from here on
        extra = margin[axis] if margin else 0
        box.append(slice(max(0, int(used[0]) - extra), min(length, int(used[-1]) + 1 + extra)))
    return tuple(box)


def shared(first: Box, second: Box) -> Box:
    """Return the box that two boxes have in common; it may be empty."""
    return tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
