"""What a score table holds: its columns, and its rows: of masks, probabilities, all classes and the raters' mean."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from softbench.metrics import catalogue, overlap, surface
from softbench.metrics import cross_check as others
from softbench.metrics.calibration import Reliability, Sweep, statistics, sweep
from softbench.metrics.catalogue import select_metrics, tolerance_end
from softbench.metrics.metric import OF_LABEL_MAP, Masks, Metric, Voxels, values
from softbench.metrics.soft import SoftSums

VERSION = 2
COLUMNS = ["experiment", "dataset", "split", "network", "method", "seed", "case", "rater", "structure", "metric"]
COLUMNS += ["roi", "grid", "prediction", "value", "unit"]
WHOLE = "all"  # the structure of rows that look at all classes
MEAN = 0  # the rater of rows against the mean of all raters

Row = tuple[str, str, str, float]  # structure, metric, roi, value


def tidy(rows: pd.DataFrame, names: Mapping[str, str], seed: int | None) -> pd.DataFrame:
    """Return scores in the columns that all tables read: one row a score, and nothing that a row does not say itself.

    Args:
        rows: with case, rater, structure, metric, roi, value, unit; and `grid` and `prediction`, where these are not
            "full" and "raw".
        names: experiment, dataset, split, network, method.
        seed: of the run; None for an ensemble of seeds: the column then holds <NA> (pandas' Int64), as it does where
            ensembles and runs stand in one table.
    """
    usual = {"grid": "full", "prediction": "raw"}
    filled = {name: rows[name].fillna(value) if name in rows.columns else value for name, value in usual.items()}
    seeds = seed if seed is not None else pd.array([pd.NA] * len(rows), dtype="Int64")
    return rows.assign(**names, seed=seeds, **filled)[COLUMNS]


def table(rows: Iterable[tuple[int, Row]]) -> pd.DataFrame:
    """Return (rater, row) as a tidy table, each value with its unit."""
    lines = [(rater, *row, catalogue.describe(row[1]).unit) for rater, row in rows]
    return pd.DataFrame(lines, columns=["rater", "structure", "metric", "roi", "value", "unit"])


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What all predictions and raters of a case share.

    shape: of the grid. members: structure -> which classes belong to it, (C,) bool. usable: voxels that exist, or
    None. libraries: whose values stand beside ours. asked: the settings that ask for more metrics (`Metric.asked_by`).
    """

    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    members: dict[str, np.ndarray]
    tolerances_mm: tuple[float, ...]
    usable: np.ndarray | None
    libraries: tuple[str, ...]
    asked: tuple[str, ...] = ()

    def mask(self, label_map: np.ndarray, structure: str) -> np.ndarray:
        """Mark a structure's voxels, those that exist."""
        first, *more = np.flatnonzero(self.members[structure])
        mask: np.ndarray = label_map == first
        for class_id in more:  # comparing a few times is far quicker than looking each voxel up
            mask |= label_map == class_id
        return mask if self.usable is None else mask & self.usable

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
    masks: Masks, tolerances_mm: Mapping[str, float], *, voxels: int | None = None, asked: Sequence[str] = ()
) -> dict[str, float]:
    """Measure a mask against its reference.

    Args:
        masks: of one structure.
        tolerances_mm: by the end of the key of a metric that takes one: {"_2mm": 2.0}.
        voxels: how many exist; all where it is left out.
        asked: settings that ask for more metrics.
    Returns: key -> value; first the metrics without a tolerance, those that are asked for last.
    """
    given: dict[str, Any] = {
        "masks": masks,
        "counts": overlap.compare(masks.prediction, masks.reference, voxels),
        "surfaces": surface.between(*masks),
    }
    known = select_metrics(*OF_LABEL_MAP, settings=asked)
    if any(metric.of == "voxel_surfaces" for metric in known):
        given["voxel_surfaces"] = surface.between(masks.prediction, masks.reference, (1.0,) * masks.prediction.ndim)
    always = [metric for metric in known if not metric.tolerance and not metric.asked_by]
    scores = {metric.key: metric.measure(given[metric.of]) for metric in always}
    for end, tolerance in tolerances_mm.items():
        within = [metric for metric in known if metric.tolerance]
        scores |= {metric.key + end: metric.measure(given[metric.of], tolerance) for metric in within}
    return scores | {metric.key: metric.measure(given[metric.of]) for metric in known if metric.asked_by}


def mask_rows(structure: str, prediction: np.ndarray, reference: np.ndarray, given: Surroundings) -> list[Row]:
    """Return the rows of one structure's mask against its reference."""
    masks = Masks(prediction, reference, given.spacing_mm)
    ends = {tolerance_end(tolerance): tolerance for tolerance in given.tolerances_mm}
    scores = measure_masks(masks, ends, voxels=given.voxels, asked=given.asked)
    if given.libraries:
        scores |= others.binary(*masks, given.tolerances_mm, given.libraries).values
    return [(structure, key, "all", value) for key, value in scores.items()]


def probability_rows(
    structure: str, pair: np.ndarray, reference: np.ndarray, where: Mapping[str, np.ndarray | None], bins: int
) -> list[Row]:
    """Return the calibration rows of one structure against the rest.

    Args:
        pair: (2, ...) probability of the rest and of the structure.
        reference: bool, where the structure is.
        where: the voxels of each region.
    """
    target = reference.view(np.uint8)
    return bin_rows(structure, {roi: statistics(pair, target, region, bins) for roi, region in where.items()})


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
    sweeps = {roi: sweep(probabilities, reference, region, bins) for roi, region in where.items()}
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


def sum_against_mean(inside: np.ndarray, references: Sequence[np.ndarray], usable: np.ndarray | None) -> SoftSums:
    """Return the sums of one structure: its probability against the share of raters who marked the voxel."""
    share = references[0] if len(references) == 1 else np.stack(references).mean(axis=0, dtype=np.float64)
    return SoftSums.of(inside, share, usable)


def soft_rows(structure: str, sums: SoftSums) -> list[Row]:
    """Return the soft rows of one structure."""
    return [(structure, key, "all", value) for key, value in values(select_metrics("soft"), sums).items()]
