"""The search for the best threshold against masks made one by one, medpy, and the oracle of the EPD measures."""

import math
from pathlib import Path

import numpy as np
import pytest
from medpy.metric import binary as medpy
from softbench import InputError
from softbench.metrics import overlap
from softbench.metrics.metric import values
from softbench.metrics.threshold import THRESHOLDS, ThresholdCounts, count_classes, hard_at_best_threshold, shared_best

ORACLE = Path(__file__).parents[1] / "oracles" / "metrics" / "E_epd_soft2d.npz"
NAMES = {
    "threshold": "threshold", "dsc": "DSC_h", "iou": "IoU", "accuracy": "ACC", "specificity": "SPE",
    "sensitivity": "SEN", "precision": "PRE",
}  # fmt: skip


def random_class(seed: int, shape=(6, 7, 8), dtype=np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and a mask that follows them in part."""
    rng = np.random.default_rng(seed)
    p = rng.random(shape).astype(dtype)
    return p, rng.random(shape) < p**2


def lattice(dtype) -> np.ndarray:
    """Every threshold, and the numbers just below and above it, as this type has them."""
    values = THRESHOLDS.astype(dtype)
    near = [values, np.nextafter(values, dtype(-1)), np.nextafter(values, dtype(2))]
    return np.clip(np.concatenate(near), 0, 1).reshape(3, -1)


@pytest.mark.parametrize("class_id", range(4))
def test_curve_and_scores_are_those_of_the_oracle(class_id):
    with np.load(ORACLE) as oracle:
        found = hard_at_best_threshold(oracle["in_prob"], oracle["in_soft"])
        curve = count_classes(oracle["in_prob"], oracle["in_soft"])[class_id]
        expected = {key: float(oracle[f"out_c{class_id}.{name}"]) for key, name in NAMES.items()}
        assert found["per_class"][class_id] == pytest.approx(expected, abs=1e-9)
        assert curve.dsc == pytest.approx(oracle[f"out_c{class_id}.DSC_h_curve"], abs=1e-9)
        one = hard_at_best_threshold(oracle["in_prob"][class_id], oracle["in_hard"] == class_id)
    assert one == found["per_class"][class_id]
    assert found["absent"] == []


@pytest.mark.parametrize("seed", range(3))
def test_scores_at_the_threshold_equal_medpy(seed):
    p, mask = random_class(seed)
    found = hard_at_best_threshold(p, mask)
    prediction = p.astype(np.float64) >= found.pop("threshold")
    measures = {"dsc": "dc", "iou": "jc"} | {key: key for key in ("specificity", "sensitivity", "precision")}
    expected = {key: getattr(medpy, name)(prediction, mask) for key, name in measures.items()}
    assert found == pytest.approx({**expected, "accuracy": (prediction == mask).mean()}, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_one_pass_gives_the_mask_of_every_threshold(dtype):
    p = np.concatenate([lattice(dtype).ravel(), random_class(0, (40, 40), dtype)[0].ravel()])[None]
    mask = np.random.default_rng(1).random(p.shape) < 0.5
    curve = ThresholdCounts.count(p, mask)
    for index, threshold in enumerate(THRESHOLDS):
        expected = overlap.compare(p.astype(np.float64) >= threshold, mask)
        assert curve.at(index) == expected, threshold
        assert curve.dsc[index] == values(overlap.METRICS, expected)["dsc"]


def test_probabilities_on_a_threshold_are_in_its_mask():
    p = THRESHOLDS[None]  # step k holds voxel k, so the mask of threshold k has the 101 - k voxels from it on
    curve = ThresholdCounts.count(p, np.ones(p.shape, bool))
    assert [curve.at(k).both for k in range(101)] == [101 - k for k in range(101)]
    assert [THRESHOLDS[k] for k in (7, 29, 57, 58)] == [0.07, 0.29, 0.57, 0.58]  # k * 0.01 misses these


def test_values_just_outside_count_as_their_nearest():
    curve = ThresholdCounts.count(np.array([[-1e-7, 1 + 1e-7]]), np.array([[True, True]]))
    assert curve.at(0).both == 2
    assert curve.at(1).both == curve.at(100).both == 1


def test_best_is_the_first_of_equal_maxima():
    # the mask is the same for every threshold in (0.2, 0.8]: 0.21 is the first
    assert hard_at_best_threshold(np.array([[0.2, 0.8]]), np.array([[False, True]]))["threshold"] == 0.21


def test_merged_curve_is_that_of_all_voxels():
    (p, a), (q, b) = random_class(1), random_class(2)
    merged = ThresholdCounts.count(p, a).merge(ThresholdCounts.count(q, b))
    together = ThresholdCounts.count(np.concatenate([p, q]), np.concatenate([a, b]))
    assert (merged.reference == together.reference).all()
    assert (merged.other == together.other).all()
    assert merged.best == together.best


def test_voxels_outside_count_for_nothing():
    p, mask = random_class(3)
    inside = np.random.default_rng(0).random(p.shape) < 0.5
    assert (
        ThresholdCounts.count(p, mask, inside).dsc == ThresholdCounts.count(p[inside][None], mask[inside][None]).dsc
    ).all()


def test_views_of_an_array_count_as_copies():
    p, mask = random_class(4)
    p.setflags(write=False)
    turned = ThresholdCounts.count(p.transpose(2, 0, 1)[::-1], mask.transpose(2, 0, 1)[::-1])
    assert (turned.reference == ThresholdCounts.count(p, mask).reference).all()


def test_absent_class_has_no_threshold():
    p, mask = random_class(5)
    curve = ThresholdCounts.count(p, np.zeros_like(mask))
    assert curve.absent
    assert curve.best is None
    assert np.isnan(curve.dsc).all()
    assert all(math.isnan(value) for value in curve.scores(50).values())
    assert all(math.isnan(value) for value in hard_at_best_threshold(p, np.zeros_like(mask)).values())
    assert curve.at(0).prediction_only == p.size  # its counts are still known


def test_empty_region_has_no_threshold():
    p, mask = random_class(6)
    assert ThresholdCounts.count(p, mask, np.zeros(p.shape, bool)).best is None


@pytest.mark.parametrize("seed", range(20))
def test_threshold_chosen_on_the_scored_cases_is_never_worse_than_one_chosen_elsewhere(seed):
    validation, test = (ThresholdCounts.count(*random_class(2 * seed + part, (5, 5))) for part in (0, 1))
    assert test.scores(validation.best)["dsc"] <= test.scores(test.best)["dsc"]


def test_such_a_choice_flatters_on_average():
    pairs = [[ThresholdCounts.count(*random_class(2 * seed + part, (5, 5))) for part in (0, 1)] for seed in range(20)]
    gains = [test.scores(test.best)["dsc"] - test.scores(validation.best)["dsc"] for validation, test in pairs]
    assert np.mean(gains) > 0.01


def test_shared_threshold_maximises_the_mean_over_classes_that_are_present():
    rng = np.random.default_rng(9)
    p = np.moveaxis(rng.dirichlet((0.5, 0.5, 0.5, 0.5), (8, 9)), -1, 0)
    target = p.copy()
    target[2] = 0  # never the most probable
    found, of_classes = hard_at_best_threshold(p, target), count_classes(p, target)
    assert found["absent"] == [2]
    assert list(found["per_class"]) == list(found["global"]) == [0, 1, 3]
    means = [np.mean([of_classes[c].scores(k)["dsc"] for c in (0, 1, 3)]) for k in range(101)]
    assert shared_best(of_classes) == int(np.argmax(means))
    assert {row["threshold"] for row in found["global"].values()} == {THRESHOLDS[int(np.argmax(means))]}
    for class_id in (0, 1, 3):
        assert found["global"][class_id]["dsc"] <= found["per_class"][class_id]["dsc"]


def test_no_shared_threshold_without_classes():
    p, mask = random_class(10)
    assert shared_best({0: ThresholdCounts.count(p, np.zeros_like(mask))}) is None


def test_first_class_wins_ties_of_the_soft_label():
    target = np.array([[0.5, 0.4, 0.2], [0.5, 0.4, 0.8], [0.0, 0.2, 0.0]])[:, None]
    reference = [curve.reference.sum() for curve in count_classes(target, target).values()]
    assert reference == [2, 1, 0]


@pytest.mark.parametrize(
    ("prediction", "target", "message"),
    [
        (np.zeros((2, 2)), np.zeros((2, 3), bool), "one grid"),
        (np.zeros((3, 2, 2)), np.zeros((2, 2, 2)), r"\(3, 2, 2\).*\(2, 2, 2\)"),
        (np.zeros((3, 2, 2)), np.zeros((2, 2), int), "one_hot"),
        (np.zeros((3, 2, 2)), np.zeros((3, 2, 2), int), "`target`.*int64"),
        (np.full((2, 2), 7.0), np.ones((2, 2), bool), "`probability`.*softmax"),
        (np.full((2, 2), np.nan), np.ones((2, 2), bool), "`probability`.*nan"),
        (np.ones((2, 2), bool), np.ones((2, 2), bool), "float, but they are bool and bool"),
        (np.zeros((2, 2)), np.zeros((2, 2)), r"must both be \(C, D, H, W\)"),
    ],
)
def test_unfit_input_stops_at_the_door(prediction, target, message):
    with pytest.raises(InputError, match=message):
        hard_at_best_threshold(prediction, target)


@pytest.mark.parametrize("index", [-1, 101])
def test_index_must_be_a_threshold(index):
    with pytest.raises(InputError, match=r"0 \.\. 100"):
        ThresholdCounts.count(*random_class(11)).at(index)
