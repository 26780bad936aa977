"""Which rater's labels a network learns from: the first, one by number, the majority, each in turn, or their mean."""

import numpy as np

from softbench.errors import InputError

VERSION = 1
CHOICES = ("first", "majority", "each", "mean")  # or the number of one, from 1
Raters = str | int  # first | majority | each | mean | 1 .. R


def majority(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the class that most raters chose; the smallest id wins a tie, so background wins over structures.

    Args:
        labels: (R, ...) class ids.
        classes: number of classes, background included.
    Returns: (...) of the same type.
    """
    votes = np.stack([(labels == c).sum(axis=0) for c in range(classes)])
    return votes.argmax(axis=0).astype(labels.dtype)


def choose(labels: np.ndarray, raters: Raters, classes: int) -> list[np.ndarray]:
    """Return the label stacks (1, ...) that a method learns from; several for "each" and "mean".

    Raises: InputError: if the choice is unknown, or there is no such rater.
    """
    if raters == "first":
        return [labels[:1]]
    if raters == "majority":
        return [majority(labels, classes)[None]]
    if raters in ("each", "mean"):
        return [labels[r : r + 1] for r in range(len(labels))]
    if isinstance(raters, int) and 1 <= raters <= len(labels):
        return [labels[raters - 1 : raters]]
    raise InputError(
        f"`raters` must be first, majority, each, mean, or a number from 1 to {len(labels)} (the raters that there "
        f"are), but is {raters!r}."
    )
