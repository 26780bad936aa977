"""Softening by distance to the boundary only: a control that shows whether the image or any soft edge helps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from softbench.arrays import bounding_box, distance_inside
from softbench.checks import require_one_of, require_positive
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SINGLE_VOXEL_KEEPS = 0.3  # of an object of one voxel: the nearest boundary is half a voxel away
SETTINGS = {"width_mm": 1.0}  # distance at which the class's share before normalising is 0.73
ALLOWED = {"width_mm": {"type": "number", "exclusiveMinimum": 0, "description": "mm, how wide a class fades"}}
CONVENTIONS = ("centre", "halfshift", "inner_boundary")  # of `signed_distance`
MOST, MOST_SINGLE = 700.0, 80.0  # exp of more is no float64, no float32
Near: TypeAlias = tuple[tuple[slice, ...], np.ndarray]  # a box, and the signed distances in it
REACH = 20  # widths beyond which the sigmoid, 2e-9, counts as 0 (or 1)


def is_normalised(width_mm: float = 1.0) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, width_mm: float = 1.0
) -> np.ndarray:
    r"""Compute each class as a sigmoid of the signed distance from its edge.

    .. math:: y_c = \frac{s(d_c / w)}{\sum_k s(d_k / w)}, \qquad s(x) = \frac{1}{1 + e^{-x}}

    d_c is the distance in mm to the nearest voxel on the other side of the edge of class c, positive inside; background
    is a class like any other. Where two classes meet and no third is near, the sum is 1 before it is divided by.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm.
        classes: number of classes C, background included.
        width_mm: w, positive; small ones approach one-hot.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C. The labelled class keeps the largest
        probability; an absent class is 0 everywhere, one that covers everything 1.
    Raises: InputError: if `width_mm` is not positive, or the labels are not class ids of one rater.
    Source: this suite; the distances are those of `superpixel` (convention "centre", mm), without the superpixels.
        Departures: beyond 20 widths the sigmoid counts as 0 or 1 (off by at most 2e-9).

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.distance.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.05 0.12 0.27 0.73 0.88 0.95]]
    """
    require_positive("width_mm", width_mm)
    label_map = one_rater(labels, spacing_mm, classes)
    soft = np.empty((classes, *label_map.shape), np.float32)
    for c in range(classes):
        mask = label_map == c
        _fade(mask, near_edge(mask, spacing_mm, width_mm), width_mm, soft[c])
    soft /= soft.sum(axis=0)
    return soft


soften_batch = batched(soften)


def soften_each(
    labels: np.ndarray, spacing_mm: Sequence[float], *, classes: int, settings: Sequence[Mapping[str, float]]
) -> Iterator[np.ndarray]:
    """Give what `soften` returns for each of several settings; the distances are measured once for all of them."""
    label_map = one_rater(labels, spacing_mm, classes)
    widths = [each.get("width_mm", SETTINGS["width_mm"]) for each in settings]
    for width_mm in widths:
        require_positive("width_mm", width_mm)
    found = [_single(near_edge(label_map == c, spacing_mm, max(widths, default=1.0))) for c in range(classes)]
    for width_mm in widths:
        soft = np.empty((classes, *label_map.shape), np.float32)
        for c, near in enumerate(found):
            _fade(label_map == c, near, width_mm, soft[c])
        soft /= soft.sum(axis=0)
        yield soft
        del soft


def _single(near: Near | None) -> Near | None:
    """Return distances as float32: of all classes at once they take half as much memory, and less time."""
    return None if near is None else (near[0], near[1].astype(np.float32))


def share(mask: np.ndarray, spacing_mm: Sequence[float], width_mm: float) -> np.ndarray:
    """Return the sigmoid of the signed distance over the width, float32 in [0, 1]; 0 or 1 far from the mask's edge."""
    result = np.empty(mask.shape, np.float32)
    _fade(mask, near_edge(mask, spacing_mm, width_mm), width_mm, result)
    return result


def near_edge(mask: np.ndarray, spacing_mm: Sequence[float], width_mm: float) -> Near | None:
    """Return the box in which a class of this width fades, and the signed distances in it; None without an edge."""
    if mask.all() or not mask.any():
        return None
    box = edge_box(mask, [int(np.ceil(REACH * width_mm / s)) for s in spacing_mm])
    near = mask[box]
    return box, signed_distance(near, np.ones_like(near), spacing_mm).reshape(near.shape)


def _fade(mask: np.ndarray, near: Near | None, width_mm: float, result: np.ndarray) -> None:
    """Write the sigmoid of the signed distance over the width into `result`."""
    result[...] = mask
    if near is not None:
        box, distance = near
        faded = distance / -width_mm
        np.minimum(faded, MOST if faded.dtype == np.float64 else MOST_SINGLE, out=faded)
        np.exp(faded, out=faded)
        faded += 1
        np.divide(1, faded, out=faded)
        result[box] = faded


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
    from scipy import ndimage

    require_one_of("convention", convention, CONVENTIONS)
    if mask.all() or not mask.any():
        return np.full(np.count_nonzero(where), np.inf if mask.flat[0] else -np.inf)
    if not where.any():
        return np.zeros(0)
    pairs = zip(edge_box(mask), bounding_box(where), strict=True)
    box = tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in pairs)
    inside, here = mask[box], where[box]
    target = ~inside
    if convention == "inner_boundary":  # outside the array counts as in the mask
        target = inside & ~ndimage.binary_erosion(inside, border_value=1)
    result = np.where(inside, distance_inside(~target, spacing), -distance_inside(~inside, spacing))[here]
    if convention == "halfshift":
        result -= np.sign(result) * min(spacing) / 2
    return result


def edge_box(mask: np.ndarray, margin: Sequence[int] | None = None) -> tuple[slice, ...]:
    """Return a box with every voxel that touches a mask's edge on either side, and `margin` more; it has both sides.

    The nearest voxel across the edge always touches it: a face neighbour of it that lies nearer is on this side.
    """
    small = min((mask, ~mask), key=lambda side: np.prod([part.stop - part.start for part in bounding_box(side)]))
    return bounding_box(small, [1 + more for more in margin or [0] * mask.ndim])
