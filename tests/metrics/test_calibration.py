"""Calibration measures against arithmetic, and live against netcal."""

import math

import numpy as np
import pytest
from netcal.metrics import ACE, ECE, MCE
from softbench import metrics

KEYS = ("ece", "cwece", "ace", "ace_netcal", "mce", "tace", "tace_svls", "brier", "nll")


def two_classes(confidence, reference) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (2, 1, N) with class 1 as likely as `confidence`, and the reference (1, N)."""
    p = np.asarray(confidence, np.float64)
    return np.stack([1 - p, p])[:, None], np.asarray(reference)[None]


def random_case(seed: int, classes: int = 4, shape=(9, 10, 11)) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of every confidence, and a reference that follows them in part."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(classes, *shape)) * 2.5
    p = np.exp(logits) / np.exp(logits).sum(axis=0)
    reference = np.where(rng.random(shape) < 0.7, p.argmax(axis=0), rng.integers(0, classes, shape))
    return p.astype(np.float32), reference


def test_confidence_of_80_percent_that_is_right_in_6_of_10_errs_by_20_percent():
    found = metrics.calibration(*two_classes([0.8] * 10, [1] * 6 + [0] * 4))
    assert found["ece"] == found["mce"] == found["ace_netcal"] == pytest.approx(0.2)
    assert found["cwece"] == pytest.approx(0.2)  # class 0 says 0.2, and is true in 0.4
    assert found["ace"] == found["tace"] == pytest.approx(0.2)  # one block a class, as all values are equal
    assert found["brier"] == pytest.approx(0.6 * 2 * 0.2**2 + 0.4 * 2 * 0.8**2)
    assert found["nll"] == pytest.approx(-0.6 * math.log(0.8) - 0.4 * math.log(0.2))


def test_bins_weigh_by_their_voxels_in_ece_and_equally_in_ace_netcal():
    # bin (0.6, 0.7]: 2 voxels at 0.65, both right, gap 0.35; bin (0.9, 1]: 8 at 0.95, 6 right, gap 0.2
    found = metrics.calibration(*two_classes([0.65] * 2 + [0.95] * 8, [1] * 2 + [1] * 6 + [0] * 2))
    assert found["ece"] == pytest.approx(0.2 * 0.35 + 0.8 * 0.2)
    assert found["ace_netcal"] == pytest.approx((0.35 + 0.2) / 2)
    assert found["mce"] == pytest.approx(0.35)


def test_bins_close_at_their_upper_edge():
    # 0.75 and 0.7 lie in different bins, as bins are (0.6, 0.7] and (0.7, 0.8]; one gap each, of opposite sign
    found = metrics.calibration(*two_classes([0.75, 0.7], [1, 0]))
    assert found["ece"] == pytest.approx((0.25 + 0.7) / 2)


def test_certain_and_right_is_perfect():
    p, y = two_classes([1.0, 1.0, 0.0] * 10, [1, 1, 0] * 10)
    found = metrics.calibration(p, y)
    assert [found[key] for key in KEYS] == [0] * len(KEYS)


def test_certain_and_wrong_is_finite():
    found = metrics.calibration(*two_classes([1.0] * 20, [0] * 20))
    assert found["ece"] == found["mce"] == found["cwece"] == 1
    assert found["brier"] == 2
    assert found["nll"] == pytest.approx(-math.log(1e-12))
    assert found["ace"] == 1  # exact zeros and ones are counted


def test_sums_do_not_lose_digits_over_millions_of_voxels():
    confidence = np.full((1, 2_000_000), 0.999, np.float32)
    reference = (np.arange(2_000_000) % 1000 > 0).astype(np.uint8)[None]  # right in 999 of 1000
    found = metrics.calibration(np.stack([1 - confidence, confidence]), reference)
    assert found["ece"] == pytest.approx(0, abs=1e-7)  # 0.999 itself is off by 1e-8 in float32


def test_confidence_is_averaged_in_double_precision():
    step = 2.0**-24
    confidence = np.full((1, 1_000), 1 - step, np.float32)
    found = metrics.calibration(np.stack([1 - confidence, confidence]), np.ones((1, 1_000), int))
    assert found["ece"] == pytest.approx(step, rel=1e-6)


def test_tace_looks_at_probabilities_above_a_thousandth_only():
    p = np.array([0.0005] * 90 + [0.5] * 10)
    y = np.array([0] * 90 + [1] * 10)
    found = metrics.calibration(*two_classes(p, y))
    # class 1 keeps ten voxels, each in a block of its value: gap 0.5. Class 0 keeps all 100: 90 gaps of 0.0005
    # and ten of 0.5. In `ace` class 1 is as class 0.
    whole = (90 * 0.0005 + 10 * 0.5) / 100
    assert found["tace"] == pytest.approx((0.5 + whole) / 2)
    assert found["ace"] == pytest.approx(whole)
    assert found["tace_svls"] == pytest.approx(0.5 / 10)  # class 1 alone, divided by the ten blocks once more


def test_exact_zeros_count_in_ace():
    # class 1 is ruled out in 10 voxels, where it is true: a gap of 1 for each of them, in both classes
    found = metrics.calibration(*two_classes([0.0] * 10 + [1.0] * 30, [1] * 40))
    assert found["ace"] == pytest.approx(10 / 40)


def test_class_with_fewer_voxels_than_blocks_is_left_out_of_tace():
    p, y = two_classes([0.0005] * 95 + [0.5] * 5, [0] * 95 + [1] * 5)
    found = metrics.calibration(p, y)
    assert found["tace"] == pytest.approx((95 * 0.0005 + 5 * 0.5) / 100)  # class 0 alone
    assert math.isnan(found["tace_svls"])  # class 1 is all it has


def test_adaptive_error_does_not_depend_on_the_order_of_voxels():
    p, y = random_case(0)
    p = np.round(p, 1)  # many ties
    p[0] += 1 - p.sum(axis=0)
    p = np.abs(p) / np.abs(p).sum(axis=0)
    order = np.random.default_rng(1).permutation(y.size)
    shuffled = p.reshape(4, -1)[:, order].reshape(p.shape), y.reshape(-1)[order].reshape(y.shape)
    first, second = metrics.calibration(p, y), metrics.calibration(*shuffled)
    for key in ("ace", "tace"):
        assert first[key] == pytest.approx(second[key], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_top_label_errors_equal_netcal(seed):
    p, y = random_case(seed)
    found = metrics.calibration(p, y)
    confidence, right = p.max(axis=0).ravel().astype(np.float64), (p.argmax(axis=0) == y).ravel().astype(int)
    for key, oracle in (("ece", ECE), ("ace_netcal", ACE), ("mce", MCE)):
        assert found[key] == pytest.approx(oracle(10).measure(confidence, right), abs=1e-9)


def test_region_restricts_all_but_the_authors_tace():
    p, y = random_case(5)
    whole, foreground = metrics.calibration(p, y), metrics.calibration(p, y, roi="foreground")
    inside = y > 0
    by_hand = metrics.calibration(p[:, inside][:, None], y[inside][None])
    for key in KEYS:
        assert foreground[key] == pytest.approx((whole if key == "tace_svls" else by_hand)[key], abs=1e-12)
        assert key == "tace_svls" or foreground[key] != whole[key]


def test_invalid_voxels_count_nowhere():
    p, y = random_case(6)
    valid = np.arange(p[0].size).reshape(y.shape) % 3 > 0
    broken, unknown = p.copy(), y.copy()
    broken[:, ~valid], unknown[~valid] = np.nan, 255
    found = metrics.calibration(broken, unknown, valid=valid)
    assert found == metrics.calibration(p[:, valid][:, None], y[valid][None])


@pytest.mark.parametrize("roi", ["foreground", "band"])
def test_region_without_voxels_is_unknown(roi):
    p, _ = random_case(7)
    found = metrics.calibration(p, np.zeros(p.shape[1:], int), roi=roi, spacing_mm=(1, 1, 1))
    assert all(math.isnan(found[key]) for key in KEYS if key != "tace_svls")
    assert found["tace_svls"] > 0


def test_inputs_stay_as_they_are():
    p, y = random_case(8)
    before = p.copy(), y.copy()
    metrics.calibration(p, y, roi="band", spacing_mm=(1, 1, 1))
    assert (p == before[0]).all()
    assert (y == before[1]).all()
