"""The shares of classes that a dataset keeps through resampling: whose a method learns from, and on which grid."""

import numpy as np

from softbench import store
from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.soft_labels.ignore import fill
from softbench.soft_labels.raters import Raters, choose

VERSION = 1


def shares_of(case: Case, raters: Raters, classes: int) -> list[np.ndarray]:
    """Return the shares (C, ...), the store's integers, of each rater that `raters.choose` chooses.

    Raises: InputError: if the case keeps none, if they lie on another grid than its labels, or for the majority, whose
        labels are nobody's.
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
    if raters == "majority":
        raise InputError(
            f"case {case.id}: soft labels kept through resampling are of single raters, so `raters: majority` has "
            "none. Use first, each, mean, or a number."
        )
    return [stack[0] for stack in choose(case.shares, raters, classes)]


def probabilities(case: Case, shares: np.ndarray) -> np.ndarray:
    """Turn shares (C, ...) into float32; a voxel that is not valid takes the nearest valid one's, as with labels."""
    return store.decode(shares if case.valid is None else fill(shares, case.valid, case.spacing_mm))
