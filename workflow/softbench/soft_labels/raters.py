"""Whose labels a network learns from: the first, one by number, what several say together, each, their mean."""

import numpy as np

from softbench import store
from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.soft_labels.contract import fill
from softbench.soft_labels.staple_estimate import staple

VERSION = 1
MERGED = ("majority", "staple")  # one label map of all raters
CHOICES = ("first", "majority", "staple", "each", "mean")  # or the number of one, from 1
Raters = str | int  # one of CHOICES, or 1 .. R


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
    if raters == "staple":
        return [staple(labels, classes)[None]]
    if raters in ("each", "mean"):
        return [labels[r : r + 1] for r in range(len(labels))]
    if isinstance(raters, int) and 1 <= raters <= len(labels):
        return [labels[raters - 1 : raters]]
    raise InputError(
        f"`raters` must be {', '.join(CHOICES)}, or a number from 1 to {len(labels)} (the raters that there are), but "
        f"is {raters!r}."
    )


def choose_shares(case: Case, raters: Raters, classes: int) -> list[np.ndarray]:
    """Return the shares (C, ...), the store's integers, of each rater that `raters.choose` chooses.

    Raises: InputError: if the case keeps none, if they lie on another grid than its labels, or for one label
        map of all raters, whose labels are nobody's.
    """
    if case.shares is None:
        raise InputError(
            f"case {case.id}: the dataset keeps no soft labels. Set `label_interpolation: soft` in `datasets.<name>` "
            "of config (a phantom is made on its grid, and never has any)."
        )
    if case.shares.shape[2:] != case.labels.shape[1:]:
        raise InputError(
            f"case {case.id}: its soft labels were kept on the grid {case.shares.shape[2:]}, but its labels lie on "
            f"{case.labels.shape[1:]}. Leave out the method's `resolution`."
        )
    if raters in MERGED:
        raise InputError(
            f"case {case.id}: soft labels kept through resampling are of single raters, so `raters: {raters}` has "
            "none. Use first, each, mean, or a number."
        )
    return [stack[0] for stack in choose(case.shares, raters, classes)]


def probabilities(case: Case, shares: np.ndarray) -> np.ndarray:
    """Turn shares (C, ...) into float32; a voxel that is not valid takes the nearest valid one's, as with labels."""
    return store.decode(shares if case.valid is None else fill(shares, case.valid, case.spacing_mm))
