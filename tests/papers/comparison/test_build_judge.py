"""The rule that says whether a number of ours lies where the printed one says."""

import math

import numpy as np
import pytest
from scipy import stats
from softbench.papers import published
from softbench.papers.comparison.build import MIN_CASES, judge, noise, value_of
from softbench.tables.cells import Printed, Summary

OURS = Summary(mean=0.80, sd_seeds=0.01, n_seeds=3, sd_cases=0.1, n_cases=50)
ONE_RUN = Printed(mean=0.80, sd=0.1, half_unit=0.0005, n_seeds=1, n_cases=66)
THREE_SEEDS = Printed(mean=0.80, sd=0.02, half_unit=0.00005, n_seeds=3, n_cases=68)


def ours(mean, sd_seeds, n_seeds, sd_cases=math.nan, n_cases=0):
    return Summary(mean, sd_seeds, sd_cases, n_seeds, n_cases)


def at(printed, mean):
    return Printed(mean, printed.sd, printed.half_unit, printed.n_seeds, printed.n_cases)


def test_one_further_run_may_lie_as_far_as_its_prediction_interval_and_half_a_digit():
    # t(0.975, 2 df) = 4.302653; 4.302653 x 0.01 x sqrt(1 + 1/3) = 0.0496828; half of 0.001 more: 0.0501828
    assert stats.t.ppf(0.975, 2) == pytest.approx(4.302653, abs=1e-6)
    found = judge(OURS, at(ONE_RUN, 0.85), same_cases=True)
    assert found.reach == pytest.approx(0.0496828 + 0.0005, abs=1e-7)
    assert found.status == "within"  # 0.0500 < 0.0502, though 0.0500 > 0.0497: the printed digit decides
    assert judge(OURS, at(ONE_RUN, 0.851), same_cases=True).status == "outside"


def test_prediction_interval_holds_95_of_100_further_runs():
    rng = np.random.default_rng(0)
    runs = rng.normal(0.8, 0.01, size=(4000, 4))
    held = [
        judge(ours(r[:3].mean(), r[:3].std(ddof=1), 3), Printed(r[3], math.nan, 0.0, 1, None), same_cases=True).status
        for r in runs
    ]
    # The share of 4000 draws has a standard deviation of sqrt(0.95 x 0.05 / 4000) = 0.0034; three of them are allowed.
    assert held.count("within") / 4000 == pytest.approx(0.95, abs=0.0104)


def test_two_means_over_seeds_are_compared_as_welch_does():
    own, theirs = np.array([0.80, 0.81, 0.83]), np.array([0.70, 0.74, 0.72])
    interval = stats.ttest_ind(own, theirs, equal_var=False).confidence_interval(0.95)
    printed = Printed(theirs.mean(), theirs.std(ddof=1), 0.0, 3, 68)
    reach = noise(ours(own.mean(), own.std(ddof=1), 3), printed, same_cases=True)
    assert reach == pytest.approx((interval.high - interval.low) / 2, rel=1e-9)


def test_difference_is_within_exactly_where_welchs_interval_holds_zero():
    # v = 0.01^2/3 + 0.02^2/3 = 1.6667e-4; df = v^2 / ((3.3333e-5)^2/2 + (1.3333e-4)^2/2) = 2.9412
    variance = (0.01**2 + 0.02**2) / 3
    df = variance**2 / (((0.01**2 / 3) ** 2 + (0.02**2 / 3) ** 2) / 2)
    assert df == pytest.approx(50 / 17)
    reach = stats.t.ppf(0.975, df) * math.sqrt(variance) + 0.00005
    assert judge(OURS, at(THREE_SEEDS, 0.80 + reach - 1e-6), same_cases=True).status == "within"
    assert judge(OURS, at(THREE_SEEDS, 0.80 + reach + 1e-6), same_cases=True).status == "outside"


