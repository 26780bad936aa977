"""Signed distance to the edge of a mask, exact, and only in the box where it is asked for."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_one_of

VERSION = 1
CONVENTIONS = ("centre", "halfshift", "inner_boundary")
Box = tuple[slice, ...]


def signed_distance(
    mask: np.ndarray, where: np.ndarray, spacing: Sequence[float], *, convention: str = "centre"
) -> np.ndarray:
    r"""Return the distance to the edge of a mask at some voxels: positive inside the mask, negative outside.

    Args:
        mask: (D, H, W) or (H, W) bool.
        where: the same shape, bool: voxels at which the distance is wanted.
        spacing: one positive number an axis; its unit is that of the result (1 for voxels).
        convention: what the edge is.
            "centre": the nearest voxel centre on the other side, so the voxels at the edge have +-1 voxel and never 0.
            "halfshift": half way to it: `centre` moved towards 0 by half the smallest spacing, so +-0.5 voxel.
            "inner_boundary": the voxels of the mask with a face neighbour outside it, which are at 0, as Li et al. 2020
            write it; outside it equals `centre`.
    Returns: (number of True in `where`,) float64, in array order; +inf where the mask covers everything, -inf where it
        is empty. The array's own border is no edge.
    Raises: InputError: if the convention is unknown.
    Departures: none; equal to scipy's `distance_transform_edt` over the whole array.
    """
    require_one_of("convention", convention, CONVENTIONS)
    if mask.all() or not mask.any():
        return np.full(np.count_nonzero(where), np.inf if mask.flat[0] else -np.inf)
    if not where.any():
        return np.zeros(0)
    box = join(edge_box(mask), bounding_box(where))
    inside, here = mask[box], where[box]
    target = inside & ~_eroded(inside) if convention == "inner_boundary" else ~inside
    result = np.where(inside, _distance_to(target, spacing), -_distance_to(inside, spacing))[here]
    if convention == "halfshift":
        result -= np.sign(result) * min(spacing) / 2
    return result


def edge_box(mask: np.ndarray) -> Box:
    """Return a box with every voxel that touches the edge of a mask on either side; the mask has both sides.

    The nearest voxel across the edge always touches it: a face neighbour of it that lies nearer is on this side.
    """
    boxes = [bounding_box(mask), bounding_box(~mask)]
    small = min(boxes, key=lambda box: np.prod([part.stop - part.start for part in box]))
    return grown(small, [1] * mask.ndim, mask.shape)


def bounding_box(mask: np.ndarray) -> Box:
    """Return the slices that hold every True voxel of a mask that is not empty."""
    box = []
    for axis in range(mask.ndim):
        used = np.flatnonzero(mask.any(axis=tuple(a for a in range(mask.ndim) if a != axis)))
        box.append(slice(int(used[0]), int(used[-1]) + 1))
    return tuple(box)


def grown(box: Box, margin: Sequence[int], shape: Sequence[int]) -> Box:
    """Return a box with `margin` more voxels on both sides of each axis, within an array of this shape."""
    parts = zip(box, margin, shape, strict=True)
    return tuple(slice(max(0, part.start - m), min(n, part.stop + m)) for part, m, n in parts)


def join(first: Box, second: Box) -> Box:
    """Return the smallest box that holds two boxes."""
    pairs = zip(first, second, strict=True)
    return tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in pairs)


def _eroded(mask: np.ndarray) -> np.ndarray:
    """Return the voxels of a mask whose face neighbours all lie in it; outside the array counts as in it."""
    from scipy import ndimage

    return np.asarray(ndimage.binary_erosion(mask, border_value=1))


def _distance_to(target: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Return the distance of each voxel to the nearest True one."""
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(~target, sampling=spacing))
