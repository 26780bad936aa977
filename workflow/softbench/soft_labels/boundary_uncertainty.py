"""Boundary uncertainty: the rims on both sides of an edge get fixed probabilities."""

from collections.abc import Iterator, Mapping, Sequence

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

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.boundary_uncertainty.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.  0.  0.1 0.9 1.  1. ]]
    """
    return next(soften_each(labels, spacing_mm, classes=classes, settings=[{"inner": inner, "outer": outer}]))


def soften_each(
    labels: np.ndarray, spacing_mm: Sequence[float], *, classes: int, settings: Sequence[Mapping[str, float]]
) -> Iterator[np.ndarray]:
    """Give what `soften` returns for each of several settings; the rims are found once for all of them."""
    label_map = one_rater(labels, spacing_mm, classes)
    pairs = [tuple(float(each.get(name, SETTINGS[name])) for name in ("inner", "outer")) for each in settings]
    for inner, outer in pairs:
        require_fraction("inner", inner)
        require_fraction("outer", outer)
        if outer >= inner:
            raise InputError(f"`outer` must be below `inner` ({inner:g}), but is {outer:g}: the label would not win.")
    found = {int(c): rims(label_map == c) for c in np.unique(label_map)}
    for inner, outer in pairs:
        soft = np.zeros((classes, *label_map.shape), np.float32)
        for c, (eroded, dilated) in found.items():
            soft[c][dilated] = outer
            soft[c][label_map == c] = inner
            soft[c][eroded] = 1
        soft /= soft.sum(axis=0)
        yield soft
        del soft


soften_batch = batched(soften)


def rims(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a mask eroded and dilated by one step with all neighbours, diagonal ones too; the border is no edge."""
    return ~dilated(~mask), dilated(mask)


def dilated(mask: np.ndarray) -> np.ndarray:
    """Return a mask dilated by one step with all neighbours, diagonal ones too."""
    result = mask.copy()
    for axis in range(mask.ndim):  # one axis after the other gives the diagonal ones
        before = result.copy()
        lower, upper = [slice(None)] * mask.ndim, [slice(None)] * mask.ndim
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        result[tuple(lower)] |= before[tuple(upper)]
        result[tuple(upper)] |= before[tuple(lower)]
    return result
