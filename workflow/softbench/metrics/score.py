"""The scores of one case: one tidy row for each rater, structure, metric and region. Nothing is rounded here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from softbench.arrays import most_probable
from softbench.checks import require_label_map, require_one_of, require_positive, require_same_shape, require_spacing
from softbench.errors import InputError
from softbench.metrics import inputs, regions, rows
from softbench.metrics.calibration import Reliability
from softbench.metrics.calibration import statistics as reliability
from softbench.metrics.inputs import require_mask
from softbench.metrics.lesions import Matching
from softbench.metrics.metric import ALSO, ROIS, Masks
from softbench.metrics.raters.scored import AllRaters
from softbench.metrics.rows import MEAN, Row, Surroundings, table
from softbench.metrics.soft import SoftSums
from softbench.metrics.structure import probability
from softbench.metrics.structure import sum_up as structure_sums
from softbench.metrics.threshold import ThresholdCounts

if TYPE_CHECKING:
    import pandas as pd

VERSION = 3


@dataclass(frozen=True, eq=False)
class Assessment:
    """What one case gives: its tidy rows, and the statistics that several cases pool.

    rows: as `score_case`. statistics: the reliability of each region, over all raters' voxels. soft: the soft sums of
    each structure, against the raters' mean. counts: (rater, structure) -> voxels by threshold, where asked for.
    of_masks: the predicted label map, and the rows of its masks, by rater and structure.
    """

    rows: "pd.DataFrame"
    statistics: dict[str, Reliability]
    soft: dict[str, SoftSums]
    counts: dict[tuple[int, str], ThresholdCounts]
    of_masks: tuple[np.ndarray, dict[tuple[int, str], list[Row]]] | None = None


def binary(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float = 2.0
) -> dict[str, float]:
    """Measure how well a mask fits its reference: overlap, volume and surface distance.

    Args:
        prediction: (D, H, W) or (H, W) bool.
        reference: of the same shape.
        spacing_mm: one number for each axis, in the order of the array's axes.
        tolerance_mm: how far apart surfaces may lie to count as one in `nsd`, `nsd_voxel` and `sd_svls`; inclusive.
    Returns: `dsc iou accuracy specificity sensitivity precision vs hd95 hd95_pooled asd assd masd nsd nsd_voxel
        sd_svls`; what each means and its range stand in `catalogue`. Where one mask is empty, distances are inf, and
        overlaps and `nsd` 0; where both are, distances, overlaps and `nsd` are NaN (`sd_svls` is 0, as its authors').
    Raises: InputError: if the masks are not bool, differ in shape, or spacing or tolerance are not positive.
    Source: the entries of `catalogue.CATALOGUE`. Departures: stated there.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> reference = np.zeros((8, 8, 8), bool)
    >>> reference[2:6, 2:6, 2:6] = True
    >>> prediction = np.roll(reference, 1, axis=2)  # one voxel to the right
    >>> found = metrics.binary(prediction, reference, (1.0, 1.0, 1.0))
    >>> print(f"DSC {found['dsc']:.2f}, HD95 {found['hd95']:.1f} mm")
    DSC 0.75, HD95 1.0 mm
    """
    prediction, reference = require_mask("prediction", prediction), require_mask("reference", reference)
    require_same_shape("prediction", prediction.shape, "reference", reference.shape)
    spacing = require_spacing(spacing_mm, prediction.ndim)
    require_positive("tolerance_mm", tolerance_mm)
    return rows.measure_masks(Masks(prediction, reference, spacing), {"": tolerance_mm})


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
    cross_check: Sequence[str] = (),
    in_plane: bool = False,
    voxels: bool = False,
    also: Sequence[str] = (),
    lesion_matching: Mapping[str, Any] | None = None,
) -> "pd.DataFrame":
    """Score the prediction of one case against each rater.

    Args:
        probabilities: (C, D, H, W) or (C, H, W) float, summing to 1 over C.
        references: (R, D, H, W) or (R, H, W) class ids, one label map a rater.
        spacing_mm: one number for each axis, in the order of the array's axes.
        structures: class ids of each structure's name, e.g. {"WT": [1, 2, 3]}; the prediction's mask is where the
            most probable class is one of them, and its probability the sum of theirs.
        tolerances_mm: one `nsd`, `nsd_voxel` and `sd_svls` each.
        band_mm, bins: as `calibration`.
        valid: voxels that exist; elsewhere both masks are empty and nothing is counted.
        cross_check: of "medpy", "monai", "netcal": whose values stand beside ours, in rows `<metric>@<library>`.
        in_plane: whether to add `hd95_in_plane`, with D as the slice axis (volumes only).
        voxels: whether to add `hd95_voxels`, `asd_voxels` and `assd_voxels`, distances with steps of 1 along each axis.
        lesion_matching: what `lesions.Matching` takes, where not all is as for glioma: {"dilations": 1}.
        also: what is measured besides, of "raters" (against all raters together, rows of the rater 0: `agreement`,
            `ged`, `volume_crps`, `brier_rater_mean` …), "lesions" (`lesion_dsc`, `lesion_f1` …) and "centrelines"
            (`cldice`).
    Returns: columns `rater` (1 .. R; 0 is the raters' mean), `structure`, `metric`, `roi`, `value`, `unit`. For each
        structure and rater: all that `binary` gives, and in each region `ece mce ace_netcal cwece brier nll` of the
        structure against the rest; against the raters' mean all that `soft` gives. For all classes together (structure
        "all"): in each region all that `calibration` gives (`tace_svls` in "all" alone), and `image_diagonal` (with
        `voxels` also `image_diagonal_voxels`), which tables put in for a distance to nothing. Values are raw: inf or
        NaN where a mask is empty, NaN where a region is.
    Raises: InputError: if arrays do not fit together, hold NaN, or a structure names a class that does not exist.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> reference = np.zeros((8, 8), np.uint8)
    >>> reference[2:6, 2:6] = 1
    >>> first = np.where(reference == 1, 0.7, 0.1)  # probability of class 1: always right, never sure
    >>> probabilities = np.stack([1 - first, first])
    >>> scores = metrics.score_case(probabilities, reference[None], (1.0, 1.0), {"organ": [1]})
    >>> ece = scores[(scores["structure"] == "all") & (scores["metric"] == "ece")]
    >>> print(*(f"{row.roi}: {row.value:.3f}" for row in ece.itertuples()))
    all: 0.150 foreground: 0.300 band: 0.150
    """
    return assess(
        probabilities,
        references,
        spacing_mm,
        structures,
        tolerances_mm=tolerances_mm,
        band_mm=band_mm,
        bins=bins,
        valid=valid,
        cross_check=cross_check,
        in_plane=in_plane,
        voxels=voxels,
        also=also,
        lesion_matching=lesion_matching,
    ).rows


def assess(
    probabilities: np.ndarray,
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    *,
    band_mm: float = 3.0,
    bins: int = 10,
    thresholds: bool = False,
    like: Assessment | None = None,
    checked: bool = False,
    **shared: Any,
) -> Assessment:
    """Score one case, and keep what cases pool; arguments and errors as `score_case`.

    Args:
        thresholds: whether to count voxels by threshold.
        checked: whether `probabilities` are known to be some, where they count, so that nobody looks again.
        like: of another prediction of the same case with the same settings, e.g. of the same network at a temperature:
            where both have the same label map, the rows of its masks are taken over.
    """
    given, probabilities, references = _enter(
        probabilities, references, spacing_mm, structures, checked=checked, **shared
    )
    where = _regions(references, given, band_mm)
    lines: list[tuple[int, Row]] = []
    statistics: list[dict[str, Reliability]] = []
    for rater, reference in enumerate(references, start=1):
        values, sums = rows.class_rows(probabilities, reference, where[rater - 1], given, bins)
        lines += _by(rater, values)
        statistics.append(sums)
    raters = AllRaters.of(references, where, given)
    lines += _by(MEAN, raters.of_all_classes(probabilities, statistics, bins))
    counted = [{**own, **raters.regions} for own in where]
    predicted = most_probable(probabilities)
    taken = _rows_of_masks(like, predicted)
    of_masks = raters.of_masks(predicted) if taken is None else taken
    soft: dict[str, SoftSums] = {}
    counts: dict[tuple[int, str], ThresholdCounts] = {}
    boxes = [given.boxes(predicted, reference) for reference in references]
    for structure, is_member in given.members.items():  # one at a time: each holds masks of the whole grid
        masks = [given.mask(reference, structure) for reference in references]
        own = structure_sums(probabilities, is_member, masks, counted, given.usable, bins=bins, thresholds=thresholds)
        for rater, reference in enumerate(references, start=1):
            if taken is None:
                box = boxes[rater - 1][structure]
                found = rows.mask_rows(structure, predicted, reference, given, box)
                of_masks[rater, structure] = found + of_masks.get((rater, structure), [])
            lines += _by(rater, of_masks[rater, structure])
            lines += _by(rater, rows.bin_rows(structure, {roi: own.statistics[rater - 1][roi] for roi in ROIS}))
            if thresholds:
                counts[rater, structure] = own.counts[rater - 1]
        soft[structure] = own.soft
        lines += _by(MEAN, rows.soft_rows(structure, soft[structure]))
        lines += _by(MEAN, of_masks.get((MEAN, structure), []))
        lines += _by(MEAN, raters.of_structure(structure, probabilities, masks, own.statistics))
    pooled = {roi: reduce(Reliability.merge, (sums[roi] for sums in statistics)) for roi in statistics[0]}
    return Assessment(table(lines), pooled, soft, counts, (predicted, of_masks))


def _rows_of_masks(like: Assessment | None, predicted: np.ndarray) -> dict[tuple[int, str], list[Row]] | None:
    """Return the rows of masks of another prediction, where it has the same label map; else None."""
    kept = like.of_masks if like is not None else None
    return kept[1] if kept is not None and np.array_equal(kept[0], predicted) else None


def score_together(
    probabilities: np.ndarray,
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    *,
    band_mm: float = 3.0,
    bins: int = 10,
    **shared: Any,
) -> "pd.DataFrame":
    """Score one case against all raters together, and against none alone.

    Returns: of the rows of `score_case` those of the rater 0 that `also=["raters"]` asks for.
    Raises: InputError: as `score_case`, whose arguments these are.
    """
    shared = {**shared, "also": [*shared.get("also", ()), "raters"]}
    given, probabilities, references = _enter(probabilities, references, spacing_mm, structures, **shared)
    raters = AllRaters.of(references, _regions(references, given, band_mm), given)
    statistics = [{"all": reliability(probabilities, y, given.usable, bins)} for y in references]
    found = raters.of_all_classes(probabilities, statistics, bins)
    of_masks = raters.of_masks(most_probable(probabilities))
    where = [{"all": given.usable, **raters.regions}] * len(references)
    for structure, is_member in given.members.items():
        masks = [given.mask(reference, structure) for reference in references]
        own = structure_sums(probabilities, is_member, masks, where, given.usable, bins=bins)
        found += of_masks[MEAN, structure] + raters.of_structure(structure, probabilities, masks, own.statistics)
    return table(_by(MEAN, found))


def _regions(references: np.ndarray, given: Surroundings, band_mm: float) -> list[dict[str, np.ndarray | None]]:
    """Return the regions of each rater; None: all voxels."""
    how: dict[str, Any] = {"band_mm": band_mm, "spacing_mm": given.spacing_mm, "valid": given.usable}
    return [{roi: regions.inside(reference, roi, **how) for roi in ROIS} for reference in references]


def score_label_map(
    labels: np.ndarray,
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    *,
    classes: int,
    tolerances_mm: Sequence[float] = (2.0,),
    valid: np.ndarray | None = None,
    cross_check: Sequence[str] = (),
    in_plane: bool = False,
    voxels: bool = False,
    also: Sequence[str] = (),
    lesion_matching: Mapping[str, Any] | None = None,
) -> "pd.DataFrame":
    """Score a predicted label map, which has no probabilities: overlap and surfaces alone.

    Args:
        labels: (D, H, W) or (H, W) class ids.
        classes: number of classes, background included.
        references, spacing_mm, structures, tolerances_mm, valid, cross_check, in_plane, voxels, also,
            lesion_matching: as `score_case`.
    Returns: the rows of `score_case` that need no probabilities.
    Raises: InputError: as `score_case`.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> reference = np.zeros((8, 8), np.uint8)
    >>> reference[2:6, 2:6] = 1
    >>> labels = np.roll(reference, 1, axis=1)  # one pixel to the right
    >>> scores = metrics.score_label_map(labels, reference[None], (1.0, 1.0), {"organ": [1]}, classes=2)
    >>> dsc = scores[scores["metric"] == "dsc"]
    >>> print(*(f"{row.structure}: {row.value:.2f}" for row in dsc.itertuples()))
    organ: 0.75
    """
    labels, references, usable = np.asarray(labels), np.asarray(references), inputs.require_valid(valid)
    _require_raters(references, labels.shape)
    shared: dict[str, Any] = {"tolerances_mm": tolerances_mm, "cross_check": cross_check}
    shared |= {"in_plane": in_plane, "voxels": voxels, "also": also, "lesion_matching": lesion_matching}
    given = _surroundings(references, spacing_mm, structures, classes, usable, **shared)
    for name, label_map in [("labels", labels), *(("references", reference) for reference in references)]:
        require_same_shape(name, label_map.shape, "references", given.shape)
        require_label_map(name, label_map if usable is None else label_map[usable], classes)
    lines: list[tuple[int, Row]] = []
    for rater, reference in enumerate(references, start=1):
        boxes = given.boxes(labels, reference)
        for structure in given.members:
            lines += _by(rater, rows.mask_rows(structure, labels, reference, given, boxes[structure]))
        lines += _by(rater, given.grid_rows())
    for (rater, _), found in AllRaters(references, given).of_masks(labels).items():
        lines += _by(rater, found)
    return table(lines)


def count_thresholds(
    probabilities: np.ndarray,
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    *,
    valid: np.ndarray | None = None,
) -> dict[tuple[int, str], ThresholdCounts]:
    """Count the voxels of each rater's structures by threshold; arguments and errors as `score_case`."""
    given, probabilities, references = _enter(probabilities, references, spacing_mm, structures, valid=valid)
    return {
        (rater, structure): ThresholdCounts.count(inside, given.mask(reference, structure), given.usable)
        for structure, is_member in given.members.items()
        for inside in [probability(probabilities, is_member, given.usable)]
        for rater, reference in enumerate(references, start=1)
    }


def _enter(
    probabilities: np.ndarray,
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    *,
    valid: np.ndarray | None = None,
    checked: bool = False,
    **shared: Any,
) -> tuple[Surroundings, np.ndarray, np.ndarray]:
    """Check probabilities and references, and return them with what they share."""
    probabilities, references, usable = np.asarray(probabilities), np.asarray(references), inputs.require_valid(valid)
    if not checked:
        inputs.require_probabilities(probabilities, usable)
    _require_raters(references, probabilities.shape[1:])
    given = _surroundings(references, spacing_mm, structures, len(probabilities), usable, **shared)
    for reference in references:
        inputs.require_reference(probabilities, reference, usable)
    return given, probabilities, references


def _surroundings(
    references: np.ndarray,
    spacing_mm: Sequence[float],
    structures: Mapping[str, Sequence[int]],
    classes: int,
    usable: np.ndarray | None,
    *,
    tolerances_mm: Sequence[float] = (2.0,),
    cross_check: Sequence[str] = (),
    in_plane: bool = False,
    voxels: bool = False,
    also: Sequence[str] = (),
    lesion_matching: Mapping[str, Any] | None = None,
) -> Surroundings:
    """Check what all raters share, and put it together."""
    spacing = require_spacing(spacing_mm, references.ndim - 1)
    for tolerance in tolerances_mm:
        require_positive("tolerances_mm", tolerance)
    shape, members = references.shape[1:], _memberships(structures, classes)
    if in_plane and len(shape) != 3:
        raise InputError(f"`in_plane` looks at the slices of a volume, but the image is {shape}. Leave it out.")
    for name in also:
        require_one_of("also", name, ALSO)
    asked = (*(name for name, wanted in {"in_plane": in_plane, "voxels": voxels}.items() if wanted), *also)
    matching = Matching(**lesion_matching or {})
    return Surroundings(shape, spacing, members, tuple(tolerances_mm), usable, tuple(cross_check), asked, matching)


def _require_raters(references: np.ndarray, shape: tuple[int, ...]) -> None:
    if references.ndim != len(shape) + 1 or not len(references):
        raise InputError(
            f"`references` must hold one label map a rater, (R, D, H, W) or (R, H, W), but its shape is "
            f"{references.shape} where the prediction's grid is {shape}. For one rater: `labels[None]`."
        )


def _memberships(structures: Mapping[str, Sequence[int]], classes: int) -> dict[str, np.ndarray]:
    """Return, for each structure, which classes belong to it: (C,) bool."""
    members = {}
    for name, ids in structures.items():
        if name == rows.WHOLE:
            raise InputError(f"a structure cannot be called {name!r}: rows over all classes are. Rename it.")
        if not len(ids) or not set(ids) <= set(range(classes)):
            raise InputError(
                f"structure {name!r} must list class ids from 0 to {classes - 1}, but lists {list(ids)}. "
                "Correct `structures`."
            )
        members[name] = np.isin(np.arange(classes), list(ids))
    return members


def _by(rater: int, lines: Iterable[Row]) -> list[tuple[int, Row]]:
    return [(rater, row) for row in lines]
