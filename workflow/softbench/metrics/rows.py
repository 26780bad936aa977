"""What a score table holds: its columns, and its rows: of masks, probabilities, all classes and the raters' mean."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from softbench.metrics import catalogue, lesions, overlap, surface
from softbench.metrics import cross_check as others
from softbench.metrics.calibration import Reliability, Sweep
from softbench.metrics.calibration import sweeps as measure_regions
from softbench.metrics.catalogue import select_metrics, tolerance_end
from softbench.metrics.kernels.boxes import Box, class_boxes, union
from softbench.metrics.metric import OF_MASKS, Masks, Metric, Voxels, values
from softbench.metrics.soft import SoftSums

if TYPE_CHECKING:
    import pandas as pd

VERSION = 2
COLUMNS = ["experiment", "dataset", "split", "network", "method", "seed", "case", "rater", "structure", "metric"]
COLUMNS += ["roi", "grid", "prediction", "value", "unit"]
WHOLE = "all"  # the structure of rows that look at all classes
MEAN = 0  # the rater of rows against the mean of all raters

Row = tuple[str, str, str, float]  # structure, metric, roi, value


def tidy(rows: "pd.DataFrame", names: Mapping[str, str], seed: int | None) -> "pd.DataFrame":
    """Return scores in the columns that all tables read: one row a score, and nothing that a row does not say itself.

    Args:
        rows: with case, rater, structure, metric, roi, value, unit; and `grid` and `prediction`, where these are not
            "full" and "raw".
        names: experiment, dataset, split, network, method.
        seed: of the run; None for an ensemble of seeds: the column then holds <NA> (pandas' Int64), as it does where
            ensembles and runs stand in one table.
    """
    import pandas as pd

    usual = {"grid": "full", "prediction": "raw"}
    filled = {name: rows[name].fillna(value) if name in rows.columns else value for name, value in usual.items()}
    seeds = seed if seed is not None else pd.array([pd.NA] * len(rows), dtype="Int64")
    return rows.assign(**names, seed=seeds, **filled)[COLUMNS]


def table(rows: Iterable[tuple[int, Row]]) -> "pd.DataFrame":
    """Return (rater, row) as a tidy table, each value with its unit."""
    import pandas as pd  # here: metrics of one pair of masks need no tables

    lines = [(rater, *row, catalogue.describe(row[1]).unit) for rater, row in rows]
    return pd.DataFrame(lines, columns=["rater", "structure", "metric", "roi", "value", "unit"])


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What all predictions and raters of a case share.

    shape: of the grid. members: structure -> which classes belong to it, (C,) bool. usable: voxels that exist, or
    None. libraries: whose values stand beside ours. asked: the settings that ask for more metrics (`Metric.asked_by`).
    matching: of lesions.
    """

    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    members: dict[str, np.ndarray]
    tolerances_mm: tuple[float, ...]
    usable: np.ndarray | None
    libraries: tuple[str, ...]
    asked: tuple[str, ...] = ()
    matching: lesions.Matching = lesions.GLIOMA

    def mask(self, label_map: np.ndarray, structure: str, box: Box = ()) -> np.ndarray:
        """Mark a structure's voxels, those that exist, in a box of the grid or in all of it."""
        first, *more = np.flatnonzero(self.members[structure])
        labels = label_map[box]
        mask: np.ndarray = labels == first
        for class_id in more:  # comparing a few times is far quicker than looking each voxel up
            mask |= labels == class_id
        return mask if self.usable is None else mask & self.usable[box]

    def boxes(self, *label_maps: np.ndarray) -> dict[str, Box]:
        """Return the box of each structure that holds it in all of some label maps."""
        of_maps = [class_boxes(labels, len(next(iter(self.members.values())))) for labels in label_maps]
        return {
            name: union(box for boxes in of_maps for box in boxes[is_member])
            for name, is_member in self.members.items()
        }

    @cached_property
    def voxels(self) -> int:
        """Number of voxels that exist."""
        return math.prod(self.shape) if self.usable is None else int(np.count_nonzero(self.usable))

    def grid_rows(self) -> list[Row]:
        """Return the rows of the case itself, such as the diagonal that tables put in for a distance to nothing."""
        scores = values(select_metrics("grid"), np.multiply(self.shape, self.spacing_mm))
        scores |= values(select_metrics("voxel_grid", settings=self.asked), np.array(self.shape))
        return [(WHOLE, key, "all", value) for key, value in scores.items()]


def measure_masks(
    masks: Masks,
    tolerances_mm: Mapping[str, float],
    *,
    voxels: int | None = None,
    asked: Sequence[str] = (),
    whole: Callable[[], Masks] | None = None,
    matching: lesions.Matching = lesions.GLIOMA,
) -> dict[str, float]:
    """Measure a mask against its reference.

    Args:
        masks: of one structure.
        tolerances_mm: by the end of the key of a metric that takes one: {"_2mm": 2.0}.
        voxels: how many exist; all where it is left out.
        asked: settings that ask for more metrics.
        whole: gives the masks of the whole grid, where `masks` are cut to a box that holds both.
        matching: of lesions.
    Returns: key -> value; first the metrics without a tolerance, those that are asked for last.
    """
    given: dict[str, Any] = {
        "counts": overlap.compare(masks.prediction, masks.reference, voxels),
        "surfaces": surface.between(*masks),
    }
    known = select_metrics(*OF_MASKS, settings=asked)
    if any(metric.of == "masks" for metric in known):
        given["masks"] = whole() if whole else masks
    if any(metric.of == "lesions" for metric in known):
        given["lesions"] = lesions.match_lesions(*masks, matching=matching)
    if any(metric.of == "voxel_surfaces" for metric in known):
        given["voxel_surfaces"] = surface.between(masks.prediction, masks.reference, (1.0,) * masks.prediction.ndim)
    always = [metric for metric in known if not metric.tolerance and not metric.asked_by]
    scores = {metric.key: metric.measure(given[metric.of]) for metric in always}
    for end, tolerance in tolerances_mm.items():
        within = [metric for metric in known if metric.tolerance]
        scores |= {metric.key + end: metric.measure(given[metric.of], tolerance) for metric in within}
    return scores | {metric.key: metric.measure(given[metric.of]) for metric in known if metric.asked_by}


def mask_rows(
    structure: str, labels: np.ndarray, reference: np.ndarray, given: Surroundings, box: Box = ()
) -> list[Row]:
    """Return the rows of one structure's mask against its reference.

    Args:
        labels, reference: (...) label maps.
        box: holds the structure in both; what is not of the whole grid is computed in there.
    """
    whole = cache(lambda: _masks(structure, labels, reference, given, ()))
    ends = {tolerance_end(tolerance): tolerance for tolerance in given.tolerances_mm}
    masks = _masks(structure, labels, reference, given, box)
    how: dict[str, Any] = {"voxels": given.voxels, "asked": given.asked, "matching": given.matching}
    scores = measure_masks(masks, ends, whole=whole, **how)
    if given.libraries:
        scores |= others.binary(*whole(), given.tolerances_mm, given.libraries).values
    return [(structure, key, "all", value) for key, value in scores.items()]


def _masks(structure: str, labels: np.ndarray, reference: np.ndarray, given: Surroundings, box: Box) -> Masks:
    return Masks(given.mask(labels, structure, box), given.mask(reference, structure, box), given.spacing_mm)


def bin_rows(structure: str, regions: Mapping[str, Reliability]) -> list[Row]:
    """Return the calibration rows of each region's sums: of a case, or of the voxels of several."""
    return [
        (structure, metric.key, roi, metric.measure(sums))
        for roi, sums in regions.items()
        for metric in _measured_in(roi, "bins")
    ]


def class_rows(
    probabilities: np.ndarray,
    reference: np.ndarray,
    where: Mapping[str, np.ndarray | None],
    given: Surroundings,
    bins: int,
) -> tuple[list[Row], dict[str, Reliability]]:
    """Return the rows of all classes together, and each region's statistics."""
    sweeps = measure_regions(probabilities, reference, where, bins)
    rows = [
        row for roi, of_roi in sweeps.items() for row in _region_rows(roi, of_roi, probabilities, reference, where[roi])
    ]
    if given.libraries:
        for roi, region in where.items():
            by_library = others.calibration(probabilities, reference, region, bins, given.libraries).values
            rows += [(WHOLE, key, roi, value) for key, value in by_library.items()]
    return [*rows, *given.grid_rows()], {roi: sums.statistics for roi, sums in sweeps.items()}


def _region_rows(
    roi: str, sums: Sweep, probabilities: np.ndarray, reference: np.ndarray, region: np.ndarray | None
) -> list[Row]:
    rows = bin_rows(WHOLE, {roi: sums.statistics})
    rows += [(WHOLE, key, roi, value) for key, value in values(_measured_in(roi, "blocks"), sums.gaps).items()]
    if metrics := _measured_in(roi, "voxels"):  # a copy of the region, which the suite's own metrics do without
        counted = slice(None) if region is None else region.reshape(-1)
        voxels = Voxels(probabilities.reshape(len(probabilities), -1)[:, counted], reference.reshape(-1)[counted])
        rows += [(WHOLE, key, roi, value) for key, value in values(metrics, voxels).items()]
    return rows


def _measured_in(roi: str, kind: str) -> list[Metric]:
    return [metric for metric in select_metrics(kind) if roi in metric.regions]


def soft_rows(structure: str, sums: SoftSums) -> list[Row]:
    """Return the soft rows of one structure."""
    return [(structure, key, "all", value) for key, value in values(select_metrics("soft"), sums).items()]
