"""SAUNA: signed distance from the edge, sharper where a structure is thin; made for vessels."""

import math
from collections.abc import Sequence

import numpy as np

from softbench.checks import require_positive
from softbench.soft_labels.contract import for_tensors_too, one_rater

VERSION = 1
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
    """
    require_positive("reach", reach)
    label_map = one_rater(labels, spacing_mm, classes)
    soft = np.zeros((classes, *label_map.shape), np.float32)
    for c in np.unique(label_map[label_map > 0]):
        soft[c] = (certainty(label_map == c, spacing_mm, reach) + 1) / 2
    soft[0] = (1 - soft[1:].max(axis=0)) * (label_map == 0).any()
    return soft / soft.sum(axis=0)


def certainty(mask: np.ndarray, spacing_mm: Sequence[float], reach: float) -> np.ndarray:
    """Return s of a mask that is not empty, in [-1, 1]; a mask that covers everything is sure (1)."""
    from scipy import ndimage

    if mask.all():
        return np.ones(mask.shape)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing_mm)
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing_mm)
    largest = inside.max()
    depth = inside / largest
    of_structure = depth + 1 - _thickness(depth, largest, spacing_mm, 1.0)
    around = _thickness(depth, largest, spacing_mm, reach)
    of_rest = np.where(around > 0, -np.minimum(outside, largest) / largest - (1 - around), -1)
    return np.clip(np.where(mask, of_structure, of_rest), -1, 1)


def _thickness(depth: np.ndarray, largest_mm: float, spacing_mm: Sequence[float], times: float) -> np.ndarray:
    """Return the largest depth in a window around each voxel, an odd number of voxels along each axis."""
    from scipy import ndimage

    sizes = [int(times * math.ceil(largest_mm / spacing)) for spacing in spacing_mm]
    return np.asarray(ndimage.maximum_filter(depth, [size + (size % 2 == 0) for size in sizes], mode="constant"))
