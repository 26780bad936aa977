"""Boxes around the objects of a mask that share no voxel, so that each part of an image can be worked on by itself."""

from collections.abc import Sequence

import numpy as np

from softbench.arrays import bounding_box

VERSION = 1
Box = tuple[slice, ...]


def around_objects(mask: np.ndarray, margin: Sequence[int], windows: Sequence[int] | None = None) -> list[Box]:
    """Return boxes that hold all objects of a mask, each with a margin; no two overlap.

    Args:
        mask: (D, H, W) or (H, W) bool.
        margin: voxels around each object along each axis, within the array.
        windows: voxels along each axis: boxes begin and end where windows of this size do, counted from the array's
            first voxel, or at the array's end. Left out: 1.
    Returns: a box for each object (voxels that share faces), or for several whose boxes would overlap, sorted; none of
        an empty mask.
    """
    from scipy import ndimage

    if not mask.any():
        return []
    inner = bounding_box(mask)
    objects = ndimage.find_objects(ndimage.label(mask[inner])[0])
    steps = windows or [1] * mask.ndim
    grown = [
        tuple(
            slice(
                max(0, part.start + shift.start - more) // step * step,
                min(length, -(-(part.stop + shift.start + more) // step) * step),
            )
            for part, shift, more, length, step in zip(box, inner, margin, mask.shape, steps, strict=True)
        )
        for box in objects
    ]
    return _disjoint(grown)


def _disjoint(found: list[Box]) -> list[Box]:
    """Return boxes of which no two overlap: those that do become one that holds both."""
    apart: list[Box] = []
    waiting = list(found)
    while waiting:
        box = waiting.pop()
        other = next((known for known in apart if _overlap(box, known)), None)
        if other is None:
            apart.append(box)
            continue
        apart.remove(other)
        both = zip(box, other, strict=True)
        waiting.append(tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in both))
    return sorted(apart, key=lambda box: [part.start for part in box])


def _overlap(first: Box, second: Box) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(first, second, strict=True))
