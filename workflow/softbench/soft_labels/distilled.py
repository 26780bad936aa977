"""Distilled labels: the mean probability of networks of another method that did not see the case."""

from collections.abc import Sequence

import numpy as np

from softbench.arrays import one_hot
from softbench.checks import require_same_shape
from softbench.soft_labels.contract import for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False  # the networks looked at it
NEEDS_TEACHER = True
RATERS = "one"
KIND = "stored"
SETTINGS = {"share": 1.0}  # of the teacher; the rest is the rater's label
ALLOWED = {"share": {"type": "number", "minimum": 0, "maximum": 1, "description": "of the teacher in the label"}}


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
    share: float = 1.0,
    teacher: np.ndarray | None = None,
) -> np.ndarray:
    r"""Mix the teacher's probabilities with the rater's label.

    .. math:: y_c = \lambda\, \bar p_c + (1 - \lambda)\, [t = c]

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
        share: lambda, from 0 (one-hot) to 1 (the teacher alone).
        teacher: (C, ...) float32, the mean of the probabilities of networks that did not see the case, summing to 1
            over C (`training.teacher`). None: a teacher that repeats the label.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C.
    Raises: InputError: if the teacher's grid is another, or the labels are not class ids of one rater.
    Source: Hinton et al. 2015 (the mix, at temperature 1); Zhang & Sabuncu 2020 (arXiv 2006.05065); ensembles as
        teachers of segmentation: Noothout et al. 2022. Departures: networks that saw a case in training do not count
        for it (cross-fitted).

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> teacher = np.array([[[0.9, 0.9, 0.6, 0.4, 0.1, 0.1]], [[0.1, 0.1, 0.4, 0.6, 0.9, 0.9]]], np.float32)
    >>> soft = soft_labels.distilled.soften(labels, None, (1.0, 1.0), classes=2, share=0.5, teacher=teacher)
    >>> print(soft[1].round(2))
    [[0.05 0.05 0.2  0.8  0.95 0.95]]
    """
    hard = one_hot(one_rater(labels, spacing_mm, classes), classes)
    if teacher is None:
        return hard
    require_same_shape("teacher", teacher.shape, "labels", hard.shape)
    mixed = np.float32(share) * teacher + np.float32(1 - share) * hard
    return np.clip(mixed, 0, 1).astype(np.float32)
