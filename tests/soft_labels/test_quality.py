"""Quality numbers have the values that arithmetic gives."""

import numpy as np
import pytest
from softbench.soft_labels import ls, one_hot, quality

LABELS = np.array([[[0, 0, 1, 1]]])


def test_one_hot_is_certain_and_flips_nothing() -> None:
    numbers = quality(one_hot.soften(LABELS, None, (1, 1), classes=2), LABELS, (1, 1))
    assert numbers["entropy"] == 0
    assert numbers["softened_share"] == 0
    assert numbers["argmax_flips"] == 0
    assert np.isnan(numbers["kl"])


def test_smoothed_label_has_the_entropy_of_its_two_values() -> None:
    numbers = quality(ls.soften(LABELS, None, (2, 3), classes=2, alpha=0.2), LABELS, (2, 3))
    assert numbers["entropy"] == pytest.approx(-(0.9 * np.log(0.9) + 0.1 * np.log(0.1)), abs=1e-6)
    assert numbers["softened_volume_mm3"] == pytest.approx(4 * 2 * 3)


def test_distance_to_the_truth_is_zero_for_the_truth() -> None:
    truth = ls.soften(LABELS, None, (1, 1), classes=2, alpha=0.3)
    numbers = quality(truth, LABELS, (1, 1), truth)
    assert numbers["kl"] == pytest.approx(0, abs=1e-6)
    assert numbers["brier"] == 0


def test_one_hot_is_as_far_from_the_truth_as_its_brier_score_says() -> None:
    truth = ls.soften(LABELS, None, (1, 1), classes=2, alpha=0.2)  # 0.9 and 0.1
    numbers = quality(one_hot.soften(LABELS, None, (1, 1), classes=2), LABELS, (1, 1), truth)
    assert numbers["brier"] == pytest.approx(2 * 0.1**2, abs=1e-6)
