"""Labels kept soft through resampling: the share of each class in the new voxel, not the largest alone."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from softbench import arrays
from softbench.errors import InputError
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
NEEDS_SHARES = True  # `Case.shares`, of a dataset with `label_interpolation: soft`
RATERS = "one"
KIND = "computed"
SETTINGS: dict[str, float] = {}


def is_normalised() -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    shares: np.ndarray | None = None,
) -> np.ndarray:
    r"""Give each class the share that the resampling of its mask left in the voxel.

    .. math:: y_c(x) = \sum_v w_v(x)\, [\,t_v = c\,]

    with `t` the labels as published and `w` the part of x that v covers (where voxels shrink: linear), which sum to 1.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids, after resampling.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
        shares: (C, D, H, W) or (C, H, W), the y of `prepare/grid.py`; None where labels lie on their own grid.
    Returns: (C, D, H, W) or (C, H, W) float32, summing to 1 over C; without shares one-hot.
    Raises: InputError: if labels are not class ids of one rater, or the shares have another shape than theirs.
    Source: ours; the partial volume, as EPD takes it on a grid of whole windows. No paper of the suite trains on it.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> shares = np.array([[[1, 1, 0.7, 0.2, 0, 0]], [[0, 0, 0.3, 0.8, 1, 1]]], np.float32)
    >>> soft = soft_labels.resampled.soften(labels, None, (1.0, 1.0), classes=2, shares=shares)
    >>> print(soft[1].round(2))
    [[0.  0.  0.3 0.8 1.  1. ]]
    """
    return _given(labels, shares, spacing_mm, classes=classes)


def soften_batch(labels: Any, images: Any, spacing_mm: Sequence[float], *, classes: int, shares: Any = None) -> Any:
    """Return `soften` for a batch: labels (B, 1, ...) and shares (B, C, ...) or None give (B, C, ...)."""
    return _batch(labels, shares, spacing_mm, classes=classes)


@for_tensors_too
def _given(labels: np.ndarray, shares: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int) -> np.ndarray:
    label_map = one_rater(labels, spacing_mm, classes)
    if shares is None:
        return arrays.one_hot(label_map, classes)
    shape = (classes, *label_map.shape)
    if shares.shape != shape:
        raise InputError(
            f"`shares` must have the shape {shape} (C, ...) of the labels, but has {shares.shape}. "
            "Resample both alike, and give one rater's."
        )
    return np.array(shares, np.float32)


_batch = batched(_given)
