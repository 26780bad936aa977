"""A phantom whose labels are drawn from its own probabilities: what it says is true, and wrong by a known amount else.

Logits are three times Gaussian-filtered white noise (2 voxels, unit variance), four classes, 64^3 voxels.
"""

from functools import cache

import numpy as np
import pytest
from scipy import ndimage
from softbench import metrics
from softbench.metrics.calibration import Reliability


@cache
def phantom() -> tuple[np.ndarray, np.ndarray]:
    """Logits (4, 64, 64, 64), and labels drawn from their softmax."""
    rng = np.random.default_rng(0)
    fields = np.stack([ndimage.gaussian_filter(rng.standard_normal((64, 64, 64)), 2) for _ in range(4)])
    logits = 3 * fields / fields.std(axis=(1, 2, 3), keepdims=True)
    return logits, (rng.random((64, 64, 64)) > softmax(logits).cumsum(axis=0)[:3]).sum(axis=0)


def softmax(logits) -> np.ndarray:
    p = np.exp(logits - logits.max(axis=0))
    return p / p.sum(axis=0)


def measured(factor) -> Reliability:
    logits, labels = phantom()
    return metrics.reliability(softmax(factor * logits).astype(np.float32), labels)


def expected_error(factor) -> float:
    """Return the ECE of infinitely many labels: the top class is right as often as the true probability says."""
    logits, _ = phantom()
    said, true = softmax(factor * logits), softmax(logits)
    confidence = said.max(axis=0).ravel()
    right = np.take_along_axis(true, said.argmax(axis=0)[None], axis=0).ravel()
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], confidence)
    return float(np.abs(np.bincount(bins, right - confidence)).sum() / confidence.size)


def test_probabilities_that_are_true_are_calibrated():
    assert measured(1).ece < 2e-3
    # 64^3 = 512^2 voxels: the labels' mean over all of them has a standard error below 0.5 / 512 = 1e-3
    assert measured(1).cwece < 2e-3


@pytest.mark.parametrize(("factor", "figure"), [(3, 0.149), (0.5, 0.159)])
def test_logits_that_are_too_large_or_too_small_err_as_the_truth_says(factor, figure):
    assert measured(factor).ece == pytest.approx(expected_error(factor), abs=2e-3)
    assert measured(factor).ece == pytest.approx(figure, abs=1e-3)


def test_true_probabilities_have_the_best_proper_scores():
    found = {factor: measured(factor) for factor in (0.5, 1, 3)}
    assert found[1].nll < min(found[0.5].nll, found[3].nll)
    assert found[1].brier < min(found[0.5].brier, found[3].brier)


@pytest.mark.parametrize(("factor", "figure"), [(1, 0.0), (3, 0.141), (0.5, 0.096)])
def test_two_classes_of_uniform_probability_have_their_golden_values(factor, figure):
    """With u uniform on [0, 1] and confidence g(u) = u^k / (u^k + (1 - u)^k), ECE is 2 int_1/2^1 |g(u) - u| du."""
    rng = np.random.default_rng(0)
    u = rng.random((64, 64, 64))
    labels = (rng.random(u.shape) < u).astype(np.uint8)
    scaled = u**factor / (u**factor + (1 - u) ** factor)
    found = metrics.calibration(np.stack([1 - scaled, scaled]), labels)["ece"]
    half = 0.5 + (np.arange(100_000) + 0.5) / 200_000  # midpoints of [1/2, 1]
    integral = np.abs(half**factor / (half**factor + (1 - half) ** factor) - half).mean()  # 2 x half the length
    assert found == pytest.approx(integral, abs=2e-3)
    assert integral == pytest.approx(figure, abs=6e-4)
