"""The p and the spread that belong to a paired difference."""

import numpy as np
import pytest
from scipy import stats
from softbench.statistics import difference

NAN = float("nan")


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_p_is_that_of_scipys_paired_t_test_over_seeds(tidy, seeds):
    new, old = np.random.default_rng(seeds).normal(0.8, 0.05, (2, seeds, 7))
    found = difference(tidy(new=new, old=old), "new", "old", "dsc")
    assert found.p == pytest.approx(stats.ttest_rel(new.mean(axis=1), old.mean(axis=1)).pvalue, rel=1e-9)
    assert found.sd == pytest.approx((new - old).mean(axis=1).std(ddof=1), rel=1e-12)
    assert (found.p < 0.05) == found.beyond_noise
    assert found.reason is None


def test_identical_methods_have_p_one_and_a_constant_gap_has_p_zero(tidy):
    old = np.array([[0.5, 0.75], [0.25, 0.5]])  # binary fractions: the gap is exactly 0.125
    same = difference(tidy(new=old, old=old), "new", "old", "dsc")
    apart = difference(tidy(new=old + 0.125, old=old), "new", "old", "dsc")
    assert (same.p, same.sd) == (1, 0)
    assert (apart.p, apart.sd, apart.beyond_noise) == (0, 0, True)


def test_without_an_interval_there_is_no_p_but_a_reason(tidy):
    one = difference(tidy(new=[[0.6]], old=[[0.5]]), "new", "old", "dsc")
    assert np.isnan([one.p, one.sd]).all()
    assert one.reason == "no valid CI: 1 seed, at least 2 are needed"
    infinite = difference(tidy(new=[[np.inf], [1.0]], old=[[1.0], [1.0]]), "new", "old", "dsc")
    assert np.isnan([infinite.p, infinite.sd]).all()
    assert "infinite values" in infinite.reason
