"""The k-means of SLIC: each voxel joins the centre that is nearest in colour and place, then the centres move."""

from typing import NamedTuple

import numpy as np

from softbench.soft_labels import slic_voxels

VERSION = 1


class Metric(NamedTuple):
    """How distances are measured: `spacing` and `reach` (voxels) along D, H, W, and the `weight` of place; float32."""

    spacing: np.ndarray
    reach: np.ndarray
    weight: np.float32


def cluster(
    features: np.ndarray, centres: np.ndarray, owners: np.ndarray, metric: Metric, *, rounds: int
) -> np.ndarray:
    r"""Return the index of each voxel's centre after `rounds` of assignment and averaging.

    .. math:: d^2(p, q) = w \sum_a (s_a (p_a - q_a))^2 + \sum_m (f_m(p) - f_m(q))^2

    Args:
        features: (D, H, W, M) float32.
        centres: (K, 3 + M) float32: place in voxels, then channels.
        owners: (D, H, W) int32, a first guess; it changes the time, not the result.
        metric: spacing s, weight w; a centre is looked for within `reach` along each axis.
        rounds: at least 1.
    Returns: (D, H, W) int32 in 0 .. K - 1. Of centres equally near the first one wins; a voxel outside every window
        stays where it was; a centre that lost all its voxels wins none again.
    Source: Achanta et al. 2012, as scikit-image 0.26 carries it out in float32. Departures: none, to the last bit.
    """
    ranges = _ranges(features)
    owners = owners.copy()
    for number in range(rounds):
        before = owners.copy()
        nearest, farthest = slic_voxels.measure(features, centres, owners, metric, ranges[0].shape[:3])
        slic_voxels.assign(features, centres, owners, nearest, farthest, ranges, metric)
        if number > 0 and np.array_equal(owners, before):
            break  # the centres stay where they are, so every further round gives this again
        centres = slic_voxels.means(features, owners, len(centres))
    return owners


def _ranges(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest value of each channel in each block, (blocks along D, H, W, M) each."""
    low = high = features
    for axis, size in enumerate(slic_voxels.BLOCK):
        starts = np.arange(0, features.shape[axis], size)
        low, high = np.minimum.reduceat(low, starts, axis), np.maximum.reduceat(high, starts, axis)
    return low, high
