"""Scores against all raters together, as `score_case` gives them: the values of the functions, and each odd case."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from softbench import metrics
from softbench.metrics.raters.agreement import relative_agreement
from softbench.metrics.raters.level_sets import level_set_distances
from softbench.metrics.raters.overlaps import Overlaps
from softbench.metrics.raters.volume import score_volumes
from softbench.metrics.rows import MEAN
from softbench.metrics.score import assess

SPACING = (2.0, 1.0, 1.5)
ML = (10.0, 10.0, 10.0)  # a voxel is 1 ml
UNDEFINED_ALONE = ("agreement", "agreement_low", "agreement_high", "ged_unbiased")


def probabilities(seed: int, shape: tuple[int, ...], classes: int = 3) -> np.ndarray:
    weights = np.random.default_rng(seed).gamma(0.5, size=(classes, *shape))
    return (weights / weights.sum(axis=0)).astype(np.float32)


def certain(labels: np.ndarray, classes: int = 2) -> np.ndarray:
    return np.stack([labels == class_id for class_id in range(classes)]).astype(np.float32)


def together(
    p: np.ndarray, raters: np.ndarray, spacing_mm: Sequence[float] = ML, structure: Sequence[int] = (1,), **settings
) -> dict[str, float]:
    """Score a case, and return what is of all raters together."""
    scores = metrics.score_case(p, raters, spacing_mm, {"nodule": structure}, also=["raters"], **settings)
    asked = {key for key, metric in metrics.CATALOGUE.items() if metric.asked_by == "raters"} - {"agreement_without"}
    found = scores[scores["metric"].isin(asked) & (scores["roi"] == "all") & (scores["structure"] == "nodule")]
    assert set(found["rater"]) == {MEAN}
    assert not found["metric"].duplicated().any()
    return dict(zip(found["metric"], found["value"], strict=True))


def row(*texts: str) -> np.ndarray:
    """Label maps of one row each, (R, 1, 1, W)."""
    return np.array([[[[int(c == "x") for c in text]]] for text in texts])


def test_values_are_those_of_the_functions_where_voxels_exist() -> None:
    shape = (4, 9, 10)
    p, rng = probabilities(1, shape), np.random.default_rng(2)
    raters, valid = rng.integers(0, 3, (4, *shape)), rng.random(shape) < 0.8
    found = together(p, raters, SPACING, (1, 2), valid=valid)
    inside, masks = np.where(valid, p[1] + p[2], 0), (raters > 0) & valid
    mask = (p.argmax(axis=0) > 0) & valid
    distances, volumes = level_set_distances(inside, masks), score_volumes(inside, masks, 0.003)
    agreement, as_mask = relative_agreement(Overlaps.with_prediction(mask, masks)), score_volumes(mask, masks, 0.003)
    expected = {
        "agreement": agreement.value,
        "agreement_low": agreement.low,
        "agreement_high": agreement.high,
        "ged": distances.ged,
        "ged_unbiased": distances.unbiased,
        "ged_mask": level_set_distances(mask, masks).ged,
        "volume_crps": volumes.crps_ml,
        "volume_bias": volumes.bias_ml,
        "volume_bias_percent": volumes.bias_percent,
        "volume_coverage": volumes.covered,
        "volume_width": volumes.width_ml,
        "volume_crps_mask": as_mask.crps_ml,
        "volume_bias_mask": as_mask.bias_ml,
        "volume_bias_mask_percent": as_mask.bias_percent,
        "raters_drew": 4,
    }
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("ml", "crps"), [(130, 27.78), (160, 57.78), (300, 197.78), (1000, 897.78)])
def test_volume_far_from_raters_is_not_cut(ml: int, crps: float) -> None:
    voxel = np.arange(1000).reshape(10, 10, 10)
    raters = np.stack([voxel < size for size in (95, 100, 105)]).astype(int)
    found = together(certain(voxel < ml), raters)
    assert found["volume_crps"] == found["volume_crps_mask"] == pytest.approx(crps, abs=0.005)
    assert found["volume_bias"] == found["volume_bias_mask"] == pytest.approx(ml - 100)
    assert found["volume_bias_percent"] == pytest.approx(ml - 100)  # of a mean of 100 ml
    assert (found["volume_coverage"], found["volume_width"]) == (0, 0)


def test_raters_that_agree_give_the_absolute_error() -> None:
    raters = row("xxxx....", "xxxx....")
    found = together(certain(row("xxxxxxx.")[0]), raters)
    assert found["volume_crps"] == found["volume_crps_mask"] == 3


def test_agreement_of_a_rater_like_the_others_is_one() -> None:
    raters = row("xxx.", ".xxx", "xxxx")
    found = together(certain(raters[2]), raters)
    to, between = (6 / 7 + 6 / 7 + 1) / 3, (6 / 7 + 6 / 7 + 4 / 6) / 3
    assert found["agreement"] == pytest.approx(to / between)
    assert found["agreement_low"] < found["agreement"] < found["agreement_high"]


def test_structure_that_nobody_drew_or_predicted() -> None:
    nothing = np.zeros((3, 1, 1, 6), int)
    found = together(certain(nothing[0]), nothing)
    undefined = {key for key, value in found.items() if math.isnan(value)}
    assert undefined == {"volume_bias_percent", "volume_bias_mask_percent"}
    zero = ("ged", "ged_unbiased", "ged_mask", "volume_crps", "volume_crps_mask", "volume_bias", "raters_drew")
    assert [found[key] for key in zero] == [0] * len(zero)
    assert (found["agreement"], found["volume_coverage"]) == (1, 1)
    made_up = together(certain(row("xx....")[0]), nothing)
    assert (made_up["agreement"], made_up["ged"], made_up["volume_crps"]) == (0, 2, 2)


def test_one_rater() -> None:
    found = together(certain(row("xxx...")[0]), row("xx...."))
    assert {key for key, value in found.items() if math.isnan(value)} == set(UNDEFINED_ALONE)
    assert [found["ged"], found["ged_mask"]] == pytest.approx([2 * (1 - 2 / 3)] * 2)
    assert (found["volume_crps"], found["volume_bias_percent"], found["raters_drew"]) == (1, 50, 1)


def test_raters_that_never_overlap() -> None:
    found = together(certain(row("xxx...")[0]), row("x.....", ".x....", "..x..."))
    assert {key for key, value in found.items() if math.isnan(value)} == {*UNDEFINED_ALONE} - {"ged_unbiased"}
    # to each 1 - 1/3, of raters over all pairs 6 of 9 at a distance of 1
    assert found["ged"] == pytest.approx(2 * 2 / 3 - 6 / 9)
    assert found["ged_unbiased"] == pytest.approx(2 * 2 / 3 - 1)


def test_structure_that_one_of_three_drew() -> None:
    found = together(certain(row("......")[0]), row("......", "......", "xx...."))
    assert {key for key, value in found.items() if math.isnan(value)} == {"agreement_low", "agreement_high"}
    assert found["agreement"] == pytest.approx(2)  # nearer to raters (0, 0, 1 wrong) than they to each other
    assert (found["raters_drew"], found["volume_bias"]) == (1, pytest.approx(-2 / 3))
    assert found["volume_bias_percent"] == pytest.approx(-100)


def test_label_map_has_the_rows_that_need_no_probability() -> None:
    p, raters = probabilities(3, (3, 6, 7)), np.random.default_rng(4).integers(0, 3, (3, 3, 6, 7))
    soft = together(p, raters, SPACING)
    scores = metrics.score_label_map(p.argmax(axis=0), raters, SPACING, {"nodule": [1]}, classes=3, also=["raters"])
    hard = scores[scores["rater"] == MEAN]
    found = dict(zip(hard["metric"], hard["value"], strict=True))
    assert set(found) == {key for key, metric in metrics.CATALOGUE.items() if metric.of == "rater_masks"}
    assert found == {key: soft[key] for key in found}


def test_another_temperature_has_the_same_masks_and_another_ged() -> None:
    p, raters = probabilities(3, (3, 6, 7)), np.random.default_rng(4).integers(0, 3, (3, 3, 6, 7))
    sharp = p**2 / (p**2).sum(axis=0)
    settings = {"also": ["raters"], "spacing_mm": SPACING, "structures": {"nodule": [1]}}
    first = assess(p, raters, **settings)
    assert assess(sharp, raters, **settings, like=first).rows.equals(assess(sharp, raters, **settings).rows)
    assert together(sharp, raters, SPACING)["ged"] != together(p, raters, SPACING)["ged"]


def test_row_of_each_rater_holds_the_agreement_without_him() -> None:
    """Once, also where another prediction of the same label map was scored before."""
    raters = row("xx..", ".xx.", ".xxx")
    p = certain(row("xxx.")[0])
    first = assess(p, raters, ML, {"nodule": (1,)}, also=["raters"])
    again = assess(p, raters, ML, {"nodule": (1,)}, also=["raters"], like=first)
    expected = relative_agreement(Overlaps.with_prediction(p[1] > 0, raters > 0)).without
    for scores in (first.rows, again.rows):
        found = scores[scores["metric"] == "agreement_without"].set_index("rater")["value"]
        assert found.to_dict() == pytest.approx({1: expected[0], 2: expected[1], 3: expected[2]})
    maps = metrics.score.score_label_map(row("xxx.")[0], raters, ML, {"nodule": (1,)}, classes=2, also=["raters"])
    found = maps[maps["metric"] == "agreement_without"].set_index("rater")["value"]
    assert found.to_dict() == pytest.approx({1: expected[0], 2: expected[1], 3: expected[2]})
