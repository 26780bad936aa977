"""The scores of one case: one tidy row for each rater, structure, metric and region. Nothing is rounded here."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from softbench.checks import require_positive, require_spacing
from softbench.errors import InputError
from softbench.metrics import catalogue, overlap, regions, surface, voxels
from softbench.metrics.calibration import THRESHOLD, adaptive, binned

VERSION = 1
COLUMNS = ("rater", "structure", "metric", "roi", "value", "unit")
WHOLE = "all"  # the structure of rows that look at all classes
PER_REGION = ("ece", "mce", "cwece", "brier", "nll")

Row = tuple[str, str, str, float]  # structure, metric, roi, value


def score_case(
    probabilities: np.ndarray,
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    *,
    tolerances_mm: Sequence[float] = (2.0,),
    band_mm: float = 3.0,
    bins: int = 10,
    valid: np.ndarray | None = None,
) -> pd.DataFrame:
    """Score the prediction of one case against each rater.

    Args:
        probabilities: (C, D, H, W) or (C, H, W) float, summing to 1 over C.
        references: (R, D, H, W) or (R, H, W) class ids, one label map a rater.
        spacing_mm: one number for each axis, in the order of the array's axes.
        structures: class ids of each structure's name, e.g. {"WT": [1, 2, 3]}; the prediction's mask is where the
            most probable class is one of them.
        tolerances_mm: one NSD each.
        band_mm, bins: as `calibration`.
        valid: voxels that exist; elsewhere both masks are empty and nothing is counted.
    Returns: columns `rater` (1 .. R), `structure`, `metric`, `roi`, `value`, `unit`. For each structure: `dsc hd95 assd
        vs nsd_<t>mm`. For all classes together (structure "all"): `ece mce cwece brier nll` in each region, `tace`, and
        `image_diagonal`, which tables put in for a distance to nothing. Values are raw: inf or NaN where a mask is
        empty, NaN where a region is.
    Raises: InputError: if arrays do not fit together, hold NaN, or a structure names a class that does not exist.
    """
    probabilities, references, usable = np.asarray(probabilities), np.asarray(references), voxels.require_valid(valid)
    voxels.require_probabilities(probabilities, usable)
    spacing = require_spacing(spacing_mm, probabilities.ndim - 1)
    _require_references(probabilities, references, usable)
    members = _memberships(structures, len(probabilities))
    for tolerance in tolerances_mm:
        require_positive("tolerances_mm", tolerance)
    predicted = probabilities.argmax(axis=0)
    rows = [
        (rater, *row, catalogue.describe(row[1]).unit)
        for rater, reference in enumerate(references, start=1)
        for row in (
            *_structure_rows(predicted, reference, usable, members, spacing, tolerances_mm),
            *_case_rows(probabilities, reference, usable, spacing, band_mm, bins),
        )
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _structure_rows(
    predicted: np.ndarray,
    reference: np.ndarray,
    usable: np.ndarray | None,
    members: dict[str, np.ndarray],
    spacing_mm: tuple[float, ...],
    tolerances_mm: Sequence[float],
) -> Iterator[Row]:
    if usable is not None:  # what lies outside may hold any id: count it as background
        predicted, reference = np.where(usable, predicted, 0), np.where(usable, reference, 0)
    for structure, is_member in members.items():
        prediction_mask, reference_mask = is_member.take(predicted), is_member.take(reference)
        if usable is not None:
            prediction_mask, reference_mask = prediction_mask & usable, reference_mask & usable
        counts = overlap.compare(prediction_mask, reference_mask)
        surfaces = surface.between(prediction_mask, reference_mask, spacing_mm)
        yield structure, "dsc", "all", counts.dsc
        yield structure, "hd95", "all", surfaces.hd95
        yield structure, "assd", "all", surfaces.assd
        yield structure, "vs", "all", counts.vs
        for tolerance in tolerances_mm:
            yield structure, catalogue.nsd_key(tolerance), "all", surfaces.nsd(tolerance)


def _case_rows(
    probabilities: np.ndarray,
    reference: np.ndarray,
    usable: np.ndarray | None,
    spacing_mm: tuple[float, ...],
    band_mm: float,
    bins: int,
) -> Iterator[Row]:
    for roi in regions.ROIS:
        p, y = voxels.select(probabilities, reference, roi, band_mm=band_mm, spacing_mm=spacing_mm, valid=usable)
        values = binned(p, y, bins)
        for metric in PER_REGION:
            yield WHOLE, metric, roi, values[metric]
        if roi == "all":
            yield WHOLE, "tace", roi, adaptive(p, y, bins, threshold=THRESHOLD)
    yield WHOLE, "image_diagonal", "all", float(np.linalg.norm(np.multiply(reference.shape, spacing_mm)))


def _require_references(probabilities: np.ndarray, references: np.ndarray, usable: np.ndarray | None) -> None:
    if references.ndim != probabilities.ndim or not len(references):
        raise InputError(
            f"`references` must hold one label map a rater, (R, D, H, W) or (R, H, W), but its shape is "
            f"{references.shape} where the probabilities' is {probabilities.shape}. For one rater: `labels[None]`."
        )
    for reference in references:
        voxels.require_reference(probabilities, reference, usable)


def _memberships(structures: Mapping[str, Sequence[int]], classes: int) -> dict[str, np.ndarray]:
    """Return, for each structure, which classes belong to it: (C,) bool."""
    members = {}
    for name, ids in structures.items():
        if name == WHOLE:
            raise InputError(f"a structure cannot be called {WHOLE!r}: rows over all classes are. Rename it.")
        known = set(range(classes))
        if not len(ids) or not set(ids) <= known:
            raise InputError(
                f"structure {name!r} must list class ids from 0 to {classes - 1}, but lists {list(ids)}. "
                "Correct `structures`."
            )
        members[name] = np.isin(np.arange(classes), list(ids))
    return members
