"""The tidy rows of one case."""

import math

import numpy as np
import pytest
from softbench import metrics

SPACING = (2.0, 1.0, 1.5)
STRUCTURES = {"WT": [1, 2, 3], "ET": [3]}


def nested(shape=(10, 16, 16)) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (4, ...) of nested boxes that are shifted by one voxel against the reference."""
    reference = np.zeros(shape, np.uint8)
    for class_id, margin in ((1, 2), (2, 3), (3, 4)):
        reference[tuple(slice(margin, n - margin) for n in shape)] = class_id
    shifted = np.roll(reference, 1, axis=2)
    p = np.full((4, *shape), 0.04, np.float32)
    np.put_along_axis(p, shifted[None].astype(int), 0.88, axis=0)
    return p, reference


def value(scores, **where) -> float:
    """The one value of the rows that fit."""
    for column, wanted in where.items():
        scores = scores[scores[column] == wanted]
    (found,) = scores["value"]
    return float(found)


def test_rows_of_a_case_are_complete():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES, tolerances_mm=(1.0, 1.5, 2))
    assert list(scores.columns) == ["rater", "structure", "metric", "roi", "value", "unit"]
    per_structure = {"dsc", "hd95", "assd", "vs", "nsd_1mm", "nsd_1.5mm", "nsd_2mm"}
    expected = {(s, m, "all") for s in STRUCTURES for m in per_structure}
    regional = {"ece", "mce", "cwece", "brier", "nll"}
    expected |= {("all", m, roi) for m in regional for roi in ("all", "foreground", "band")}
    expected |= {("all", "tace", "all"), ("all", "image_diagonal", "all")}
    rows = list(scores[["structure", "metric", "roi"]].itertuples(index=False, name=None))
    assert set(rows) == expected
    assert len(rows) == len(expected)


def test_structure_rows_are_those_of_its_mask():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    for structure, ids in STRUCTURES.items():
        found = metrics.binary(np.isin(p.argmax(axis=0), ids), np.isin(reference, ids), SPACING)
        for metric, key in (("dsc", "dsc"), ("hd95", "hd95"), ("assd", "assd"), ("vs", "vs"), ("nsd_2mm", "nsd")):
            assert value(scores, structure=structure, metric=metric) == found[key]


def test_case_rows_are_those_of_calibration():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES, band_mm=2.0)
    for roi in ("all", "foreground", "band"):
        found = metrics.calibration(p, reference, roi=roi, band_mm=2.0, spacing_mm=SPACING)
        for metric in ("ece", "mce", "cwece", "brier", "nll"):
            assert value(scores, structure="all", metric=metric, roi=roi) == found[metric]
    assert value(scores, metric="tace") == metrics.calibration(p, reference)["tace"]


def test_image_diagonal_is_that_of_the_volume_in_mm():
    p, reference = nested((10, 16, 16))
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    assert value(scores, metric="image_diagonal") == pytest.approx(math.hypot(20, 16, 24))


def test_units_stand_beside_values():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    units = dict(zip(scores["metric"], scores["unit"], strict=True))
    assert (units["hd95"], units["image_diagonal"], units["nll"], units["dsc"]) == ("mm", "mm", "nat", "1")


def test_each_rater_has_its_rows():
    p, reference = nested()
    both = np.stack([reference, np.roll(reference, 1, axis=2)])
    scores = metrics.score_case(p, both, SPACING, STRUCTURES)
    assert value(scores, rater=1, structure="WT", metric="dsc") < 1
    assert value(scores, rater=2, structure="WT", metric="dsc") == 1
    alone = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    assert scores[scores["rater"] == 1].reset_index(drop=True).equals(alone)


def test_missed_structure_keeps_its_raw_values():
    p, reference = nested()
    missed = p.copy()
    missed[0], missed[1:] = 0.97, 0.01
    scores = metrics.score_case(missed, reference[None], SPACING, STRUCTURES)
    found = [value(scores, structure="ET", metric=m) for m in ("dsc", "hd95", "assd", "vs", "nsd_2mm")]
    assert found == [0, math.inf, math.inf, 0, 0]
    nothing = metrics.score_case(missed, np.zeros_like(reference)[None], SPACING, STRUCTURES)
    assert math.isnan(value(nothing, structure="ET", metric="hd95"))
    assert math.isnan(value(nothing, metric="ece", roi="band"))


def test_pictures_are_scored_as_volumes_are():
    p, reference = nested()
    scores = metrics.score_case(p[:, 5], reference[5][None], SPACING[1:], STRUCTURES)
    # WT is 12 x 12 pixels, shifted by one: 11 of 12 columns overlap
    assert value(scores, structure="WT", metric="dsc") == pytest.approx(11 / 12)
    assert value(scores, structure="WT", metric="hd95") == 1.5


def test_invalid_voxels_change_no_row():
    p, reference = nested()
    structures = STRUCTURES | {"outside": [0]}
    valid = np.ones(reference.shape, bool)
    valid[:, :, 12:] = False
    broken, unknown = p.copy(), reference.copy()
    broken[:, ~valid], unknown[~valid] = np.nan, 255
    found = metrics.score_case(broken, unknown[None], SPACING, structures, valid=valid)
    cut = metrics.score_case(p[..., :12], reference[None, ..., :12], SPACING, structures)
    same = found["metric"] != "image_diagonal"  # the volume itself is no smaller
    assert found["value"][same].to_numpy() == pytest.approx(cut["value"][same].to_numpy(), abs=1e-12, nan_ok=True)


def test_same_input_gives_the_same_bits():
    p, reference = nested()
    first, second = (metrics.score_case(p, reference[None], SPACING, STRUCTURES) for _ in range(2))
    assert first.equals(second)
