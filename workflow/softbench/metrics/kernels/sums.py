"""Sums over the voxels of one class's maps, in one compiled pass: against a soft label, and for every threshold."""

import numpy as np
from numba import njit

VERSION = 1
compiled = njit(cache=True, error_model="numpy", nogil=True)


@compiled
def soft_sums(prediction: np.ndarray, target: np.ndarray) -> tuple[float, float, float, float, float]:
    """Return sum s, sum p, sum s p, sum (p - s)^2 and sum |p - s| of (N,) maps, in float64 and in array order."""
    of_target = of_prediction = product = squared = absolute = 0.0
    for voxel in range(prediction.size):
        p, s = np.float64(prediction[voxel]), np.float64(target[voxel])
        error = p - s
        of_target += s
        of_prediction += p
        product += s * p
        squared += error * error
        absolute += abs(error)
    return of_target, of_prediction, product, squared, absolute


def soft_sums_plain(prediction: np.ndarray, target: np.ndarray) -> tuple[float, ...]:
    """Return the same by numpy."""
    p, s = prediction.astype(np.float64), target.astype(np.float64)
    return s.sum(), p.sum(), (s * p).sum(), ((p - s) ** 2).sum(), np.abs(p - s).sum()


@compiled
def count_steps(probability: np.ndarray, mask: np.ndarray, ceilings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the voxels, (N,), of each step in the mask and outside it; step k is from ceilings[k] to the next."""
    last = len(ceilings) - 2
    counts = np.zeros((2, last + 1), np.int64)
    for i in range(len(probability)):
        p = max(np.float64(probability[i]), 0.0)
        step = min(int(p * last), last)
        step += int(p >= ceilings[step + 1]) - int(p < ceilings[step])  # the product may be rounded across a threshold
        counts[int(mask[i]), step] += 1
    return counts[1], counts[0]


def count_steps_plain(probability: np.ndarray, mask: np.ndarray, ceilings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same by numpy."""
    steps = np.searchsorted(ceilings, np.maximum(probability.astype(np.float64), 0), side="right") - 1
    inside, outside = (np.bincount(steps[here], minlength=len(ceilings) - 1) for here in (mask, ~mask))
    return inside, outside