def test_other_test_cases_add_the_noise_of_drawing_them():
    # seeds: 0.01^2 x 4/3 with 2 df; cases: 0.1^2 x (1/50 + 1/66) with 49 df
    seeds, cases = 0.01**2 * 4 / 3, 0.1**2 * (1 / 50 + 1 / 66)
    df = (seeds + cases) ** 2 / (seeds**2 / 2 + cases**2 / 49)
    expected = stats.t.ppf(0.975, df) * math.sqrt(seeds + cases)
    assert noise(OURS, ONE_RUN, same_cases=False) == pytest.approx(expected, rel=1e-12)
    seeds, printed, cases = 0.01**2 / 3, 0.02**2 / 3, 0.1**2 * (1 / 50 + 1 / 68)
    df = (seeds + printed + cases) ** 2 / (seeds**2 / 2 + printed**2 / 2 + cases**2 / 49)
    expected = stats.t.ppf(0.975, df) * math.sqrt(seeds + printed + cases)
    assert noise(OURS, THREE_SEEDS, same_cases=False) == pytest.approx(expected, rel=1e-12)


def test_printed_spread_over_cases_decides_nothing():
    tight = Printed(0.85, 0.001, 0.0005, 1, 66)
    assert judge(OURS, tight, same_cases=True) == judge(OURS, at(ONE_RUN, 0.85), same_cases=True)


def test_without_any_spread_the_printed_digits_must_agree():
    same = Summary(mean=0.8024, sd_seeds=0.0, n_seeds=3)
    assert judge(same, Printed(0.802, math.nan, 0.0005, 1, None), same_cases=True).status == "within"
    assert judge(same, Printed(0.803, math.nan, 0.0005, 1, None), same_cases=True).status == "outside"


def test_difference_of_just_half_a_digit_is_within():
    # 0.8135 - 0.813 = 0.0005 in decimals; in binary it is 0.000500000000000056
    assert 0.8135 - 0.813 > 0.0005
    same = Summary(mean=0.8135, sd_seeds=0.0, n_seeds=3)
    assert judge(same, Printed(0.813, math.nan, 0.0005, 1, None), same_cases=True).status == "within"


@pytest.mark.parametrize(
    ("mine", "printed", "same_cases", "reason"),
    [
        (ours(0.8, 0.01, 2), ONE_RUN, True, "fewer than 3 seeds"),
        (ours(0.8, math.nan, 1), THREE_SEEDS, True, "fewer than 3 seeds"),
        (OURS, at(ONE_RUN, math.nan), True, "lost"),
        (ours(math.nan, math.nan, 3), ONE_RUN, True, "undefined"),
        (ours(math.inf, math.nan, 3), ONE_RUN, True, "undefined"),
        (ours(0.8, 0.01, 3), ONE_RUN, False, "no spread over cases"),
        (ours(0.8, 0.01, 3, 0.1, MIN_CASES - 1), ONE_RUN, False, "fewer than 20"),
        (OURS, Printed(0.8, math.nan, 0.0005, 1, 2), False, "fewer than 20"),
        (OURS, Printed(0.8, math.nan, 0.0005, 1, None), False, "fewer than 20"),
    ],
)
def test_what_cannot_be_judged_says_why(mine, printed, same_cases, reason):
    found = judge(mine, printed, same_cases=same_cases)
    assert found.status == "not comparable"
    assert reason in found.reason
    assert math.isnan(found.reach)


def test_few_cases_are_no_hindrance_where_they_are_the_same():
    two = ours(0.8, 0.01, 3, 0.1, 2)
    assert judge(two, Printed(0.8, math.nan, 0.0005, 1, 2), same_cases=True).status == "within"


def test_half_a_unit_of_the_last_digit_is_in_our_unit():
    table = published.read("geols_1")
    cell = table.cell(method="ls", metric="DSC", structure="ET")  # 73.28±0.85 %, so the last digit is 0.0001
    found = value_of(table, cell)
    assert (found.mean, found.sd, found.half_unit, found.n_seeds, found.n_cases) == (0.7328, 0.0085, 0.00005, 3, 68)
    table = published.read("svls_2")
    fine, coarse = (
        value_of(table, table.cell(method=method, metric="ECE", rater=1)) for method in ("moh", "one_hot_rater_1")
    )
    assert (fine.half_unit, coarse.half_unit) == (0.00005, 0.0005)  # 0.1234 and 0.141
    assert (fine.n_seeds, fine.n_cases) == (1, 218)  # its ± would be over cases: it is one run
