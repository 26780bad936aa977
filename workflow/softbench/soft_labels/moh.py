"""Mean one-hot (mOH): the share of raters, all or the first few, that chose each class."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.errors import InputError
from softbench.soft_labels.contract import batched, for_tensors_too, many_raters

VERSION = 1
NEEDS_IMAGE = False
RATERS = "many"
KIND = "computed"
SETTINGS = {"count": 0}  # raters; 0: all that there are
ALLOWED = {"count": {"type": "integer", "minimum": 0, "description": "of the first raters; 0: all"}}


def is_normalised(count: int = 0) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, count: int = 0
) -> np.ndarray:
    r"""Average the one-hot labels of all raters, or of the first `count`.

    .. math:: y_c = \frac{1}{R} \sum_r [\,t_r = c\,]

    Args:
        labels: (R, D, H, W) or (R, H, W), class ids; one rater gives one-hot.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
        count: how many raters, the first ones; 0: all.
    Returns: (C, D, H, W) or (C, H, W) float32, multiples of 1 / R that sum to 1.
    Raises: InputError: if labels are not class ids below `classes`, or there are fewer raters than `count`.
    Source: SVLS paper, Sec. 2.1, Fig. 3 and Table 2 (mOH). Departures: none.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 1, 1]], [[0, 1, 1, 1]], [[0, 0, 1, 0]]])  # three raters, a row of four pixels
    >>> soft = soft_labels.moh.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.   0.33 1.   0.67]]
    """
    raters = many_raters(labels, spacing_mm, classes)
    if not 0 <= count <= len(raters):
        raise InputError(f"`count` is {count}, but there are {len(raters)} raters. Ask for fewer; 0 takes all.")
    return np.stack([arrays.one_hot(rater, classes) for rater in raters[: count or len(raters)]]).mean(axis=0)


soften_batch = batched(soften)
