"""What a number of seeds can see."""

import math

import pytest
from softbench import InputError
from softbench.statistics import detectable, power, seeds_needed
from statsmodels.stats.power import TTestPower


@pytest.mark.parametrize("seeds", [2, 3, 5, 10, 40])
@pytest.mark.parametrize("effect", [0.1, 1.0, 2.0])
def test_power_is_that_of_statsmodels(seeds, effect):
    expected = TTestPower().power(effect, seeds, 0.05)
    assert power(effect * 0.007, 0.007, seeds) == pytest.approx(expected, rel=1e-8)
    assert power(-effect, 1.0, seeds) == power(effect, 1.0, seeds)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_detectable_difference_is_that_of_statsmodels_and_is_found_with_that_power(seeds):
    found = detectable(0.007, seeds)
    solved = TTestPower().solve_power(effect_size=None, nobs=seeds, alpha=0.05, power=0.8)
    assert found / 0.007 == pytest.approx(solved, rel=1e-5)
    assert power(found, 0.007, seeds) == pytest.approx(0.8, abs=1e-9)


@pytest.mark.parametrize(("difference", "sd", "seeds"), [
    (0.01, 0.0073, 7), (0.02, 0.0073, 4),  # DSC
    (0.02, 0.015, 7), (0.04, 0.015, 4),  # NSD at 1 mm
    (0.5, 0.26, 5),  # HD95, mm
    (0.02, 0.0117, 5), (0.005, 0.0041, 8),  # ECE of the foreground, and of the band
])  # fmt: skip
def test_seeds_needed_for_what_was_measured_on_the_hippocampus(difference, sd, seeds):
    assert seeds_needed(difference, sd) == seeds
    assert power(difference, sd, seeds) >= 0.8 > power(difference, sd, seeds - 1)


def test_smaller_test_size_sees_less():
    assert detectable(1.0, 5, alpha=0.05 / 20) > detectable(1.0, 5)


def test_what_cannot_be_known_is_nan():
    assert math.isnan(detectable(float("nan"), 5))
    assert math.isnan(detectable(0.01, 1))
    assert math.isnan(power(0.01, 0.01, 1))


def test_without_noise_anything_is_seen_and_without_end_nothing_suffices():
    assert detectable(0.0, 3) == 0
    assert seeds_needed(1e-6, 1.0) is None


def test_no_difference_and_no_spread_are_refused():
    with pytest.raises(InputError, match="difference"):
        seeds_needed(0.0, 1.0)
    with pytest.raises(InputError, match="sd"):
        power(1.0, 0.0, 3)
    with pytest.raises(InputError, match="wanted"):
        detectable(1.0, 3, wanted=0.05)
