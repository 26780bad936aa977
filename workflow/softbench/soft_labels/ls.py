"""Label smoothing (LS): a share of each voxel's certainty is spread evenly over all classes."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.checks import require_fraction
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SETTINGS = {"alpha": 0.1}  # share given away; 0.1, 0.2, 0.3 in SVLS Table 1, 0.1 in GeoLS
ALLOWED = {"alpha": {"type": "number", "minimum": 0, "maximum": 1, "description": "share given away"}}


def is_normalised(alpha: float = 0.1) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, alpha: float = 0.1
) -> np.ndarray:
    r"""Spread a share of each voxel's certainty evenly over all classes.

    .. math:: y_c = (1 - \alpha)\,[\,t = c\,] + \alpha / C

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
        alpha: share given away, in [0, 1]; 0 gives one-hot.
    Returns: (C, D, H, W) or (C, H, W) float32, summing to 1 over C; an absent class is alpha / C everywhere.
    Raises: InputError: if `alpha` lies outside [0, 1], or the labels are not class ids of one rater.
    Source: Szegedy et al. 2016; SVLS paper Eq. 1, GeoLS paper Eq. 2. Departures: none. (The prose of the GeoLS paper
        says "all other classes", its equation all classes; the equation is built.)

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.ls.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.05 0.05 0.05 0.95 0.95 0.95]]
    """
    require_fraction("alpha", alpha)
    target = arrays.one_hot(one_rater(labels, spacing_mm, classes), classes)
    return (1 - np.float32(alpha)) * target + np.float32(alpha / classes)


soften_batch = batched(soften)
