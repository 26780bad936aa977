"""Closeness: geodesic distances from the seeds of each class, turned into the share that GeoLS gives to the class."""

import numpy as np

from softbench.checks import require_one_of

VERSION = 1
DECAYS = ("inv_mean", "unit")
BACKGROUNDS = ("one_minus_mean", "seeded", "normalise_rest")


def maps(distances: np.ndarray, present: np.ndarray, *, decay: str, background: str) -> np.ndarray:
    """Return the closeness g of each voxel to each class.

    Args:
        distances: (C, ...) float32, not negative.
        present: (C,) bool, the classes whose distances are given; that of class 0 matters to "seeded" alone.
        decay: of `decayed`.
        background: "one_minus_mean": 1 minus the mean map of the foreground; "seeded": as any class; "normalise_rest":
            what the foreground leaves of 1, after its maps are divided by their sum where that exceeds 1.
    Returns: (C, ...) float32 in [0, 1]; an absent class is 0, and without any foreground the background is 1 (but for
        "seeded"). Only "normalise_rest" sums to 1.
    Raises: InputError: if `decay` or `background` is unknown.
    """
    require_one_of("background", background, BACKGROUNDS)
    close = np.zeros(distances.shape, np.float32)
    classes = [c for c in np.flatnonzero(present) if c or background == "seeded"]
    for c in classes:
        close[c] = decayed(distances[c], decay)
    if background == "one_minus_mean":
        close[0] = 1 - close[classes].mean(axis=0) if classes else 1
    elif background == "normalise_rest":
        close /= np.maximum(close.sum(axis=0), 1)
        close[0] = np.maximum(1 - close.sum(axis=0), 0)
    return close


def decayed(distance: np.ndarray, decay: str) -> np.ndarray:
    """Turn distance into closeness, stretched to [0, 1]; 1 everywhere where all distances are equal.

    Args:
        distance: (...) float32, not negative.
        decay: "inv_mean": exp(-D / mean D), which no linear scale of the distance changes; "unit": exp(-D), which is
            next to 0 but at the seeds where distances are far above 1, as they are with raw intensities.
    Returns: the same shape, float32.
    Raises: InputError: if `decay` is unknown.
    """
    require_one_of("decay", decay, DECAYS)
    mean = float(distance.mean(dtype=np.float64)) if decay == "inv_mean" else 1.0
    if mean == 0:
        return np.ones_like(distance, np.float32)
    close = np.exp(-distance / np.float32(mean))
    close -= close.min()
    peak = close.max()
    return close / peak if peak > 0 else np.ones_like(close)


def distribution(close: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Divide closeness (C, ...) by its sum over classes; where that is 0, the one-hot label `target` serves instead.

    Returns: (C, ...) float32, summing to 1 over classes.
    """
    total = close.sum(axis=0, keepdims=True)
    return np.where(total > 0, close / np.where(total > 0, total, 1), target)
