"""Mean one-hot (mOH): the share of raters that chose each class."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.soft_labels.contract import batched, for_tensors_too, many_raters

VERSION = 1
NEEDS_IMAGE = False
RATERS = "many"
KIND = "computed"
SETTINGS: dict[str, float] = {}


def is_normalised() -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int) -> np.ndarray:
    r"""Average the one-hot labels of all raters.

    .. math:: y_c = \frac{1}{R} \sum_r [\,t_r = c\,]

    Args:
        labels: (R, D, H, W) or (R, H, W), class ids; one rater gives one-hot.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
    Returns: (C, D, H, W) or (C, H, W) float32, multiples of 1 / R that sum to 1.
    Raises: InputError: if labels are not class ids below `classes`.
    Source: SVLS paper, Sec. 2.1, Fig. 3 and Table 2 (mOH). Departures: none.
    """
    raters = many_raters(labels, spacing_mm, classes)
    return np.stack([arrays.one_hot(rater, classes) for rater in raters]).mean(axis=0)


soften_batch = batched(soften)
