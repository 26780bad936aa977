"""Distance to the nearest element of another set on one grid: exact, and only where it is asked for."""

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

VERSION = 1
SPARSE = 1 / 16  # measured: a search takes as long as the distance transform of about 16 elements


def distances(start: np.ndarray, goal: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return the distance in mm from each True element of `start`, in array order, to the nearest one of `goal`.

    Exact; inf where `goal` is empty.
    """
    apart = start & ~goal  # elements on both surfaces are at distance 0 and need no search
    if not goal.any():
        return np.full(np.count_nonzero(start), np.inf)
    found = np.zeros(start.shape)
    if apart.any():
        found[apart] = _search(apart, goal, spacing_mm)
    reached: np.ndarray = found[start]
    return reached


def _search(start: np.ndarray, goal: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return what `distances` does, by the exact way that costs less: a search each, or one transform for all."""
    if np.count_nonzero(start) > SPARSE * start.size:
        reached: np.ndarray = distance_transform_edt(~goal, spacing_mm)[start]
        return reached
    # Splitting in the middle of the box builds faster on lattice points than medians do.
    tree = cKDTree(np.argwhere(goal) * spacing_mm, leafsize=32, balanced_tree=False, compact_nodes=False)
    reached = tree.query(np.argwhere(start) * spacing_mm)[0]
    return reached
