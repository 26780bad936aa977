"""Differences paired over seeds."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench import InputError
from softbench.statistics import difference, differences

NAN = float("nan")


def scores_of(**methods):
    """Name -> values[seed][case], as tidy rows of one structure."""
    rows = [
        (name, seed, f"case{c}", "WT", "dsc", "all", value)
        for name, seeds in methods.items()
        for seed, cases in enumerate(seeds)
        for c, value in enumerate(cases)
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "case", "structure", "metric", "roi", "value"])


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_interval_is_that_of_the_paired_t_test(seeds):
    rng = np.random.default_rng(seeds)
    new, old = rng.normal(0.8, 0.05, (2, seeds, 7))
    found = difference(scores_of(new=new, old=old), "new", "old", "dsc", structure="WT", roi="all")
    expected = stats.ttest_rel(new.mean(axis=1), old.mean(axis=1))
    interval = expected.confidence_interval(0.95)
    assert found.mean == pytest.approx((new - old).mean(), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)
    assert found.beyond_noise == (expected.pvalue < 0.05)


def test_two_seeds_reach_as_far_as_the_t_table_says():
    # Differences 0.1 and 0.3: mean 0.2, sd 0.2 / sqrt(2), standard error 0.1, t(0.975, 1 df) = 12.7062.
    found = difference(scores_of(new=[[0.6], [0.8]], old=[[0.5], [0.5]]), "new", "old", "dsc")
    assert (found.mean, found.low, found.high) == pytest.approx((0.2, 0.2 - 1.27062, 0.2 + 1.27062), abs=1e-5)
    assert not found.beyond_noise


def test_identical_scores_differ_by_exactly_nothing():
    values = np.random.default_rng(0).random((3, 5))
    found = difference(scores_of(new=values, old=values), "new", "old", "dsc")
    assert (found.mean, found.low, found.high, found.beyond_noise) == (0, 0, 0, False)


def test_shift_that_all_seeds_share_is_beyond_noise_in_both_directions():
    old = np.array([[0.5, 0.7], [0.1, 0.3], [0.4, 0.6]])
    scores = scores_of(new=old + np.array([[0.100], [0.101], [0.099]]), old=old)
    assert difference(scores, "new", "old", "dsc").beyond_noise
    assert difference(scores, "old", "new", "dsc").beyond_noise
    assert difference(scores, "old", "new", "dsc").mean == pytest.approx(-0.1)


def test_case_undefined_in_one_is_left_out_of_both():
    # Case 1 of seed 0 is undefined for `new`: seed 0 differs by 0.1 on case 0 alone, though `old` fails on case 1.
    scores = scores_of(new=[[0.6, NAN], [0.6, 0.6]], old=[[0.5, 0.0], [0.5, 0.5]])
    assert difference(scores, "new", "old", "dsc").mean == pytest.approx(0.1)


def test_seeds_that_one_side_lacks_are_named_and_left_out():
    found = difference(scores_of(new=[[0.6], [0.6], [0.6]], old=[[0.5], [0.5]]), "new", "old", "dsc")
    assert (found.n_seeds, found.missing) == (2, (2,))


def test_one_seed_has_no_interval():
    found = difference(scores_of(new=[[0.6, 0.8]], old=[[0.5, 0.5]]), "new", "old", "dsc")
    assert found.mean == pytest.approx(0.2)
    assert np.isnan([found.low, found.high]).all()
    assert not found.beyond_noise


def test_without_a_common_seed_all_is_unknown():
    scores = scores_of(new=[[0.6]], old=[[0.5], [0.5]])
    scores = scores[(scores["method"] == "new") | (scores["seed"] == 1)]
    found = difference(scores, "new", "old", "dsc")
    assert np.isnan([found.mean, found.low, found.high]).all()
    assert (found.n_seeds, found.missing) == (0, (0, 1))


def test_infinite_value_is_not_passed_off_as_a_finite_difference():
    found = difference(scores_of(new=[[np.inf], [0.5]], old=[[np.inf], [0.5]]), "new", "old", "dsc")
    assert np.isnan([found.mean, found.low, found.high]).all()


def test_pooled_values_are_paired_only_when_asked_for():
    cases = scores_of(new=[[0.6], [0.6]], old=[[0.5], [0.5]])
    pooled = scores_of(new=[[0.9], [0.9]], old=[[0.5], [0.5]]).assign(case="pooled")
    scores = pd.concat([cases, pooled])
    assert difference(scores, "new", "old", "dsc").mean == pytest.approx(0.1)
    assert difference(scores, "new", "old", "dsc", over="pooled").mean == pytest.approx(0.4)


def test_unknown_method_and_open_structure_are_answered_with_what_is_known():
    scores = scores_of(new=[[0.6]], old=[[0.5]])
    with pytest.raises(InputError, match="'none'; it was for new, old"):
        difference(scores, "none", "old", "dsc")
    with pytest.raises(InputError, match="TC, WT"):
        difference(pd.concat([scores, scores.assign(structure="TC")]), "new", "old", "dsc")


def test_pairs_of_one_column_are_what_each_is_by_itself():
    """One that lacks a seed, and cases undefined here and there, change nothing for the others."""
    a, b, c = [[0.5, 0.6], [0.7, NAN]], [[0.4, 0.6], [0.9, 0.1]], [[0.1, NAN], [0.2, 0.3], [0.5, 0.6]]
    scores = scores_of(a=a, b=b, c=c)
    pairs = [("a", "c"), ("b", "c"), ("b", "a")]
    together = differences(scores, pairs, "dsc")
    assert together == [difference(scores, *two, "dsc") for two in pairs]
    assert [(one.n_seeds, one.missing) for one in together] == [(2, (2,)), (2, (2,)), (2, ())]
    assert together[0].mean == pytest.approx((0.4 + 0.5) / 2)  # seed 0: case 0 alone; seed 1: case 0 alone
