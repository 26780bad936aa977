"""What a case's table holds: the rows of masks, of probabilities, of all classes together, and of the raters' mean."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from softbench.metrics import cross_check as others
from softbench.metrics import in_plane, overlap, surface
from softbench.metrics.calibration import Sweep, sweep
from softbench.metrics.catalogue import with_tolerance
from softbench.metrics.reliability import Reliability
from softbench.metrics.soft import SoftSums

VERSION = 1
WHOLE = "all"  # the structure of rows that look at all classes
MEAN = 0  # the rater of rows against the mean of all raters
OVERLAPS = ("dsc", "iou", "accuracy", "specificity", "sensitivity", "precision", "vs")
DISTANCES = ("hd95", "hd95_pooled", "asd", "assd", "masd")
WITHIN = ("nsd", "nsd_voxel", "sd_svls")  # a tolerance
POOLED = {  # what adds up over cases: key -> name in the statistics
    "ece": "ece", "mce": "mce", "ace_netcal": "mean_gap", "cwece": "cwece", "brier": "brier", "nll": "nll"
}  # fmt: skip
SOFT = ("dsc_s", "rd", "rad", "rmse", "mae", "mse")

Row = tuple[str, str, str, float]  # structure, metric, roi, value


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What all predictions and raters of a case share.

    shape: of the grid. members: structure -> which classes belong to it, (C,) bool. usable: voxels that exist, or
    None. libraries: whose values stand beside ours.
    """

    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    members: dict[str, np.ndarray]
    tolerances_mm: tuple[float, ...]
    usable: np.ndarray | None
    libraries: tuple[str, ...]

    def mask(self, label_map: np.ndarray, structure: str) -> np.ndarray:
        """Mark a structure's voxels, those that exist."""
        first, *more = np.flatnonzero(self.members[structure])
        found: np.ndarray = label_map == first
        for class_id in more:  # comparing a few times is far quicker than looking each voxel up
            found |= label_map == class_id
        return found if self.usable is None else found & self.usable

    @cached_property
    def voxels(self) -> int:
        """Number of voxels that exist."""
        return math.prod(self.shape) if self.usable is None else int(np.count_nonzero(self.usable))

    def diagonal(self) -> Row:
        """Return the row that tables put in for a distance to nothing."""
        return WHOLE, "image_diagonal", "all", float(np.linalg.norm(np.multiply(self.shape, self.spacing_mm)))


def of_masks(
    structure: str, prediction: np.ndarray, reference: np.ndarray, given: Surroundings, *, edges_in_plane: bool
) -> list[Row]:
    """Return the rows of one structure's mask against its reference."""
    masks = prediction, reference
    counts, surfaces = overlap.compare(*masks, given.voxels), surface.between(*masks, given.spacing_mm)
    values = {key: getattr(counts, key) for key in OVERLAPS} | {key: getattr(surfaces, key) for key in DISTANCES}
    for tolerance in given.tolerances_mm:
        values |= {with_tolerance(key, tolerance): getattr(surfaces, key)(tolerance) for key in WITHIN}
    if edges_in_plane:
        values["hd95_in_plane"] = in_plane.hd95(*masks, given.spacing_mm)
    if given.libraries:
        values |= others.binary(*masks, given.spacing_mm, given.tolerances_mm, given.libraries).values
    return [(structure, key, "all", value) for key, value in values.items()]


def of_probability(
    structure: str, pair: np.ndarray, reference: np.ndarray, where: Mapping[str, np.ndarray | None], bins: int
) -> list[Row]:
    """Return the calibration rows of one structure against the rest.

    Args:
        pair: (2, ...) probability of the rest and of the structure.
        reference: bool, where the structure is.
        where: the voxels of each region.
    """
    target = reference.view(np.uint8)
    found = {roi: sweep(pair, target, region, bins, blocks=False).statistics for roi, region in where.items()}
    return [(structure, key, roi, value) for roi, one in found.items() for key, value in _pooled(one).items()]


def of_classes(
    probabilities: np.ndarray,
    reference: np.ndarray,
    where: Mapping[str, np.ndarray | None],
    given: Surroundings,
    bins: int,
) -> tuple[list[Row], dict[str, Reliability]]:
    """Return the calibration rows of all classes together, and each region's statistics."""
    found = {roi: sweep(probabilities, reference, region, bins) for roi, region in where.items()}
    rows = [(WHOLE, key, roi, value) for roi, one in found.items() for key, value in values_of(one, roi).items()]
    if given.libraries:
        for roi, region in where.items():
            values = others.calibration(probabilities, reference, region, bins, given.libraries).values
            rows += [(WHOLE, key, roi, value) for key, value in values.items()]
    return [*rows, given.diagonal()], {roi: one.statistics for roi, one in found.items()}


def values_of(found: Sweep, roi: str) -> dict[str, float]:
    """Return the values of a region; `tace_svls` knows no region but all."""
    blocks = {"ace": found.ace, "tace": found.tace} | ({"tace_svls": found.tace_svls} if roi == "all" else {})
    return _pooled(found.statistics) | blocks


def _pooled(statistics: Reliability) -> dict[str, float]:
    return {key: float(getattr(statistics, name)) for key, name in POOLED.items()}


def of_pool(statistics: Mapping[str, Reliability]) -> list[Row]:
    """Return the rows of regions whose voxels come from several cases."""
    return [(WHOLE, key, roi, value) for roi, one in statistics.items() for key, value in _pooled(one).items()]


def of_mean(inside: np.ndarray, references: Sequence[np.ndarray], usable: np.ndarray | None) -> SoftSums:
    """Return the sums of one structure: its probability against the share of raters who marked the voxel."""
    share = references[0] if len(references) == 1 else np.stack(references).mean(axis=0, dtype=np.float64)
    return SoftSums.of(inside, share, usable)


def of_soft(structure: str, sums: SoftSums) -> list[Row]:
    """Return the soft rows of one structure."""
    return [(structure, key, "all", getattr(sums, key)) for key in SOFT]
