"""Volume against raters: hand-made values, an independent CRPS, and maps whose level sets can be counted."""

import math

import numpy as np
import pytest
import scoringrules
from softbench.errors import InputError
from softbench.metrics.raters.levels import LEVELS, Levels, quantise
from softbench.metrics.raters.volume import bias, crps, level_volumes, score_volumes

RATERS = [95.0, 100.0, 105.0]


@pytest.mark.parametrize(("ml", "expected"), [(130, 27.78), (160, 57.78), (300, 197.78), (1000, 897.78)])
def test_point_far_from_raters_is_not_cut(ml: float, expected: float) -> None:
    # between the raters (1/3)^2 5 + (2/3)^2 5 = 2.78, then all of the way from 105 on
    assert crps([ml], RATERS) == pytest.approx(expected, abs=0.005)


def test_raters_that_agree_give_the_absolute_error() -> None:
    assert crps([7.5], [10, 10, 10]) == crps([12.5], [10]) == 2.5
    assert crps([0], [0, 0]) == 0


def test_raters_own_distribution_scores_zero() -> None:
    assert crps(np.repeat(RATERS, 2), RATERS) == 0


@pytest.mark.parametrize(("samples", "raters"), [(1, 3), (50, 4), (7, 1), (20, 20)])
def test_is_the_mean_of_an_independent_crps_without_the_raters_spread(samples: int, raters: int) -> None:
    rng = np.random.default_rng(samples)
    prediction, volumes = rng.gamma(4, 5, samples).round(1), rng.gamma(5, 4, raters).round(1)
    mean = np.mean([scoringrules.crps_ensemble(volume, prediction) for volume in volumes])
    spread = np.abs(volumes[:, None] - volumes).mean()
    assert crps(prediction, volumes) == pytest.approx(mean - spread / 2, abs=1e-10)


def test_counts_above_thresholds_are_those_of_comparison() -> None:
    p = np.random.default_rng(0).random((5, 6, 7))
    levels = Levels.of(p)
    assert levels.weights.sum() + levels.empty == LEVELS
    for k in (0, 1, 300, 32767, 65000, 65534):
        assert levels.above((k + 0.5) / LEVELS) == np.count_nonzero(p > (k + 0.5) / LEVELS)


def test_nothing_lies_above_one() -> None:
    """Of a mask neither: all its voxels are 1, and {p > 1} is empty."""
    for of in (np.ones((3, 4), bool), np.full((3, 4), 0.7), np.zeros((3, 4))):
        assert Levels.of(of).above(1.0) == 0
    mask = Levels.of(np.ones((3, 4), bool))
    assert (mask.above(0.0), mask.above(0.99999)) == (12, 12)
    assert level_volumes(mask, 2.0).interval_ml(share=1) == (24.0, 24.0)


