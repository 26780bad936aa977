"""STAPLE: the probability of each class given what all raters drew, each weighed by how well he knows the class."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from softbench.arrays import one_hot
from softbench.soft_labels.contract import for_tensors_too, many_raters
from softbench.soft_labels.staple_estimate import kinds_of_voxels, probabilities_of_kinds

VERSION = 1
NEEDS_IMAGE = False
RATERS = "many"
WEIGHS_RATERS = True  # by what is seen of all of them, so that the label of two is not the mean of both
KIND = "stored"  # raters are judged over the whole image
SETTINGS: dict[str, float] = {}


def is_normalised() -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


def needed_around_mm(
    labels: np.ndarray, spacing_mm: Sequence[float], *, classes: int, settings: Sequence[Mapping[str, float]]
) -> float:
    """Return how many mm around the structures must be given with them: the whole image, but nothing of one rater."""
    return math.inf if len(many_raters(labels, spacing_mm, classes)) > 1 else 0.0


@for_tensors_too
def soften(labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int) -> np.ndarray:
    r"""Give each class the probability that it is the true one, given what all raters drew (STAPLE).

    .. math:: y_c = \frac{\pi_c \prod_r \theta_r(t_r, c)}{\sum_k \pi_k \prod_r \theta_r(t_r, k)}

    theta_r(d, c): how often rater r says d where c is true; pi: the share of each class in the raters' maps.

    Args:
        labels: (R, D, H, W) or (R, H, W), class ids; one rater gives one-hot.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1; a class that no rater drew is 0 everywhere. Most
        voxels are nearly 0 or 1: what is soft is the doubt about which rater is right.
    Raises: InputError: if labels are not class ids below `classes`, or the estimate does not come to rest.
    Source: Warfield et al. 2004; `staple_estimate.staple` returns its arg max. Departures: no field that smooths the
        result.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 1, 1]], [[0, 1, 1, 1]], [[0, 0, 1, 0]]])  # three raters, a row of four pixels
    >>> soft = soft_labels.staple.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0. 0. 1. 1.]]
    """
    raters = many_raters(labels, spacing_mm, classes)
    if len(raters) == 1:
        return one_hot(raters[0], classes)
    said, places = kinds_of_voxels(raters.reshape(len(raters), -1), classes)
    truth = probabilities_of_kinds(said, np.bincount(places, minlength=len(said)).astype(np.float64), classes)
    return np.moveaxis(truth[places].astype(np.float32), -1, 0).reshape(classes, *raters.shape[1:])
