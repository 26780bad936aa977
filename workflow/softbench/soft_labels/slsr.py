"""Spatial label smoothing regularisation: labels are smoothed where confident learning takes them for wrong."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from softbench.arrays import one_hot
from softbench.checks import require_same_shape
from softbench.soft_labels import confident_learning
from softbench.soft_labels.contract import for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False  # the networks looked at it
NEEDS_TEACHER = True
RATERS = "one"
KIND = "stored"
SETTINGS = {"epsilon": 0.25}
ALLOWED = {
    "epsilon": {
        "type": "number",
        "minimum": 0,
        "maximum": 0.5,
        "description": "share given away where a label is noisy",
    }
}
Cuts = Mapping[str, Any]


def is_normalised(**settings: float) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


def learn(pairs: Iterable[tuple[np.ndarray, np.ndarray]], classes: int) -> dict[str, Any]:
    """Return what `soften` takes of the whole training part: `cuts`; see `confident_learning.learn`."""
    return {"cuts": confident_learning.learn(pairs, classes)}


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    epsilon: float = 0.25,
    teacher: np.ndarray | None = None,
    cuts: Cuts | None = None,
) -> np.ndarray:
    r"""Smooth the label of noisy voxels, and leave the others one-hot.

    .. math:: y_c = (1 - \epsilon)\,[t = c] + \frac{\epsilon}{C - 1}\,[t \neq c] \text{ where noisy, else } [t = c]

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
        epsilon: share that a noisy voxel gives to the other classes.
        teacher: (C, ...) float32, probabilities of networks that did not see the case, summing to 1 over C
            (`training.teacher`). None: a teacher that repeats the label; nothing is noisy.
        cuts: below which probabilities a label is noisy (`learn`, of the whole training part). None: learned from this
            case alone.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C.
    Raises: InputError: if the teacher's grid is another, or the labels are not class ids of one rater.
    Source: Zhang et al., MICCAI 2020 (SLSR; its text was not at hand: what is built follows PyMIC's code, which names
        it), with the confident learning of Northcutt et al. 2021. Departures: with more than two classes the share is
        divided among the others, where PyMIC gives it to each, so that its labels do not sum to 1.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> teacher = np.array([[[0.9, 0.9, 0.8, 0.9, 0.1, 0.1]], [[0.1, 0.1, 0.2, 0.1, 0.9, 0.9]]], np.float32)
    >>> soft = soft_labels.slsr.soften(labels, None, (1.0, 1.0), classes=2, teacher=teacher)
    >>> print(soft[1].round(2))
    [[0.   0.   0.   0.75 1.   1.  ]]
    """
    flat = one_rater(labels, spacing_mm, classes)
    hard = one_hot(flat, classes)
    if teacher is None:
        return hard
    require_same_shape("teacher", teacher.shape, "labels", hard.shape)
    known = confident_learning.learn([(teacher, flat)], classes) if cuts is None else cuts
    noisy = confident_learning.find(teacher, flat, known)
    smooth = hard * np.float32(1 - epsilon) + (1 - hard) * np.float32(epsilon / (classes - 1))
    return np.where(noisy, smooth, hard).astype(np.float32)
