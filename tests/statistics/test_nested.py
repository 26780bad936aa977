"""Means of measurements nested in patients: against the t interval, by hand, and by simulation."""

import numpy as np
import pytest
from softbench import InputError
from softbench.statistics.intervals import t_interval
from softbench.statistics.nested import components, nested_mean


def drawn(sizes: list[int], seed: int, sd: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Values of patients with these numbers of measurements: mean 0.5, between sd, within 1."""
    rng = np.random.default_rng(seed)
    patients = np.repeat(np.arange(len(sizes)), sizes)
    return 0.5 + sd * rng.standard_normal(len(sizes))[patients] + rng.standard_normal(len(patients)), patients


def test_same_number_of_values_each_is_the_t_interval_of_patients() -> None:
    values, patients = drawn([3] * 40, seed=0)
    found = nested_mean(values, patients)
    mean, low, high, *_ = t_interval(values.reshape(40, 3).mean(axis=1))
    assert (found.mean, found.low, found.high) == pytest.approx((mean, low, high))
    assert (found.n_patients, found.n_values, found.reason) == (40, 120, None)


def test_components_by_hand() -> None:
    """Groups (0, 2) and (4, 6): within (1+1+1+1) / 2 = 2; between 2 x (2 x 2²) / 1 = 16; (16 - 2) / 2 = 7."""
    assert components(np.array([0.0, 2, 4, 6]), np.array([0, 0, 1, 1])) == pytest.approx((7, 2))


def test_interval_keeps_its_promise_with_unequal_patients() -> None:
    sizes = [1, 2, 4, 8] * 10
    hits = 0
    for seed in range(400):
        found = nested_mean(*drawn(sizes, seed))
        hits += found.low <= 0.5 <= found.high
    assert 0.925 <= hits / 400 <= 0.975


def test_components_of_a_simulation() -> None:
    found = nested_mean(*drawn([1, 3, 5] * 700, seed=1, sd=2.0))
    assert (found.sd_patients, found.sd_within) == pytest.approx((2, 1), rel=0.05)


def test_undefined_values_are_left_out() -> None:
    values, patients = drawn([2] * 35, seed=2)
    with_hole, of_hole = np.append(values, np.nan), np.append(patients, 99)
    assert nested_mean(with_hole, of_hole) == nested_mean(values, patients)


def test_few_patients_have_a_mean_and_a_reason() -> None:
    found = nested_mean(*drawn([3] * 5, seed=3))
    assert np.isnan(found.low)
    assert found.reason == "no valid CI: 5 patients, at least 30 are needed"
    assert np.isfinite(found.mean)


def test_one_value_everywhere_has_an_interval_of_no_width() -> None:
    found = nested_mean(np.full(60, 0.25), np.repeat(np.arange(30), 2))
    assert (found.mean, found.low, found.high) == (0.25, 0.25, 0.25)


def test_no_value_at_all() -> None:
    assert np.isnan(nested_mean(np.zeros(0), np.zeros(0, int)).mean)


def test_shapes_must_fit() -> None:
    with pytest.raises(InputError, match="patients"):
        nested_mean(np.zeros(3), np.zeros(2, int))
