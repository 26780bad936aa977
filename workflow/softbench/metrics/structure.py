"""What one structure's probability gives: calibration in each region, soft sums and counts by threshold, in one pass.

The probability is made for a chunk of voxels at a time, which stays in a fast cache, and goes through all sums before
the next one is made: a volume of it is never held. Chunks are those of `tally`, and so are the sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from softbench.metrics.calibration import Reliability, bin_edges, reliability_of
from softbench.metrics.kernels.tally import CHUNK, Running, add_soft_sums
from softbench.metrics.soft import SoftSums
from softbench.metrics.threshold import ThresholdCounts

VERSION = 1
Regions = Mapping[str, np.ndarray | None]  # name -> voxels; None: all


@dataclass(frozen=True)
class OfStructure:
    """What one structure's probability gives.

    statistics: of each rater, region -> its reliability, of the structure against the rest. soft: against the raters'
    mean. counts: of each rater, where asked for.
    """

    statistics: list[dict[str, Reliability]]
    soft: SoftSums
    counts: list[ThresholdCounts] = field(default_factory=list)


def sum_up(
    probabilities: np.ndarray,
    is_member: np.ndarray,
    masks: Sequence[np.ndarray],
    where: Sequence[Regions],
    usable: np.ndarray | None,
    *,
    bins: int,
    thresholds: bool = False,
) -> OfStructure:
    """Add up one structure's voxels, of arrays that were checked.

    Args:
        probabilities: (C, ...) float.
        is_member: (C,) which classes are the structure's.
        masks: (...) bool of each rater: where the structure is.
        where: the regions of each rater.
        usable: voxels that exist; None: all.
        bins: as `calibration`.
        thresholds: whether to count voxels by threshold.
    """
    edges, kind = bin_edges(bins), np.float32 if probabilities.dtype.itemsize <= 4 else np.float64
    flat, truths = probabilities.reshape(len(probabilities), -1), [mask.reshape(-1) for mask in masks]
    exist = None if usable is None else usable.reshape(-1)
    running = [{roi: Running(2, edges, kind, inside) for roi, inside in regions.items()} for regions in where]
    soft, counts = np.zeros(5), [list[ThresholdCounts]() for _ in masks]
    for first in range(0, flat.shape[1], CHUNK):
        here = slice(first, min(first + CHUNK, flat.shape[1]))
        known = None if exist is None else exist[here]
        inside = probability(flat[:, here], is_member, known)
        pair = np.stack([1 - inside, inside]).astype(kind, copy=False)
        for rater, truth in enumerate(truths):
            for sums in running[rater].values():
                sums.add(pair, truth[here].view(np.uint8), here)
            if thresholds:
                counts[rater].append(ThresholdCounts.of_chunk(inside, truth[here], known))
        _add_soft(inside, [truth[here] for truth in truths], known, soft)
    voxels = flat.shape[1] if exist is None else int(np.count_nonzero(exist))
    statistics = [{roi: reliability_of(sums.total) for roi, sums in of_rater.items()} for of_rater in running]
    merged = [ThresholdCounts.merge_all(of_rater) for of_rater in counts] if thresholds else []
    return OfStructure(statistics, SoftSums.of_sums(soft, voxels), merged)


def probability(probabilities: np.ndarray, is_member: np.ndarray, usable: np.ndarray | None) -> np.ndarray:
    """Return the probability of a structure: the sum over its classes; 0 outside of the voxels that exist."""
    ids = np.flatnonzero(is_member)
    total: np.ndarray = probabilities[ids[0]]
    for class_id in ids[1:]:
        total = total + probabilities[class_id]
    known = total if usable is None else np.where(usable, total, 0)
    return np.minimum(known, 1) if len(ids) > 1 else known  # rounding may pass 1


def _add_soft(inside: np.ndarray, truths: Sequence[np.ndarray], usable: np.ndarray | None, sums: np.ndarray) -> None:
    """Add a chunk to the sums against the share of raters who marked each voxel; in place."""
    share = truths[0] if len(truths) == 1 else np.stack(truths).mean(axis=0, dtype=np.float64)
    p = inside.astype(np.float32) if inside.dtype == np.float16 else inside
    p, share = (p, share) if usable is None else (p[usable], share[usable])
    add_soft_sums(np.ascontiguousarray(p), np.ascontiguousarray(share), sums)
