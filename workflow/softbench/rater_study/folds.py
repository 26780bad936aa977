"""Two halves of the patients: each is scored with the settings that were best on the other, so all are scored."""

from collections.abc import Sequence

import numpy as np

from softbench.errors import InputError

VERSION = 1
SEED = 0  # of the halves


def halves(patients: Sequence[str], seed: int = SEED) -> np.ndarray:
    """Return the half, 0 or 1, of each patient; the same for the same set of patients in any order.

    Args:
        patients: each once.
        seed: of the draw.
    Raises: InputError: if there are fewer than two, or one stands twice.
    """
    if len(patients) < 2 or len(set(patients)) < len(patients):
        raise InputError(
            f"two halves need two patients or more, each once, but there are {len(patients)}, "
            f"{len(set(patients))} of them different."
        )
    order = np.argsort(patients)
    half = np.empty(len(patients), int)
    half[order[np.random.default_rng(seed).permutation(len(patients))]] = np.arange(len(patients)) % 2
    return half


def choose(scores: np.ndarray, half: np.ndarray) -> tuple[int, int]:
    """Return which setting each half is scored with: the one of the lowest mean on the other half.

    Args:
        scores: (K, patients), lower is better; NaN where a patient has no score.
        half: (patients,) 0 or 1.
    Raises: InputError: if a half has no patient with a score.
    """
    chosen = []
    for own in (0, 1):
        other = scores[:, half != own]
        other = other[:, ~np.isnan(other).any(axis=0)]
        if not other.shape[1]:
            raise InputError("no patient of one half has a score, so no setting can be chosen. More cases are needed.")
        chosen.append(int(np.argmin(other.mean(axis=1))))
    return chosen[0], chosen[1]


def apply(values: np.ndarray, half: np.ndarray, chosen: tuple[int, int]) -> np.ndarray:
    """Return each patient's value, (patients, ...), at the setting that its half is scored with, of (K, patients, ...).

    >>> apply(np.array([[1, 2], [3, 4]]), np.array([0, 1]), (1, 0)).tolist()
    [3, 2]
    """
    return values[np.array(chosen)[half], np.arange(len(half))]
