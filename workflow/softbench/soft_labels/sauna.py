"""SAUNA: signed distance from the edge, sharper where a structure is thin; made for vessels."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.arrays import bounding_box, distance_inside
from softbench.boxes import around_objects
from softbench.checks import require_positive
from softbench.soft_labels.contract import for_tensors_too, many_raters, one_rater

VERSION = 2
NEEDS_IMAGE = False
RATERS = "one"
KIND = "stored"  # depth and thickness are measured against the thickest part of the whole image
SETTINGS = {"reach": 2.0}  # windows in which thickness is looked for outside a structure, in those used inside
ALLOWED = {"reach": {"type": "number", "exclusiveMinimum": 0, "description": "window outside over window inside"}}


def is_normalised(reach: float = 2.0) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, reach: float = 2.0
) -> np.ndarray:
    r"""Map each structure to a certainty from -1 (surely not) to 1 (surely), and give it the probability (s + 1) / 2.

    .. math:: s_c = \begin{cases} \min(1, d/m + 1 - t) & \text{inside} \\
        \max(-1, -\min(d, m)/m - (1 - t)) & \text{outside, near a part of thickness } t > 0 \\
        -1 & \text{elsewhere} \end{cases}

    d: distance in mm to the nearest voxel on the other side of the structure's edge; m: the largest d inside (half the
    width of the thickest part); t: the largest d/m in a window around the voxel, as wide as m inside and `reach` times
    that outside. Where all is thin (t = d/m), the middle is sure; at the edge of the thickest part s is nearly 0.
    Background has what the most probable structure leaves; then the sum is divided by.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm.
        classes: number of classes C, background included.
        reach: positive; the authors' code has 2.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C. The labelled class keeps the largest
        probability; an absent class is 0 everywhere.
    Raises: InputError: if `reach` is not positive, or the labels are not class ids of one rater.
    Source: Dang et al. 2024, SAUNA ("Image-level Regression for Uncertainty-aware Retinal Image Segmentation") and
        their code, variant "hh". Departures: the authors regress s with tanh, here the same information is a
        probability; exact distances, where theirs have steps of a chamfer mask; mm and 3-D; several classes.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.sauna.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.   0.   0.33 0.83 0.83 1.  ]]
    """
    return next(soften_each(labels, spacing_mm, classes=classes, settings=[{"reach": reach}]))


def soften_each(
    labels: np.ndarray, spacing_mm: Sequence[float], *, classes: int, settings: Sequence[Mapping[str, float]]
) -> Iterator[np.ndarray]:
    """Give what `soften` returns for each of several settings; the distances are measured once for all of them."""
    label_map = one_rater(labels, spacing_mm, classes)
    reaches = [each.get("reach", SETTINGS["reach"]) for each in settings]
    for reach in reaches:
        require_positive("reach", reach)
    parts = {int(c): _parts(label_map == c, spacing_mm, reaches) for c in np.unique(label_map[label_map > 0])}
    for reach in reaches:
        soft = np.zeros((classes, *label_map.shape), np.float32)
        for c, of_class in parts.items():
            for part in of_class:
                soft[c][part.box] = part.certainty(reach) / 2 + 0.5
        soft[0] = (1 - soft[1:].max(axis=0)) * (label_map == 0).any()
        soft /= soft.sum(axis=0)
        yield soft
        del soft


def needed_around_mm(
    labels: np.ndarray, spacing_mm: Sequence[float], *, classes: int, settings: Sequence[Mapping[str, float]]
) -> float:
    """Return how many mm around the structures must be given with them, so that the label is that of the whole image.

    It is half the width of the thickest part (m), for every reach: beyond that all is background.
    """
    label_map = many_raters(labels, spacing_mm, classes)
    masks = (rater == c for rater in label_map for c in range(1, classes))
    return max((_largest(mask, spacing_mm) for mask in masks if mask.any() and not mask.all()), default=0.0)


@dataclass(frozen=True)
class _Part:
    """A box of a structure.

    mask: the structure. depth: d / m, 0 outside. own: s inside, min(d, m) / m outside. thickest: m in voxels of each
    axis; empty where the mask covers the whole image, which is sure.
    """

    box: tuple[slice, ...]
    mask: np.ndarray
    depth: np.ndarray
    own: np.ndarray
    thickest: Sequence[int]

    def certainty(self, reach: float) -> np.ndarray:
        """Return s in the box, in [-1, 1]."""
        if not self.thickest:
            return np.ones(self.mask.shape, np.float32)
        around = _thickness(self.depth, _windows(self.thickest, reach))
        result = np.where(around > 0, around - 1 - self.own, np.float32(-1))
        np.copyto(result, self.own, where=self.mask)
        return np.clip(result, -1, 1, out=result)


def _parts(mask: np.ndarray, spacing_mm: Sequence[float], reaches: Sequence[float]) -> list[_Part]:
    """Return the parts of a mask that is not empty; outside their boxes s is -1.

    Two parts are further apart than a window and than m, so that each box has what the whole image gives.
    """
    if mask.all():
        return [_Part((slice(None),) * mask.ndim, mask, mask, mask, ())]
    inside = _inside(mask, spacing_mm)
    largest = max(float(distance.max()) for _, distance in inside)
    depth = np.zeros(mask.shape, np.float32)
    for box, distance in inside:
        depth[box] = distance / largest
    thickest = [math.ceil(largest / spacing) for spacing in spacing_mm]
    halves = [[size // 2 for size in _windows(thickest, times)] for times in reaches]
    apart = around_objects(mask, [max(lengths) for lengths in zip(thickest, *halves, strict=True)])
    return [_part(mask, depth, part, largest, spacing_mm, thickest) for part in apart]


def _part(
    mask: np.ndarray,
    depth: np.ndarray,
    part: tuple[slice, ...],
    largest: float,
    spacing_mm: Sequence[float],
    thickest: Sequence[int],
) -> _Part:
    """Return what lies in a part of the image, no further than m from the structure."""
    near = bounding_box(mask[part], thickest)
    box = tuple(slice(of.start + at.start, of.start + at.stop) for of, at in zip(part, near, strict=True))
    here, deep = mask[box], depth[box].copy()
    own = distance_inside(~here, spacing_mm)
    own /= largest
    own = np.minimum(own, 1, dtype=np.float32, casting="same_kind")
    np.copyto(own, deep + 1 - _thickness(deep, _windows(thickest, 1.0)), where=here)
    return _Part(box, here, deep, own, thickest)


def _largest(mask: np.ndarray, spacing_mm: Sequence[float]) -> float:
    """Return the largest distance of a voxel of a mask to the nearest voxel outside it, mm."""
    return max(float(distance.max()) for _, distance in _inside(mask, spacing_mm))


def _inside(mask: np.ndarray, spacing_mm: Sequence[float]) -> list[tuple[tuple[slice, ...], np.ndarray]]:
    """Return boxes around the objects of a mask, and the distances in them to the nearest voxel outside, mm."""
    return [(box, distance_inside(mask[box], spacing_mm)) for box in around_objects(mask, [1] * mask.ndim)]


def _windows(thickest: Sequence[int], times: float) -> list[int]:
    """Return the voxels of a window along each axis, odd numbers."""
    sizes = [int(times * length) for length in thickest]
    return [size + (size % 2 == 0) for size in sizes]


def _thickness(depth: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Return the largest depth in a window around each voxel."""
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(depth, sizes, mode="constant"))
