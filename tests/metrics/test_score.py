"""The tidy rows of one case."""

import math

import numpy as np
import pytest
from softbench import InputError, metrics
from softbench.metrics import rows
from softbench.metrics.catalogue import TOLERANT, select_metrics
from softbench.metrics.pooled import Pool, merged
from softbench.metrics.score import assess, count_thresholds

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
    tolerances = ("1mm", "1.5mm", "2mm")
    plain = {metric.key for metric in select_metrics("counts", "surfaces") if not metric.tolerance}
    masks = {*plain, *(f"{key}_{tolerance}" for key in TOLERANT for tolerance in tolerances)}
    pooled, soft = {"ece", "mce", "ace_netcal", "cwece", "brier", "nll"}, {"dsc_s", "rd", "rad", "rmse", "mae", "mse"}
    rois = ("all", "foreground", "band")
    expected = {(1, s, m, "all") for s in STRUCTURES for m in masks}
    expected |= {(1, s, m, roi) for s in (*STRUCTURES, "all") for m in pooled for roi in rois}
    expected |= {(0, s, m, "all") for s in STRUCTURES for m in soft}
    expected |= {(1, "all", m, roi) for m in ("ace", "tace") for roi in rois}
    expected |= {(1, "all", "tace_svls", "all"), (1, "all", "image_diagonal", "all")}
    rows = list(scores[["rater", "structure", "metric", "roi"]].itertuples(index=False, name=None))
    assert set(rows) == expected
    assert len(rows) == len(expected)


def test_structure_rows_are_those_of_its_mask():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    for structure, ids in STRUCTURES.items():
        found = metrics.binary(np.isin(p.argmax(axis=0), ids), np.isin(reference, ids), SPACING)
        for key, wanted in found.items():
            metric = f"{key}_2mm" if key in TOLERANT else key
            assert value(scores, rater=1, structure=structure, metric=metric) == wanted


def test_case_rows_are_those_of_calibration():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES, band_mm=2.0)
    for roi in ("all", "foreground", "band"):
        found = metrics.calibration(p, reference, roi=roi, band_mm=2.0, spacing_mm=SPACING)
        for metric in found.keys() - {"tace_svls"}:
            assert value(scores, structure="all", metric=metric, roi=roi) == found[metric]
        assert value(scores, metric="tace_svls") == found["tace_svls"]


def test_structure_is_calibrated_as_one_class_against_the_rest():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    inside = p[1:].sum(axis=0)
    binary = np.stack([1 - inside, inside])
    for roi in ("all", "band"):
        where = {"roi": roi, "band_mm": 3.0, "spacing_mm": SPACING}
        # the band of a structure is that of the whole reference, so its voxels are picked from the full label map
        mask = metrics.regions.mask(reference, **where)
        found = metrics.calibration(binary, (reference > 0).astype(np.uint8), valid=mask)
        for metric in ("ece", "brier", "nll"):
            assert value(scores, structure="WT", metric=metric, roi=roi) == pytest.approx(found[metric], abs=1e-12)


def test_soft_rows_compare_with_the_mean_of_the_raters():
    p, reference = nested()
    both = np.stack([reference, np.roll(reference, 1, axis=2)])
    scores = metrics.score_case(p, both, SPACING, STRUCTURES)
    share = np.isin(both, [1, 2, 3]).mean(axis=0)  # 0, 1/2 or 1 of the raters
    found = metrics.soft(p[1:].sum(axis=0), share)
    for metric, wanted in found.items():
        assert value(scores, rater=0, structure="WT", metric=metric) == pytest.approx(wanted, abs=1e-7)


def test_pooled_rows_are_those_of_one_large_volume():
    p, reference = nested()
    other = np.roll(reference, 3, axis=1)
    pool = Pool()
    for name, labels in (("a", reference), ("b", other)):
        pool.add(name, assess(p, labels[None], SPACING, STRUCTURES))
    rows = pool.rows()
    whole = np.concatenate([p, p], axis=3)
    labels = np.concatenate([reference, other], axis=2)
    found = metrics.calibration(whole, labels)
    for metric in ("ece", "mce", "ace_netcal", "cwece", "brier", "nll"):
        assert value(rows, metric=metric, roi="all") == pytest.approx(found[metric], abs=1e-12)
    soft = metrics.soft(whole[1:].sum(axis=0), (labels > 0).astype(float))
    assert value(rows, structure="WT", metric="rd") == pytest.approx(soft["rd"], abs=1e-6)
    assert set(rows["case"]) == {"pooled"}


def test_thresholds_of_validation_are_kept_on_test():
    p, reference = nested()
    bright = np.roll(reference, 2, axis=2)  # another case, where another threshold fits best
    pool = Pool()
    pool.add("a", assess(p, reference[None], SPACING, STRUCTURES, thresholds=True))
    validation = merged([count_thresholds(p, bright[None], SPACING, STRUCTURES)])
    rows = pool.rows_at_thresholds(validation)
    threshold = value(rows, structure="WT", metric="threshold_at_val")
    mask = p[1:].sum(axis=0).astype(np.float64) >= threshold
    overlap = metrics.binary(mask, reference > 0, SPACING)
    assert value(rows, structure="WT", metric="dsc_at_val", case="a") == pytest.approx(overlap["dsc"], abs=1e-12)
    assert value(rows, structure="WT", metric="dsc_at_test", case="a") >= overlap["dsc"]
    assert value(rows, structure="ET", metric="threshold_at_val_global") == value(
        rows, structure="WT", metric="threshold_at_val_global"
    )


