"""Soft measures against arithmetic, geometry, and the EPD paper's own numbers."""

import math
from pathlib import Path

import numpy as np
import pytest
from softbench import InputError
from softbench.metrics.metric import values
from softbench.metrics.soft import METRICS, SoftSums, soft

ORACLE = Path(__file__).parents[1] / "oracles" / "metrics" / "E_epd_soft2d.npz"


def random_maps(seed: int, shape=(5, 6, 7)) -> tuple[np.ndarray, np.ndarray]:
    """A prediction and a soft label."""
    rng = np.random.default_rng(seed)
    return rng.random(shape), rng.random(shape) ** 2


def test_two_voxels_give_every_measure():
    # s = (1, 1/2), p = (3/4, 1/4): sum s p = 3/4 + 1/8, sums 3/2 and 1, errors 1/4 and 1/4
    found = soft(np.array([[0.75, 0.25]]), np.array([[1, 0.5]]))
    assert found["dsc_s"] == pytest.approx(2 * 0.875 / 2.5)
    assert found["rd"] == pytest.approx(-0.5 / 1.5)
    assert found["rad"] == pytest.approx(0.5 / 1.5)
    assert found["rmse"] == found["mae"] == pytest.approx(0.25)
    assert found["mse"] == pytest.approx(0.0625)


@pytest.mark.parametrize("class_id", range(4))
def test_soft_measures_are_those_of_the_oracle(class_id):
    names = {"dsc_s": "DSC_s", "rd": "RD", "rad": "RAD", "rmse": "RMSE", "mse": "MSE", "mae": "MAE"}
    with np.load(ORACLE) as oracle:
        found = soft(oracle["in_prob"][class_id], oracle["in_soft"][class_id])
        expected = {key: float(oracle[f"out_c{class_id}.{name}"]) for key, name in names.items()}
    assert found == pytest.approx(expected, abs=1e-9)


def test_keys_are_those_of_the_register_of_measures():
    keys = ("dsc_s", "rd", "rad", "rmse", "mae", "mse")
    assert tuple(soft(*random_maps(0))) == tuple(metric.key for metric in METRICS) == keys


def test_soft_dice_of_a_soft_label_with_itself_is_below_one():
    # 2 (1/4) / (1/2 + 1/2): why a soft DSC of 0.9 need not mean an error
    assert soft(np.full((2, 2), 0.5), np.full((2, 2), 0.5))["dsc_s"] == 0.5
    hard = np.eye(3)
    assert soft(hard, hard) == {"dsc_s": 1, "rad": 0, "rd": 0, "rmse": 0, "mae": 0, "mse": 0}


def test_absent_class_is_unknown():
    found = soft(np.full((3, 3), 0.2), np.zeros((3, 3)))
    assert all(math.isnan(value) for value in found.values())


def test_printed_rmse_is_no_root_mean_square():
    # Table I: 0.39 % of voxels wrong (ACC 99.61), "RMSE" 0.38 %. Even if every wrong voxel errs by the least that
    # changes the class, 0.5, and no other errs at all:
    p = np.zeros((100, 100))
    p.flat[:39] = 0.5
    found = soft(p, np.eye(100))  # some class must be there; the diagonal's errors only add
    assert found["rmse"] > math.sqrt(0.0039) * 0.5 > 8 * 0.0038
    sums = SoftSums(reference=1, prediction=1, product=0, squared=39 * 0.25, absolute=39 * 0.5, voxels=10_000)
    wrong = values(METRICS, sums)
    assert wrong["rmse"] == pytest.approx(0.03122, abs=1e-5)
    assert wrong["mse"] < 0.0038  # mean absolute or squared errors can be as small as printed
    assert wrong["mae"] < 0.0038


def test_merged_sums_are_those_of_all_voxels():
    (p, s), (q, t) = random_maps(1), random_maps(2)
    merged = values(METRICS, SoftSums.of(p, s).merge(SoftSums.of(q, t)))
    together = soft(np.concatenate([p, q]), np.concatenate([s, t]))
    assert merged == pytest.approx(together, abs=1e-12)
    assert merged["rmse"] != pytest.approx((soft(p, s)["rmse"] + soft(q, t)["rmse"]) / 2, abs=1e-6)


def test_pooled_volumes_cancel_where_the_mean_over_cases_does_not():
    more, less, truth = np.full((1, 4), 0.6), np.full((1, 4), 0.4), np.full((1, 4), 0.5)
    pooled = values(METRICS, SoftSums.of(more, truth).merge(SoftSums.of(less, truth)))
    assert pooled["rad"] == pytest.approx(0)
    assert (soft(more, truth)["rad"] + soft(less, truth)["rad"]) / 2 == pytest.approx(0.2)


def test_voxels_outside_count_for_nothing():
    p, s = random_maps(3)
    inside = np.random.default_rng(0).random(p.shape) < 0.5
    cut = SoftSums.of(p, s, inside)
    assert cut == SoftSums.of(p[inside][None], s[inside][None])
    changed = np.where(inside, p, 1 - p)
    assert SoftSums.of(changed, s, inside) == cut


def test_sums_do_not_lose_digits_over_millions_of_voxels():
    p = np.full((2000, 1000), 0.999, np.float32)
    found = soft(p, np.ones_like(p))
    assert found["mae"] == pytest.approx(1 - float(np.float32(0.999)), rel=1e-9)
    assert found["rd"] == pytest.approx(float(np.float32(0.999)) - 1, rel=1e-9)


def test_inputs_stay_untouched():
    p, s = random_maps(4)
    before = p.copy(), s.copy()
    soft(p, s)
    assert (p == before[0]).all()
    assert (s == before[1]).all()


@pytest.mark.parametrize(
    ("prediction", "target", "message"),
    [
        (np.zeros((2, 2)), np.zeros((2, 3)), r"one grid.*\(2, 2\).*\(2, 3\)"),
        (np.zeros((4, 2, 2, 2)), np.zeros((4, 2, 2, 2)), "one class's map"),
        (np.full((2, 2), 3.0), np.zeros((2, 2)), "`prediction`.*spans 3 to 3.*softmax"),
        (np.zeros((2, 2)), np.full((2, 2), np.nan), "`target`.*nan"),
        (np.zeros((2, 2)), np.ones((2, 2), int), "`target`.*int64.*one_hot"),
    ],
)
def test_unfit_input_stops_at_the_door(prediction, target, message):
    with pytest.raises(InputError, match=message):
        soft(prediction, target)


def test_region_must_be_a_mask_on_the_same_grid():
    p, s = random_maps(5)
    with pytest.raises(InputError, match="`inside` must be a mask"):
        SoftSums.of(p, s, np.ones(p.shape))
    with pytest.raises(InputError, match="one grid"):
        SoftSums.of(p, s, np.ones(p.shape[1:], bool))
