"""Boundary uncertainty: the rims on both sides of an edge get fixed probabilities."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_fraction
from softbench.errors import InputError
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SETTINGS = {"inner": 0.9, "outer": 0.1}  # of the class in its own rim, and in the rim around it
ALLOWED = {
    "inner": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "description": "of a class in its own rim"},
    "outer": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "description": "of a class in the rim around it"},
}
BELOW = {"outer": "inner"}  # else the label would not win


def is_normalised(**settings: float) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    inner: float = 0.9,
    outer: float = 0.1,
) -> np.ndarray:
    r"""Give each class `inner` in its rim, `outer` in the rim around it, 1 deeper inside and 0 elsewhere, then divide.

    .. math:: y_c = \frac{u_c}{\sum_k u_k}, \qquad
        u_c = [\text{eroded}_c] + i\,[t = c \text{, not eroded}_c] + o\,[\text{dilated}_c \text{, not } t = c]

    Erosion and dilation are one step with all 3 x 3 (x 3) neighbours; the array's border is no edge. Background is a
    class like any other, so where two classes meet, and i + o = 1, the sum is 1 before it is divided by.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check: rims are one voxel wide, as in the paper.
        classes: number of classes C, background included.
        inner: i, above 0 and at most 1.
        outer: o, at least 0 and below `inner`.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C. The labelled class keeps the largest
        probability; an absent class is 0 everywhere.
    Raises: InputError: if `outer` is not below `inner`, one of them is out of range, or the labels are not class ids of
        one rater.
    Source: Yeung et al. 2021 (arXiv 2111.00533), whose 0.9 and 0.1 are the defaults. Departures: several classes, whose
        sum is divided by; the paper has one structure and 2-D images.
    """
    require_fraction("inner", inner)
    require_fraction("outer", outer)
    if outer >= inner:
        raise InputError(f"`outer` must be below `inner` ({inner:g}), but is {outer:g}: the label would not win.")
    label_map = one_rater(labels, spacing_mm, classes)
    soft = np.zeros((classes, *label_map.shape), np.float32)
    for c in np.unique(label_map):
        eroded, dilated = rims(label_map == c)
        soft[c] = np.where(label_map == c, np.where(eroded, 1, inner), np.where(dilated, outer, 0))
    return soft / soft.sum(axis=0)


soften_batch = batched(soften)


def rims(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a mask eroded and dilated by one step with all neighbours, diagonal ones too; the border is no edge."""
    from scipy import ndimage

    values = mask.astype(np.uint8)
    return ndimage.minimum_filter(values, 3, mode="nearest") > 0, ndimage.maximum_filter(values, 3, mode="nearest") > 0
