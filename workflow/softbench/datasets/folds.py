"""The training part of a split in folds of whole patients: networks must not see the case that they predict."""

import numpy as np
import pandas as pd

from softbench.errors import InputError

VERSION = 1


def assign(split: pd.DataFrame, folds: int) -> dict[str, int]:
    """Return the fold, from 0, of each training case.

    The patients of the training part, sorted by id, are put in the order `numpy.random.RandomState(0).permutation(n)`,
    and given to the folds in turn.

    Args:
        split: columns case, patient, part.
        folds: at least 2.
    Raises: InputError: if there are fewer training patients than folds.
    """
    training = split[split["part"] == "train"]
    names = sorted(set(training["patient"]))
    if len(names) < folds:
        raise InputError(
            f"the training part has {len(names)} patient(s), too few for {folds} folds. Ask for fewer `folds`."
        )
    order = np.random.RandomState(0).permutation(len(names))
    place = {names[index]: rank % folds for rank, index in enumerate(order)}
    return {case: place[patient] for case, patient in zip(training["case"], training["patient"], strict=True)}


def without(split: pd.DataFrame, fold: int, folds: int) -> pd.DataFrame:
    """Return a split without the training cases of a fold; arguments and errors as `assign`."""
    own = assign(split, folds)
    kept: pd.DataFrame = split[[own.get(case) != fold or part != "train" for case, part in _rows(split)]]
    return kept.reset_index(drop=True)


def _rows(split: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(split["case"], split["part"], strict=True))