@pytest.mark.parametrize(
    ("prediction", "raters", "said"),
    [([-1.0], RATERS, "`prediction_ml` must hold volumes of 0 ml or more, but the smallest is -1"),
     ([5.0], [95, -0.5], "`raters_ml` must hold volumes of 0 ml or more")],
)  # fmt: skip
def test_negative_volumes_are_refused(prediction: list[float], raters: list[float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        crps(prediction, raters)
    with pytest.raises(InputError, match=said):
        bias(prediction[0], raters)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_mean_of_the_distribution_is_the_sum_of_probabilities(kind: type) -> None:
    p = np.random.default_rng(1).random((40, 50)).astype(kind)
    p[0] = 1
    found = level_volumes(p, 0.25)
    assert found.mean_ml == pytest.approx(p.sum(dtype=np.float64) / 4, abs=p.size / 4 / 131070)
    assert level_volumes(quantise(p), 0.25).mean_ml == found.mean_ml


def test_interval_of_ten_even_steps() -> None:
    p = np.arange(1, 21) / 20 - 0.025  # 20 voxels: {p > .05} leaves out .025, {p > .95} holds .975 alone
    found = level_volumes(p, 2.0)
    assert found.interval_ml() == (2.0, 38.0)
    assert found.interval_ml(share=1) == (0.0, 40.0)
    assert found.above(0.5) == 20.0


def test_scores_of_a_small_case() -> None:
    p = np.array([[1.0, 1.0, 0.5, 0.0]])
    raters = np.array([[[1, 1, 0, 0]], [[1, 1, 1, 0]], [[1, 1, 1, 1]]], bool)
    found = score_volumes(p, raters, 10.0)
    assert found.interval_ml == (20.0, 30.0)
    assert found.width_ml == 10
    assert found.covered == pytest.approx(2 / 3)
    assert found.bias_ml == pytest.approx(-5, abs=1e-3)
    assert found.bias_percent == pytest.approx(-100 / 6, abs=1e-2)
    # F of 20, 30 with 1/2 each against 20, 30, 40 with 1/3 each: (1/6)^2 10 + (1/3)^2 10
    assert found.crps_ml == pytest.approx(10 / 36 + 10 / 9, abs=1e-3)


def test_level_sets_are_those_of_all_thresholds_one_by_one() -> None:
    codes = np.array([0, 0, 1, 2, 2, 700, 700, 40000, 65534, 65535], np.uint16)
    volumes = np.array([np.count_nonzero(codes > k) for k in range(LEVELS)]) * 0.5
    raters = np.arange(10) >= np.array([[3], [7], [10]])
    drawn = np.array([3.5, 1.5, 0.0])
    found = score_volumes(codes, raters, 0.5)
    mean = np.mean([scoringrules.crps_ensemble(volume, volumes) for volume in drawn])
    assert found.crps_ml == pytest.approx(mean - np.abs(drawn[:, None] - drawn).mean() / 2, abs=1e-9)
    assert found.bias_ml == pytest.approx(volumes.mean() - drawn.mean(), abs=1e-12)
    assert found.interval_ml == (volumes[int(0.95 * LEVELS)], volumes[int(0.05 * LEVELS)])
    assert found.covered == 1 / 3  # 1.5 ml, of 1 to 1.5


def test_raters_who_drew_nothing() -> None:
    found = score_volumes(np.full((2, 3), 0.5, np.float32), np.zeros((2, 2, 3), bool), 1.0)
    assert math.isnan(found.bias_percent)
    assert found.bias_ml == pytest.approx(3, abs=1e-4)
    assert found.crps_ml == pytest.approx(1.5, abs=1e-3)  # half of the thresholds give 6 ml: (1/2)^2 6
    nothing = score_volumes(np.zeros((2, 3)), np.zeros((1, 2, 3), bool), 1.0)
    assert (nothing.crps_ml, nothing.bias_ml, nothing.width_ml, nothing.covered) == (0, 0, 0, 1)


def test_bias_is_signed() -> None:
    assert bias(90, RATERS) == (-10, -10)
    assert bias(110, RATERS) == (10, 10)


def test_wrong_arguments_are_refused() -> None:
    mask = np.ones((1, 2, 2), bool)
    for wrong, message in (
        (lambda: crps([], [1]), "one volume or more"),
        (lambda: crps([1], [math.nan]), "NaN or infinite"),
        (lambda: crps([1, 2], [1], [1, math.nan]), "NaN or infinite"),
        (lambda: crps([1, 2], [1], [0, 0]), "not all 0"),
        (lambda: crps([1, 2], [1], [-1, 2]), "at least 0"),
        (lambda: bias(math.nan, [1]), "NaN or infinite"),
        (lambda: level_volumes(np.ones((2, 2)), 0), "positive"),
        (lambda: level_volumes(np.full((2, 2), 3.0), 1), r"\[0, 1\]"),
        (lambda: score_volumes(np.ones((2, 3)), mask, 1), "one grid"),
        (lambda: score_volumes(np.ones((2, 2)), mask.astype(int), 1), "False and True"),
    ):
        with pytest.raises(InputError, match=message):
            wrong()
