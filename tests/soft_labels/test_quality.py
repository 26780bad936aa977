"""Quality numbers have the values that arithmetic gives."""

import numpy as np
import pytest
from softbench.soft_labels import ls, moh, one_hot, quality

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
    assert numbers["softened_share"] == 1
    assert numbers["band_width_mm"] == pytest.approx(4 * 3 * 2 / 2)  # four voxels of 2 x 3 mm by one face of 2 mm


def test_distance_to_the_truth_is_zero_for_the_truth() -> None:
    truth = ls.soften(LABELS, None, (1, 1), classes=2, alpha=0.3)
    numbers = quality(truth, LABELS, (1, 1), truth)
    assert numbers["kl"] == pytest.approx(0, abs=1e-6)
    assert numbers["brier"] == 0


def test_one_hot_is_as_far_from_the_truth_as_its_brier_score_says() -> None:
    truth = ls.soften(LABELS, None, (1, 1), classes=2, alpha=0.2)  # 0.9 and 0.1
    numbers = quality(one_hot.soften(LABELS, None, (1, 1), classes=2), LABELS, (1, 1), truth)
    assert numbers["brier"] == pytest.approx(2 * 0.1**2, abs=1e-6)


def test_mass_two_voxels_from_a_class_is_stray() -> None:
    soft = ls.soften(LABELS, None, (1, 1), classes=2, alpha=0.2)  # 0.1 for the other class
    numbers = quality(soft, LABELS, (1, 1))
    assert numbers["stray_mass"] == pytest.approx(0.1 * 2 / 4)  # the two outer voxels see their own class alone


def test_width_of_a_band_around_an_oblique_edge_is_that_across_it() -> None:
    """Eleven diagonals of pixels, each 0.71 mm across; divided by the length of voxel faces they would be 5.5 mm."""
    y, x = np.mgrid[:120, :120]
    away = (y - x) / np.sqrt(2)
    soft = np.where(np.abs(away) < 4, 0.5, away > 0).astype(np.float32)
    numbers = quality(np.stack([1 - soft, soft]), (away > 0)[None].astype(np.uint8), (1, 1))
    assert numbers["band_width_mm"] == pytest.approx(11 / np.sqrt(2), rel=0.06)


def test_soft_dice_is_one_for_the_truth_and_the_raters_mean_counts() -> None:
    raters = np.array([[[0, 0, 1, 1]], [[0, 1, 1, 1]]])
    mean = moh.soften(raters, None, (1, 1), classes=2)
    numbers = quality(mean, raters, (1, 1), mean)
    assert numbers["soft_dice"] == pytest.approx(1)
    assert numbers["raters_dice"] == pytest.approx(1)
    assert numbers["raters_kl"] == pytest.approx(0, abs=1e-6)
    first = quality(one_hot.soften(raters[:1], None, (1, 1), classes=2), raters, (1, 1))
    assert first["raters_brier"] == pytest.approx(2 * 0.5**2 / 4)  # one of four voxels is off by a half in two classes
    assert first["raters_dice"] == pytest.approx(2 * 2 / (2 + 2.25))


def test_one_rater_has_no_mean_to_compare_with() -> None:
    assert np.isnan(quality(one_hot.soften(LABELS, None, (1, 1), classes=2), LABELS, (1, 1))["raters_kl"])
