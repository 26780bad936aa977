"""Equivalence within a stated margin."""

import numpy as np
import pytest
from softbench import InputError
from softbench.statistics import Difference, difference, equivalence
from statsmodels.stats.weightstats import ttost_paired

NAN = float("nan")


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize("margin", [0.005, 0.02, 0.1])
def test_p_is_that_of_statsmodels(tidy, seeds, margin):
    rng = np.random.default_rng(seeds)
    new, old = 0.8 + rng.normal(0, 0.01, (2, seeds, 1))
    found = equivalence(difference(tidy(new=new, old=old), "new", "old", "dsc"), margin)
    expected = ttost_paired(new[:, 0], old[:, 0], -margin, margin)[0]
    assert found.p == pytest.approx(expected, rel=1e-9)
    assert (found.verdict == "equivalent") == (expected < 0.05) == (-margin < found.low and found.high < margin)


def gap(mean: float, sd: float, p: float) -> Difference:
    return Difference(mean, NAN, NAN, 4, (), sd, p)


def test_four_seeds_by_hand():
    # sd .02, 4 seeds: error .01; t(.95, 3 df) = 2.353363: 90 % interval .01 +- .02353363.
    found = equivalence(gap(0.01, 0.02, 0.391), 0.04)
    assert (found.low, found.high) == pytest.approx((0.01 - 0.02353363, 0.01 + 0.02353363), abs=1e-8)
    assert found.verdict == "equivalent"
    assert equivalence(gap(0.01, 0.02, 0.391), 0.03).verdict == "undecided"  # .0335 lies beyond


def test_large_difference_is_different_and_a_certain_but_small_one_equivalent():
    assert equivalence(gap(0.1, 0.02, 0.002), 0.03).verdict == "different"
    assert equivalence(gap(0.01, 0.002, 0.002), 0.03).verdict == "equivalent"


def test_identical_methods_are_equivalent_within_any_margin(tidy):
    values = np.random.default_rng(0).random((3, 4))
    found = equivalence(difference(tidy(new=values, old=values), "new", "old", "dsc"), 1e-9)
    assert (found.verdict, found.p, found.low, found.high) == ("equivalent", 0, 0, 0)


def test_constant_gap_on_the_margin_is_not_within_it():
    assert equivalence(gap(0.125, 0.0, 0.0), 0.125).verdict == "different"


def test_one_seed_decides_nothing(tidy):
    found = equivalence(difference(tidy(new=[[0.6]], old=[[0.6]]), "new", "old", "dsc"), 0.1)
    assert found.verdict is None
    assert np.isnan([found.low, found.high, found.p]).all()


def test_margin_must_be_positive():
    with pytest.raises(InputError, match="margin"):
        equivalence(gap(0.0, 1.0, 1.0), 0.0)
