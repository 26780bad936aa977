"""What EPD's Table I means where it does not say so: arithmetic on the printed values alone."""

import math

import numpy as np
import pytest
from softbench.metrics.soft import soft
from softbench.papers import published

SIDES = {"one_hot_l1_dice": 512, "conventional_2": 256, "conventional_4": 128, "conventional_8": 64}
ROWS = [(method, arm) for method in SIDES for arm in ("plain", "augmented")]
IN_DOUBT = ("conventional_4", "augmented")  # its ACC is 0.02 below its SPE
HARD = [row for row in ROWS if row != IN_DOUBT]  # rows of hard labels


def share(method: str, arm: str, metric: str) -> float:
    return published.read("epd_1").cell(method=method, arm=arm, metric=metric).mean / 100


def absolute_error(method: str, arm: str) -> float:
    """The mean of |p - s| that ACC, DSC_h and DSC_s give for hard labels.

    There sum |p - s| = sum s + sum p - 2 sum s p = (sum s + sum p) (1 - DSC_s), and errors of masks are the same with
    DSC_h: so it is (1 - ACC) (1 - DSC_s) / (1 - DSC_h) of one class, and about that of a mean over classes.
    """
    accuracy, hard, soft_dice = (share(method, arm, metric) for metric in ("ACC", "DSC_h", "DSC_s"))
    return (1 - accuracy) * (1 - soft_dice) / (1 - hard)


def test_absolute_error_of_hard_labels_follows_from_the_soft_dice():
    rng = np.random.default_rng(0)
    target, predicted = (rng.random((8, 8)) < 0.3).astype(np.float32), rng.random((8, 8), dtype=np.float32)
    found = soft(predicted, target)
    whole = (target.sum(dtype=float) + predicted.sum(dtype=float)) / target.size
    assert found["mae"] == pytest.approx(whole * (1 - found["dsc_s"]), rel=1e-6)
    assert found["mse"] < found["mae"]


def test_rmse_is_read_as_what_fits_the_printed_values_best():
    metric = published.read("epd_1").metrics["RMSE"]
    assert (metric.ours, metric.readings) == ("mae", ("mse", "rmse"))
    ratios = [share(*row, "RMSE") / absolute_error(*row) for row in HARD]
    assert (min(ratios), max(ratios)) == pytest.approx((0.99, 1.09), abs=0.005)
    assert sum(ratio > 1 for ratio in ratios) == 6  # the mean square is smaller than the mean, so it fits worse


def test_printed_rmse_is_not_the_error_of_the_masks():
    """It nearly is for hard labels, but EPD's soft targets add to it."""
    hard = [share(*row, "RMSE") / (1 - share(*row, "ACC")) for row in HARD]
    epd = [(f"epd_{factor}", arm) for factor in (2, 4, 8) for arm in ("plain", "augmented")]
    soft_targets = [share(*row, "RMSE") / (1 - share(*row, "ACC")) for row in epd]
    assert (min(hard), max(hard)) == pytest.approx((0.91, 1.00), abs=0.005)
    assert (min(soft_targets), max(soft_targets)) == pytest.approx((1.11, 1.71), abs=0.005)


def test_printed_rmse_grows_as_the_error_does_and_not_as_its_root():
    errors, printed = ([math.log(value) for value in values] for values in (
        [1 - share(*row, "ACC") for row in HARD], [share(*row, "RMSE") for row in HARD],
    ))  # fmt: skip
    slope = np.polyfit(errors, printed, 1)[0]
    assert slope == pytest.approx(0.97, abs=0.005)  # a root: 0.5
    least = [math.sqrt(1 - share(*row, "ACC")) / 2 for row in HARD]
    assert all(share(*row, "RMSE") < root / 2 for row, root in zip(HARD, least, strict=True))


def least_rad(method: str, arm: str, slices: int) -> float:
    """The mean RAD of masks with the printed SEN, PRE and SPE, if each pixel errs on its own, in one class.

    A class covers the share f of a slice, with FN = (1 - SEN) f and FP = SEN (1 / PRE - 1) f = (1 - SPE) (1 - f). The
    sum of independent errors varies by the root of their number n, so the mean of |FP - FN| is sqrt(2 n / pi).
    """
    sensitivity, precision, specificity = (share(method, arm, metric) for metric in ("SEN", "PRE", "SPE"))
    false_positive = sensitivity * (1 / precision - 1)
    covered = (1 - specificity) / (false_positive + 1 - specificity)
    pixels = covered * SIDES[method] ** 2 * slices
    return math.sqrt(2 * (false_positive + 1 - sensitivity) * pixels / math.pi) / pixels


def test_printed_rad_of_one_row_is_less_than_slices_one_by_one_would_give():
    """Errors of pixels lie together, so that slice by slice RAD would be larger still."""
    row = ("conventional_4", "augmented")  # its SEN, PRE and SPE are not in doubt
    assert least_rad(*row, slices=1) == pytest.approx(0.0194, abs=0.00005)
    assert share(*row, "RAD") == pytest.approx(0.0162)
    assert all(share(*row, "RAD") > least_rad(*row, slices=68) for row in ROWS)  # together, none is too small
