"""Control: the labels of another case. What a network still learns from them is not about this image."""

from collections.abc import Sequence

import numpy as np

from softbench.soft_labels import one_hot
from softbench.soft_labels.contract import for_tensors_too

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "stored"
SWAPS = "labels"  # the workflow hands over the labels of the next case of the same part, fitted to this grid
SETTINGS: dict[str, float] = {}


def is_normalised() -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int) -> np.ndarray:
    """Give the labelled class of another case probability 1.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids of the other case on this case's grid (`produce.fit`).
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
    Returns: (C, D, H, W) or (C, H, W) float32, 0 or 1.
    Raises: InputError: if labels are not class ids below `classes`, or hold more than one rater.
    Source: our own control. The recipe is one-hot; the exchange of labels is the workflow's (`SWAPS`).

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.shuffled.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0. 0. 0. 1. 1. 1.]]
    """
    soft: np.ndarray = one_hot.soften(labels, image, spacing_mm, classes=classes)
    return soft
