"""Holm's adjustment."""

import numpy as np
import pytest
from softbench import InputError
from softbench.statistics import holm
from statsmodels.stats.multitest import multipletests

NAN = float("nan")


def test_four_tests_by_hand():
    # Sorted .005 .01 .03 .04, times 4 3 2 1: .02 .03 .06 .04; a later one is never below an earlier one: .06.
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found.adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert found.size == 4


@pytest.mark.parametrize("seed", range(20))
def test_adjusted_values_are_those_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    p = rng.choice([0.0, 0.001, 0.01, 0.02, 0.5, 1.0], 12) * rng.random() if seed % 2 else rng.random(12) ** 3
    found = holm(dict(enumerate(p)))
    assert list(found.adjusted.values()) == pytest.approx(multipletests(p, method="holm")[1], rel=1e-12)


def test_what_was_not_tested_does_not_count():
    found = holm({("svls", "dsc"): 0.02, ("ls", "dsc"): NAN, ("ls", "ece"): 0.03})
    assert list(found.adjusted) == [("svls", "dsc"), ("ls", "dsc"), ("ls", "ece")]
    assert found.adjusted["svls", "dsc"] == pytest.approx(0.04)
    assert np.isnan(found.adjusted["ls", "dsc"])
    assert found.size == 2


def test_nothing_tested_is_a_family_of_none():
    assert holm({}).size == 0
    assert holm({"a": NAN}).size == 0


def test_what_is_no_probability_is_named():
    with pytest.raises(InputError, match="svls"):
        holm({"svls": 1.2, "ls": 0.1})


def test_family_of_true_hypotheses_gives_a_false_positive_one_time_in_twenty():
    # Independent true hypotheses: P(any) = 1 - (1 - .05 / 8)^8 = .0489; 4 standard errors of 20,000 draws are .006.
    draws = np.random.default_rng(0).random((20_000, 8))
    smallest = np.array([min(holm(dict(enumerate(p))).adjusted.values()) for p in draws])
    assert (smallest < 0.05).mean() == pytest.approx(0.0489, abs=0.006)
