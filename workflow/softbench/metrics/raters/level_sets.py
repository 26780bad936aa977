"""Energy distance between the level sets of a probability map and the masks of several raters (GED)."""

from dataclasses import dataclass

import numpy as np

from softbench.metrics.metric import Metric
from softbench.metrics.raters.levels import LEVELS, Levels, require_raters
from softbench.metrics.raters.overlaps import Overlaps, pairs

VERSION = 1


@dataclass(frozen=True)
class Distances:
    """Mean distances d = 1 - IoU: level sets S to raters Y, among level sets, among raters; and their combination.

    among_raters: over all R² pairs, a rater with itself too. among_distinct_raters: over the pairs of two raters, NaN
    where there is one.
    """

    to_raters: float
    among_level_sets: float
    among_raters: float
    among_distinct_raters: float

    @property
    def ged(self) -> float:
        """Squared energy distance of the two distributions as they are, at least 0."""
        return max(0.0, 2 * self.to_raters - self.among_level_sets - self.among_raters)  # rounding may pass 0

    @property
    def unbiased(self) -> float:
        """Squared energy distance to the distribution that raters are drawn from; may be below 0, NaN of one rater."""
        return 2 * self.to_raters - self.among_level_sets - self.among_distinct_raters


def level_set_distances(probability: np.ndarray | Levels, raters: np.ndarray) -> Distances:
    r"""Return the mean distances of which the squared energy distance is made.

    .. math:: D^2 = 2 E\,d(S, Y) - E\,d(S, S') - E\,d(Y, Y'), \quad d = 1 - \mathrm{IoU}, \quad S = \{x : p(x) > t\},
        \quad t \sim U(0, 1)

    S is the level set of one threshold, so an expectation over all 65535 thresholds stands where a generative model
    has samples. Level sets are nested: IoU(S, S') is a ratio of two sizes, and counts at each threshold are all that
    is needed.

    Args:
        probability: (...) floats in [0, 1], taken to the nearest 1 / 65535; uint16, where 65535 stands for 1; or bool,
            which makes all level sets one mask; or `Levels` of one of these.
        raters: (R, ...) bool, on the same grid.
    Returns: distances in [0, 1]; `ged` in [0, 2], 0 where the distributions are the same.
    Empty masks: d = 0 of two empty ones, d = 1 of one empty one; so nothing is NaN but `unbiased` of one rater.
    Raises: InputError: if shapes, types or values do not fit.
    Source: Kohl et al. 2018 (GED of segmentations, d = 1 - IoU, 0 of two empty masks; their `among_raters` is over all
        pairs). Departures: level sets and their expectation, not samples of a model; `unbiased` is defined here.
    """
    levels = Levels.of(probability)
    masks = require_raters(raters, levels.values.shape)
    overlaps = Overlaps.of(masks)
    to_raters = [_to_mask(levels, mask, int(size)) for mask, size in zip(masks, overlaps.sizes, strict=True)]
    return Distances(float(np.mean(to_raters)), _among(levels), *_among_raters(overlaps.distances))


def mask_distances(overlaps: Overlaps) -> Distances:
    """Return `level_set_distances` of a mask as the only sample, which is first of the overlaps, before raters."""
    distances = overlaps.distances
    return Distances(float(np.mean(distances[0, 1:])), 0.0, *_among_raters(distances[1:, 1:]))


def ged(probability: np.ndarray, raters: np.ndarray, *, unbiased: bool = False) -> float:
    """Return the squared energy distance of level sets to raters; arguments, range and rules of `level_set_distances`.

    unbiased: compare distinct raters alone, so that few raters do not seem nearer to each other than many.
    """
    distances = level_set_distances(probability, raters)
    return distances.unbiased if unbiased else distances.ged


def _to_mask(levels: Levels, mask: np.ndarray, size: int) -> float:
    """Return the mean distance of level sets to a mask of `size` voxels."""
    inside = levels.inside(mask)
    same = float((levels.weights * inside / (levels.sizes + size - inside)).sum()) + (levels.empty if not size else 0)
    return 1 - same / LEVELS


def _among(levels: Levels) -> float:
    """Return the mean distance of two level sets of independent thresholds; of nested sets IoU = smaller / larger."""
    weights, sizes = levels.weights.astype(np.float64), levels.sizes
    larger = np.cumsum(weights / sizes) - weights / sizes  # of the sets that hold this one
    same = (weights**2).sum() + 2 * (sizes * weights * larger).sum() + levels.empty**2
    return 1 - float(same) / LEVELS**2


def _among_raters(distances: np.ndarray) -> tuple[float, float]:
    """Return the mean distance of masks over all R² pairs, and over the pairs of two, NaN where there is one mask."""
    count = len(distances)
    total = sum(float(distances[pair]) for pair in pairs(count))
    return 2 * total / count**2, 2 * total / (count * (count - 1)) if count > 1 else float("nan")


KOHL = "Kohl et al. 2018. Departure: level sets, not samples of a model"
NONE_EMPTY = "none: d is 0 of two empty masks, 1 of one"
METRICS = (
    Metric(
        "ged", "GED (65535 level sets)", "1", "lower", (0.0, 2.0),
        "2 E d(S, Y) - E d(S, S') - E d(Y, Y'), d = 1 - IoU; S: P at one of 65535 thresholds on p; Y: one of R raters",
        NONE_EMPTY, KOHL,
        of="rater_probability", asked_by="raters", compute=lambda given: given.distances.ged,
    ),
    Metric(
        "ged_unbiased", "GED (65535 level sets, distinct raters)", "1", "lower", (-1.0, 2.0),
        "as ged, Y and Y' always two raters; so that few raters do not seem nearer to each other than many",
        "NaN of one rater; d is 0 of two empty masks, 1 of one", f"{KOHL}; pairs of distinct raters",
        of="rater_probability", asked_by="raters", compute=lambda given: given.distances.unbiased,
    ),
    Metric(
        "ged_mask", "GED (one mask)", "1", "lower", (0.0, 2.0), "as ged, with P as the only sample", NONE_EMPTY,
        "Kohl et al. 2018",
        of="rater_masks", asked_by="raters", compute=lambda given: given.distances.ged,
    ),
)  # fmt: skip
