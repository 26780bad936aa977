"""Kendall's tau between metrics and data sets."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench.statistics import agreement, ranks


def orders(first, second, names="abcdefgh"):
    return (pd.Series(values, index=list(names[: len(values)])) for values in (first, second))


def test_four_methods_by_hand():
    # Pairs in the same order 5, in the other 1 (a before b, but b before a): tau = 4 / 6.
    found = agreement(*orders([1, 2, 3, 4], [2, 1, 3, 4]))
    assert found.tau == pytest.approx(4 / 6)
    assert found.n_methods == 4


@pytest.mark.parametrize("seed", range(10))
def test_tau_and_p_are_scipys_with_and_without_ties(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.permutation(8), rng.permutation(8) if seed % 2 else rng.integers(0, 4, 8)
    found = agreement(*orders(first, second))
    expected = stats.kendalltau(first, second, variant="b")
    assert (found.tau, found.p) == pytest.approx((expected.statistic, expected.pvalue))


def test_methods_that_only_one_has_change_nothing():
    first, second = orders([1, 2, 3], [1, 3, 2])
    more = pd.concat([second, pd.Series({"x": 4.0})])
    assert agreement(first, more) == agreement(first, second)
    assert agreement(more.rename({"x": "y"}), first).n_methods == 3


@pytest.mark.parametrize(("first", "second"), [([1.0], [1.0]), ([1.5, 1.5], [1.0, 2.0])])
def test_no_order_has_no_agreement(first, second):
    found = agreement(*orders(first, second))
    assert np.isnan([found.tau, found.p]).all()


def test_metrics_of_opposite_direction_agree_when_the_same_method_is_best(tidy):
    dsc = ranks(tidy("dsc", a=[[0.9]], b=[[0.8]], c=[[0.7]]), "dsc")
    hd95 = ranks(tidy("hd95", a=[[1.0]], b=[[2.0]], c=[[3.0]]), "hd95")
    assert agreement(dsc.table["rank"], hd95.table["rank"]).tau == pytest.approx(1)