def test_other_libraries_stand_beside_ours():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES, cross_check=("medpy", "netcal"))
    pairs = {"assd@medpy": "assd", "hd95_pooled@medpy": "hd95_pooled", "dsc@medpy": "dsc"}
    for theirs, ours in pairs.items():
        assert value(scores, structure="WT", metric=theirs) == pytest.approx(
            value(scores, structure="WT", metric=ours), abs=1e-9
        )


def test_in_plane_distance_is_of_volumes_alone():
    p, reference = nested()
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES, in_plane=True)
    assert value(scores, structure="WT", metric="hd95_in_plane") == 1.5  # one voxel along W
    with pytest.raises(InputError, match="slices of a volume"):
        metrics.score_case(p[:, 5], reference[5][None], SPACING[1:], STRUCTURES, in_plane=True)


def test_label_map_has_the_rows_of_masks_alone():
    p, reference = nested()
    hard = p.argmax(axis=0)
    rows = metrics.score_label_map(hard, reference[None], SPACING, STRUCTURES, classes=4)
    full = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    both = rows.merge(full, on=["rater", "structure", "metric", "roi"], suffixes=("", "_full"))
    assert len(both) == len(rows) == 2 * 15 + 1
    assert both["value"].equals(both["value_full"])
    with pytest.raises(InputError, match="class ids 0 to 2"):
        metrics.score_label_map(hard, reference[None], SPACING, {"WT": [1]}, classes=3)


def test_image_diagonal_is_that_of_the_volume_in_mm():
    p, reference = nested((10, 16, 16))
    scores = metrics.score_case(p, reference[None], SPACING, STRUCTURES)
    assert value(scores, metric="image_diagonal") == pytest.approx(math.hypot(20, 16, 24))


def test_distances_in_voxels_have_steps_of_one_and_a_diagonal_in_voxels():
    _, reference = nested((12, 12, 12))
    for axis in range(3):  # two steps along an axis are two voxels, whatever its spacing
        moved = np.roll(reference, 2, axis=axis)
        scores = metrics.score_label_map(moved, reference[None], SPACING, STRUCTURES, classes=4, voxels=True)
        assert value(scores, structure="WT", metric="hd95_voxels") == 2
        assert value(scores, structure="WT", metric="hd95") == 2 * SPACING[axis]
        alone = metrics.score_label_map(moved, reference[None], (1.0, 1.0, 1.0), STRUCTURES, classes=4)
        for key in ("asd", "assd"):
            assert 0 < value(scores, structure="WT", metric=f"{key}_voxels") == value(alone, structure="WT", metric=key)
    assert value(scores, metric="image_diagonal_voxels") == pytest.approx(math.hypot(12, 12, 12))
    units = dict(zip(scores["metric"], scores["unit"], strict=True))
    assert {units[key] for key in units if key.endswith("_voxels")} == {"voxels"}
    assert "hd95_voxels" not in set(alone["metric"])


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
    first, only = (table.sort_values(["structure", "metric", "roi"]) for table in (scores, alone))
    first, only = (table[table["rater"] == 1].reset_index(drop=True) for table in (first, only))
    assert first.equals(only)


def test_pooled_calibration_is_over_the_voxels_of_all_raters():
    """Two raters: p is right everywhere for the second; the first knows it less. The pooled ECE takes both."""
    p, reference = nested()
    second = np.roll(reference, 1, axis=2)
    both, first, other = (
        assess(p, refs, SPACING, STRUCTURES) for refs in (np.stack([reference, second]), reference[None], second[None])
    )
    pool = Pool()
    pool.add("c", both)
    ece = value(pool.rows(), metric="ece", roi="all")
    assert value(pool.rows(), metric="ece", roi="all", rater=0) == ece
    correct = [(maps == second).mean() for maps in (reference, second)]
    assert ece == pytest.approx(abs(np.mean(correct) - 0.88), abs=1e-6)  # one bin: every voxel is 0.88 sure
    assert ece != pytest.approx(first.statistics["all"].ece, abs=1e-3)
    assert both.statistics["all"].counts.sum() == 2 * other.statistics["all"].counts.sum()


def test_missed_structure_keeps_its_raw_values():
    p, reference = nested()
    missed = p.copy()
    missed[0], missed[1:] = 0.97, 0.01
    scores = metrics.score_case(missed, reference[None], SPACING, STRUCTURES)
    found = [value(scores, structure="ET", metric=m) for m in ("dsc", "hd95", "assd", "vs", "nsd_2mm")]
    assert found == [0, math.inf, math.inf, 0, 0]
    nothing = metrics.score_case(missed, np.zeros_like(reference)[None], SPACING, STRUCTURES)
    assert math.isnan(value(nothing, structure="ET", metric="hd95"))
    assert math.isnan(value(nothing, structure="all", metric="ece", roi="band"))


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


def sharper(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities at a temperature, with the same order of the classes."""
    scaled = p ** (1 / temperature)
    return scaled / scaled.sum(axis=0)


def test_rows_of_the_same_label_map_are_taken_over_from_another_prediction(monkeypatch):
    p, reference = nested()
    given = reference[None], SPACING, STRUCTURES
    first, alone = assess(p, *given), assess(sharper(p, 0.5), *given)
    monkeypatch.setattr(rows, "mask_rows", lambda *_: pytest.fail("the masks were measured again"))
    assert assess(sharper(p, 0.5), *given, like=first).rows.equals(alone.rows)


def test_another_label_map_is_measured_anew():
    p, reference = nested()
    given = reference[None], SPACING, STRUCTURES
    moved = np.roll(p, 1, axis=1)
    assert assess(moved, *given, like=assess(p, *given)).rows.equals(assess(moved, *given).rows)
