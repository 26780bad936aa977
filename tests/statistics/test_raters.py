"""Intervals over raters: jackknifes by hand, and how often they hold the truth on raters and cases that are drawn."""

import math

import numpy as np
import pytest
from scipy import stats
from softbench import InputError
from softbench.metrics.raters.agreement import relative_to_raters
from softbench.statistics.raters import FEW, mean_over_raters

RATERS = 4


def test_jackknife_of_the_mean_by_hand() -> None:
    values = np.array([0.8, 1.0])
    without = np.array([[0.7, 0.8, 0.9], [0.9, 1.1, 1.0]])
    found = mean_over_raters(values, without)
    means = without.mean(axis=0)  # without each rater, in all cases: 0.8, 0.95, 0.95
    error = math.sqrt(2 / 3 * ((means - means.mean()) ** 2).sum())
    assert found.mean == pytest.approx(0.9)
    assert found.high - 0.9 == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert found.high - found.low == pytest.approx(2 * (found.high - 0.9))
    assert (found.n_raters, found.n_cases, found.n_patients) == (3, 2, 2)


def test_jackknife_of_other_raters_in_each_case_by_hand() -> None:
    values = np.array([0.8, 1.0])
    without = np.array([[0.7, 0.8, 0.9], [0.9, 1.1, 1.0]])
    found = mean_over_raters(values, without, same_people=False)
    variances = [2 / 3 * ((row - row.mean()) ** 2).sum() for row in without]
    df = sum(variances) ** 2 / sum(v**2 / 2 for v in variances)
    reach = stats.t.ppf(0.975, df) * math.sqrt(sum(variances)) / 2
    assert found.high - found.mean == pytest.approx(reach)


def test_one_case_has_the_interval_of_its_own_score() -> None:
    between = np.array([[9, 0.5, 0.6], [0.5, 9, 0.8], [0.6, 0.8, 9]])
    case = relative_to_raters(np.array([0.9, 0.8, 0.7]), between)
    for same_people in (True, False):
        found = mean_over_raters(np.array([case.value]), np.array([case.without]), same_people=same_people)
        assert (found.low, found.high) == pytest.approx((case.low, case.high))


def test_two_raters_and_few_patients_have_no_interval_and_say_why() -> None:
    two = mean_over_raters(np.ones(40), np.full((40, 2), np.nan))
    assert two.mean == 1
    assert math.isnan(two.low)
    assert two.reason == FEW
    few = mean_over_raters(np.ones(29), np.ones((29, 3)))
    assert not math.isnan(few.low)
    assert math.isnan(few.low_both)
    assert "29 cases, at least 30" in str(few.reason_both)


def test_cases_without_an_interval_of_their_own_are_left_out() -> None:
    values, without = np.array([1.0, 5.0]), np.array([[1.0, 1.0, 1.0], [np.nan, 5.0, 5.0]])
    found = mean_over_raters(values, without)
    assert (found.mean, found.n_cases, found.n_left_out) == (1, 1, 1)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(InputError, match="patients"):
        mean_over_raters(np.ones(3), np.ones((3, 3)), np.ones(2))


def drawn(rng: np.random.Generator, cases: int, *, same_people: bool) -> tuple[np.ndarray, np.ndarray]:
    """A ratio of means, as agreement is: of a prediction's score to raters, and of raters to each other."""
    habit = 0.03 * rng.standard_normal(RATERS) if same_people else 0.03 * rng.standard_normal((cases, RATERS))
    to = 0.8 + habit + 0.03 * rng.standard_normal((cases, 1)) + 0.02 * rng.standard_normal((cases, RATERS))
    values, without = [], []
    for row in to:
        found = relative_to_raters(row, np.full((RATERS, RATERS), 0.85))
        values.append(found.value)
        without.append(found.without)
    return np.array(values), np.array(without)


@pytest.mark.parametrize("same_people", [True, False])
def test_interval_over_raters_and_patients_holds_the_truth(same_people: bool) -> None:
    rng, draws = np.random.default_rng(1), 300
    held = 0
    for _ in range(draws):
        found = mean_over_raters(*drawn(rng, 30, same_people=same_people), same_people=same_people)
        held += found.low_both <= 0.8 / 0.85 <= found.high_both
    assert 0.92 <= held / draws <= 0.99  # 95 % within three standard errors, or a little wide


def test_mean_of_the_cases_intervals_would_not_do() -> None:
    """It does not shrink with cases where raters are others in each, and ignores patients: ours is narrower."""
    values, without = drawn(np.random.default_rng(2), 40, same_people=False)
    found = mean_over_raters(values, without, same_people=False)
    of_one = [mean_over_raters(values[n : n + 1], without[n : n + 1]) for n in range(40)]
    assert found.high - found.low < 0.3 * np.mean([case.high - case.low for case in of_one])
