"""What must hold of calibration for any probabilities and any reference."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from softbench.metrics.calibration import FIELDS, statistics, sweep

KEYS = ("ece", "mce", "mean_gap", "cwece", "brier", "nll")


@st.composite
def maps(draw, classes=None) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (C, 1, N), some of them exact 0 and 1 and many tied, and classes (1, N)."""
    count = classes or draw(st.integers(2, 5))
    size, seed = draw(st.integers(1, 300)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([draw(st.sampled_from([0.01, 0.3, 3.0]))] * count, size).T
    if draw(st.booleans()):
        p = p[:, rng.integers(0, size, size)]  # ties
    return p.astype(draw(st.sampled_from([np.float32, np.float64])))[:, None], rng.integers(0, count, (1, size))


@settings(max_examples=40, deadline=None)
@given(maps(classes=3), maps(classes=3), st.sampled_from([1, 10, 15]))
def test_merged_statistics_are_those_of_all_voxels(first, second, bins):
    merged = statistics(*first, None, bins).merge(statistics(*second, None, bins))
    together = np.concatenate([first[0], second[0]], axis=2), np.concatenate([first[1], second[1]], axis=1)
    whole = statistics(*together, None, bins)
    for field in FIELDS:
        exact = field.endswith(("counts", "correct"))
        tolerance = 0 if exact else 1e-12
        # float32 and float64 maps together are float64, in which a float32 value keeps its bin
        np.testing.assert_allclose(getattr(merged, field), getattr(whole, field), rtol=tolerance, atol=tolerance)
    for key in KEYS:
        assert getattr(merged, key) == pytest.approx(getattr(whole, key), rel=1e-12, abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(maps(), st.randoms(use_true_random=False))
def test_order_of_voxels_changes_nothing(case, random):
    p, y = case
    order = random.sample(range(y.size), y.size)
    found, shuffled = sweep(p, y, None, 10), sweep(p[..., order], y[..., order], None, 10)
    for field in FIELDS:
        np.testing.assert_allclose(
            getattr(found.statistics, field), getattr(shuffled.statistics, field), rtol=1e-12, atol=1e-12
        )
    assert found.gaps[:2] == pytest.approx(shuffled.gaps[:2], abs=1e-12, nan_ok=True)


@settings(max_examples=40, deadline=None)
@given(maps(), st.randoms(use_true_random=False))
def test_names_of_classes_change_nothing(case, random):
    p, y = case
    order = np.array(random.sample(range(len(p)), len(p)))
    renamed = p[order], np.argsort(order)[y]
    ties = (p == p.max(axis=0)).sum(axis=0) > 1  # of those the first class wins, and which one is first changes
    found, other = sweep(p, y, ~ties, 10), sweep(*renamed, ~ties, 10)
    for key in KEYS:
        values = getattr(found.statistics, key), getattr(other.statistics, key)
        assert values[0] == pytest.approx(values[1], rel=1e-12, abs=1e-12, nan_ok=True)
    assert found.gaps[:2] == pytest.approx(other.gaps[:2], abs=1e-12, nan_ok=True)


@settings(max_examples=20, deadline=None)
@given(maps())
def test_certain_and_right_errs_nowhere(case):
    p, y = case
    found = sweep((np.arange(len(p))[:, None, None] == y).astype(np.float32), y, None, 10)
    assert [getattr(found.statistics, key) for key in KEYS] == [0] * len(KEYS)
    assert all(value == 0 or math.isnan(value) for value in found.gaps)


@settings(max_examples=20, deadline=None)
@given(maps())
def test_class_frequencies_as_prediction_are_calibrated_and_as_uncertain_as_their_entropy(case):
    p, y = case
    prior = np.bincount(y.ravel(), minlength=len(p)) / y.size
    found = statistics(np.broadcast_to(prior[:, None, None], p.shape), y, None, 10)
    used = prior[prior > 0]
    assert found.ece == pytest.approx(0, abs=1e-12)
    assert found.cwece == pytest.approx(0, abs=1e-12)
    assert found.brier == pytest.approx(float((prior * (1 - prior)).sum()), abs=1e-12)
    assert found.nll == pytest.approx(float(-(used * np.log(used)).sum()), abs=1e-12)
