"""Friedman's test and Nemenyi's critical difference."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench import InputError
from softbench.statistics import friedman, ranks
from softbench.statistics.ranking import critical_difference, rank_test

Q05 = [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]  # Demšar 2006, table 5a: 2 to 10 methods
Q10 = [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]


@pytest.mark.parametrize(("alpha", "table"), [(0.05, Q05), (0.10, Q10)])
def test_critical_difference_is_that_of_the_printed_table(alpha, table):
    for methods, q in enumerate(table, start=2):
        expected = q * np.sqrt(methods * (methods + 1) / (6 * 30))
        assert critical_difference(methods, 30, alpha=alpha) == pytest.approx(expected, rel=5e-4)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("ties", [False, True])
def test_statistic_and_p_are_scipys(seed, ties):
    values = np.random.default_rng(seed).normal(np.arange(5) / 5, 1, (30, 5))
    values = values.round() if ties else values
    found = friedman(pd.DataFrame(values, columns=list("abcde")))
    expected = stats.friedmanchisquare(*values.T)
    assert (found.chi2, found.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)
    assert found.mean_ranks.to_dict() == pytest.approx(dict(zip("abcde", stats.rankdata(values, axis=1).mean(axis=0),
                                                                strict=True)))  # fmt: skip


def test_f_and_concordance_by_hand():
    # Six blocks, three methods: rank sums 7, 12, 17. chi2 = 12 / (6 3 4) (49 + 144 + 289) - 3 6 4 = 25 / 3;
    # F = 5 chi2 / (12 - chi2) with 2 and 10 degrees of freedom; W = chi2 / 12.
    blocks = pd.DataFrame([[1, 2, 3]] * 4 + [[2, 1, 3], [1, 3, 2]], columns=list("abc"))
    assert blocks.sum().tolist() == [7, 12, 17]
    found = friedman(blocks)
    assert found.chi2 == pytest.approx(25 / 3)
    assert found.concordance == pytest.approx(25 / 36)
    assert found.p_f == pytest.approx(stats.f.sf(5 * 25 / 3 / (12 - 25 / 3), 2, 10))


def test_tied_block_by_hand():
    # Rank sums 8, 12, 16; the tied block lowers the sum of squared ranks from 6 x 14 to 82:
    # chi2 = 2 (16 + 0 + 16) / (82 - 72) = 6.4.
    blocks = pd.DataFrame([[1, 2, 3]] * 3 + [[2, 1, 3], [1, 3, 2], [2, 2, 2]], columns=list("abc"))
    assert blocks.sum().tolist() == [8, 12, 16]
    assert friedman(blocks).chi2 == pytest.approx(6.4)


def test_cliques_are_the_largest_runs_within_the_critical_difference():
    # 40 blocks, four methods: CD = 2.569 sqrt(20 / 240) = .742. Mean ranks 1.5, 1.5, 3, 4: a b | c | d.
    block = np.array([[1, 2, 3, 4], [2, 1, 3, 4]])
    found = friedman(pd.DataFrame(np.tile(block, (20, 1)), columns=list("abcd")))
    assert found.critical_difference == pytest.approx(0.742, abs=1e-3)
    assert found.cliques == (("a", "b"),)
    # 5 blocks: CD = 2.569 sqrt(20 / 30) = 2.098. Mean ranks 1.4, 1.6, 3, 4: a b c are 1.6 apart, b to d 2.4, c d 1.
    found = friedman(pd.DataFrame([*np.tile(block, (2, 1)), block[0]], columns=list("abcd")))
    assert found.cliques == (("a", "b", "c"), ("c", "d"))
    assert found.mean_ranks.to_dict() == pytest.approx({"a": 1.4, "b": 1.6, "c": 3, "d": 4})


def test_all_blocks_alike_are_in_full_concordance():
    found = friedman(pd.DataFrame([[1, 2, 3]] * 6, columns=list("abc")))
    assert (found.concordance, found.p_f) == (pytest.approx(1), 0)


def test_all_tied_speaks_against_nothing():
    found = friedman(pd.DataFrame([[2.0, 2.0]] * 6, columns=list("ab")))
    assert (found.chi2, found.p, found.p_f) == (0, 1, 1)
    assert found.cliques == (("a", "b"),)


def test_fewer_than_five_blocks_give_mean_ranks_alone():
    found = friedman(pd.DataFrame([[1, 2], [1, 2], [1, 2], [2, 1]], columns=list("ab")))
    assert found.mean_ranks.to_dict() == {"a": 1.25, "b": 1.75}
    assert np.isnan([found.p, found.p_f, found.critical_difference]).all()
    assert found.cliques == ()


def test_ranks_over_seeds_and_over_cases_are_its_input(tidy):
    a = np.random.default_rng(0).random((6, 40))
    found = ranks(tidy(a=a + 0.1, b=a, c=a - 0.1), "dsc")
    for blocks in (found.by_seed, found.by_case):
        assert friedman(blocks).mean_ranks.to_dict() == {"a": 1, "b": 2, "c": 3}
    assert (friedman(found.by_seed).n_blocks, friedman(found.by_case).n_blocks) == (6, 40)


def test_missing_ranks_and_a_lone_method_are_refused():
    with pytest.raises(InputError, match="incomplete"):
        friedman(pd.DataFrame([[1, np.nan]] * 5))
    with pytest.raises(InputError, match="two methods"):
        friedman(pd.DataFrame([[1]] * 5))


@pytest.mark.parametrize(("blocks", "methods"), [(5, 8), (10, 5), (40, 8)])
def test_false_positives_of_f_stay_near_one_in_twenty(blocks, methods):
    # 10,000 draws: a standard error of .2 %. Ranks are few with five blocks, so that the rate is 5.8 % there.
    ranked = stats.rankdata(np.random.default_rng(blocks).random((10_000, blocks, methods)), axis=2)
    rate = np.mean([rank_test(one)[2] < 0.05 for one in ranked])
    assert 0.04 < rate < 0.065
