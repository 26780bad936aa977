r"""Confident learning: which labels are probably wrong, by the probabilities of networks that did not see them.

A voxel counts as confidently of class j where :math:`p_j \geq t_j`, the mean of p_j over the voxels labelled j; of
several such classes the most probable counts. The joint :math:`C_{ij}` counts voxels labelled i that are confidently j;
its rows are scaled to the number of voxels labelled i. A label is noisy where both rules say so:

- by class: of the voxels labelled i, the :math:`n_i - C_{ii}` with the smallest p_i;
- by noise rate: for each other class j, the :math:`C_{ij}` voxels labelled i with the largest p_j - p_i.

Voxels of equal probability at a limit are noisy by the second rule and not by the first, so that a teacher who repeats
the labels makes none noisy.

Source: Northcutt, Jiang & Chuang 2021 (Confident Learning), "C + NR", the rule that PyMIC's SLSR uses. Departure:
probabilities are rounded to 1/65535, so that the limits are exact without sorting all voxels of a data set.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

VERSION = 1
ONE = 65535  # the integer that stands for probability 1
Pairs = Iterable[tuple[np.ndarray, np.ndarray]]  # probabilities (C, ...) and labels (...) of a case


def learn(pairs: Pairs, classes: int) -> dict[str, Any]:
    """Return the limits that `find` needs, from all cases together.

    Args:
        pairs: of each case probabilities (C, ...) float in [0, 1], and labels (...) class ids; read twice, so a list
            or what can be gone through again.
        classes: number of classes C.
    Returns: `by_class`, (C,): below it, p_i of a voxel labelled i is noisy; `by_rate`, (C, C): from it on, p_j - p_i
        is; both integers of 1/65535, plain lists. -1 and 65536 where nothing is noisy.
    """
    counts, thresholds = _thresholds(pairs, classes)
    joint = np.zeros((classes, classes), np.int64)
    own = np.zeros((classes, ONE + 1), np.int64)
    margins = np.zeros((classes, classes, 2 * ONE + 1), np.int64)
    for probabilities, labels in pairs:
        codes, flat = _codes(probabilities), labels.reshape(-1).astype(np.int64)
        confident = np.where(codes >= thresholds[:, None], codes, -1)
        best = confident.argmax(axis=0)
        sure = confident.max(axis=0) >= 0
        joint += np.bincount(flat[sure] * classes + best[sure], minlength=classes**2).reshape(classes, classes)
        for label in range(classes):
            of_label = codes[:, flat == label]
            own[label] += np.bincount(of_label[label], minlength=ONE + 1)
            for other in range(classes):
                if other != label:
                    margins[label, other] += np.bincount(of_label[other] - of_label[label] + ONE, minlength=2 * ONE + 1)
    return _limits(_scaled(joint, counts), counts, own, margins)


def _thresholds(pairs: Pairs, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of voxels of each class, and the mean of its probability over them (infinite where none is)."""
    counts, sums = np.zeros(classes, np.int64), np.zeros(classes)
    for probabilities, labels in pairs:
        codes, flat = _codes(probabilities), labels.reshape(-1)
        for label in range(classes):
            chosen = codes[label, flat == label]
            counts[label] += len(chosen)
            sums[label] += float(chosen.sum())
    with np.errstate(invalid="ignore"):
        return counts, np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def _codes(probabilities: np.ndarray) -> np.ndarray:
    """Return probabilities as integers, (C, N)."""
    codes: np.ndarray = np.rint(np.clip(probabilities, 0, 1) * ONE).astype(np.int64)
    return codes.reshape(len(codes), -1)


def _scaled(joint: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the joint with rows that sum to the voxels of their class; a class of which nothing is sure is right."""
    sums = joint.sum(axis=1)
    scaled = np.where(sums[:, None] > 0, joint * (counts / np.maximum(sums, 1))[:, None], np.diag(counts))
    return np.rint(scaled).astype(np.int64)


def _limits(joint: np.ndarray, counts: np.ndarray, own: np.ndarray, margins: np.ndarray) -> dict[str, Any]:
    classes = len(joint)
    by_class, by_rate = [-1] * classes, [[ONE + 1] * classes for _ in range(classes)]
    for label in range(classes):
        wrong = int(counts[label] - joint[label, label])
        if wrong >= counts[label]:
            by_class[label] = ONE + 1  # all of them
        elif wrong > 0:  # the smallest value that is right: `wrong` of them lie below or at it
            by_class[label] = int(np.searchsorted(np.cumsum(own[label]), wrong + 1))
        for other in range(classes):
            moved = int(joint[label, other])
            if other != label and moved > 0:
                from_above = np.cumsum(margins[label, other][::-1])
                by_rate[label][other] = ONE - int(np.searchsorted(from_above, moved))
    return {"by_class": by_class, "by_rate": by_rate}


def find(probabilities: np.ndarray, labels: np.ndarray, limits: Mapping[str, Any]) -> np.ndarray:
    """Return where the labels of a case are noisy by both rules, (...) bool.

    Args:
        probabilities: (C, ...) float in [0, 1].
        labels: (...) class ids.
        limits: of `learn`.
    """
    codes, flat = _codes(probabilities), labels.reshape(-1).astype(np.int64)
    p_own = np.take_along_axis(codes, flat[None], axis=0)[0]
    by_class = p_own < np.asarray(limits["by_class"])[flat]
    margins = codes - p_own
    from_where = np.asarray(limits["by_rate"])[flat].T
    noisy: np.ndarray = by_class & (margins >= from_where).any(axis=0)
    return noisy.reshape(labels.shape)
