"""Scores of one soft label against the other raters of a case, from its sums, region by region."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.rater_study.sums import FLOORS, LEVELS, Sums

VERSION = 1
REGIONS = ("all", "band", "boundary")
OF_REGION = {"all": slice(0, 3), "band": slice(1, 3), "boundary": slice(2, 3)}  # the zones of each


@dataclass(frozen=True)
class Scores:
    """What is kept of one soft label; the first axis is the region, as in `REGIONS`.

    voxels: (3,). brier: (3,), mean of (p - q)². cross_entropy: (3, floors), mean, nats. bins: (3, bins, 3), number of
    voxels, sum of p and sum of q by bin of p. spread: (3,), sum of 2 p (1 - p): the voxels at which two masks drawn of
    the soft label, voxel by voxel, would differ. ged: of the level sets to the other raters' masks, over all voxels.
    Means over no voxel are NaN.
    """

    voxels: np.ndarray
    brier: np.ndarray
    cross_entropy: np.ndarray
    bins: np.ndarray
    spread: np.ndarray
    ged: float


def of_sums(sums: Sums, among_others: float) -> Scores:
    """Return the scores that sums hold; `among_others` is the mean of d = 1 - IoU over all pairs of the other raters,
    one with itself too."""
    q = np.arange(sums.counts.shape[2]) / (sums.counts.shape[2] - 1)
    zones = [sums.counts, sums.mass, sums.squares, sums.logs]
    counts, mass, squares, logs = (np.stack([of[part].sum(axis=0) for part in OF_REGION.values()]) for of in zones)
    voxels = counts.sum(axis=(1, 2))
    errors = squares - 2 * (mass @ q).sum(axis=1) + (counts @ q**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        brier, entropy = np.maximum(errors, 0) / voxels, logs / voxels[:, None]
    bins = np.stack([counts.sum(axis=2), mass.sum(axis=2), counts @ q], axis=-1)
    spread = 2 * (mass.sum(axis=(1, 2)) - squares)
    return Scores(voxels, brier, entropy, bins, spread, energy(sums.levels, among_others))


def lower_bound(votes: np.ndarray, others: int, floors: Sequence[float] = FLOORS) -> np.ndarray:
    """Return the cross-entropy that no soft label goes below: that of the other raters' own shares.

    Args:
        votes: (..., others + 1), how many voxels have v = 0 .. others of the other raters in the structure.
        others: how many there are.
        floors: of a probability in a logarithm.
    Returns: (..., floors), mean over the voxels, nats; NaN where there is none.
    """
    q = np.arange(others + 1) / others
    losses = [-q * np.log(np.maximum(q, f)) - (1 - q) * np.log(np.maximum(1 - q, f)) for f in floors]
    with np.errstate(invalid="ignore", divide="ignore"):
        return votes @ np.array(losses).T / votes.sum(axis=-1, keepdims=True)


def energy(levels: np.ndarray, among_others: float) -> float:
    """Return the squared energy distance of level sets to masks, as `metrics.raters.level_sets.ged`, from counts.

    Args:
        levels: (1 + others, 65536), as in `Sums`.
        among_others: mean distance of two of the others, one with itself too.
    """
    above = np.cumsum(levels[:, :0:-1], axis=1)[:, ::-1]
    sizes = levels.sum(axis=1)
    union = above[0] + sizes[1:, None] - above[1:]
    to_raters = 1 - np.divide(above[1:], union, out=np.ones(union.shape), where=union > 0).mean()
    return float(2 * to_raters - _among(above[0]) - among_others)


def _among(above: np.ndarray) -> float:
    """Return the mean distance of two level sets of independent thresholds; of nested sets IoU = smaller / larger."""
    sizes = above[above > 0].astype(np.float64)
    empty = LEVELS - len(sizes)
    before = np.cumsum(1 / sizes) - 1 / sizes
    return 1 - float(len(sizes) + 2 * (sizes * before).sum() + empty**2) / LEVELS**2


def iou_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return 1 - IoU of two bool masks; 0 of two empty ones."""
    both, either = np.count_nonzero(first & second), np.count_nonzero(first | second)
    return 1 - both / either if either else 0.0


def mean_among(masks: np.ndarray) -> float:
    """Return the mean distance over all ordered pairs of masks (R, ...), one with itself too."""
    count = len(masks)
    pairs = sum(iou_distance(masks[a], masks[b]) for a in range(count) for b in range(a))
    return 2 * pairs / count**2
