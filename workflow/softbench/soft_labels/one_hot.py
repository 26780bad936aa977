"""One-hot labels: the hard label as a probability of 1. The control of every cross-entropy method."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SETTINGS: dict[str, float] = {}


def is_normalised() -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int) -> np.ndarray:
    r"""Give the labelled class probability 1.

    .. math:: y_c = [\,t = c\,]

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
    Returns: (C, D, H, W) or (C, H, W) float32, 0 or 1; an absent class is 0 everywhere.
    Raises: InputError: if labels are not class ids below `classes`, or hold more than one rater.
    Source: the common practice; control of all four papers. Departures: none.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.one_hot.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0. 0. 0. 1. 1. 1.]]
    """
    return arrays.one_hot(one_rater(labels, spacing_mm, classes), classes)


soften_batch = batched(soften)
