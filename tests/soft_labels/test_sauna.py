"""SAUNA: what the equation gives for bars of known width."""

import numpy as np
import pytest
from softbench import InputError
from softbench.soft_labels import sauna


def bars(*spans: tuple[int, int], length: int = 30, rows: int = 41) -> np.ndarray:
    """Vertical bars in an image: [start, stop) of each."""
    labels = np.zeros((1, rows, length), np.uint8)
    for start, stop in spans:
        labels[..., start:stop] = 1
    return labels


def test_bar_of_one_width_follows_its_distances() -> None:
    soft = sauna.soften(bars((10, 15)), None, (1, 1), classes=2)
    # depths of 5 columns: 1, 2, 3, 2, 1, so m = 3; a window of 3 reaches the middle from all but the outermost column
    s = 2 * soft[1, 20, 8:17] - 1
    inside = [1 / 3 + 1 - 2 / 3, 2 / 3, 1, 2 / 3, 1 / 3 + 1 - 2 / 3]
    # outside, windows of 7: the columns next to the bar see t = 1 or 2 / 3
    np.testing.assert_allclose(s[2:7], inside, atol=1e-6)
    np.testing.assert_allclose(s[[0, 1, 7, 8]], [-2 / 3 - 1 / 3, -1 / 3, -1 / 3, -2 / 3 - 1 / 3], atol=1e-6)


def test_thin_bar_is_sure_and_thick_bar_doubts_its_edge() -> None:
    soft = sauna.soften(bars((3, 4), (12, 25)), None, (1, 1), classes=2)
    assert soft[1, 20, 3] == pytest.approx(1)  # the only column of the thin bar is its middle
    assert soft[1, 20, 18] == pytest.approx(1)
    assert 0.5 < soft[1, 20, 12] < 0.8


def test_far_from_all_structures_background_is_sure() -> None:
    soft = sauna.soften(bars((3, 6)), None, (1, 1), classes=2)
    assert (soft[0, :, 20:] == 1).all()


def test_distances_are_millimetres() -> None:
    fine = sauna.soften(np.repeat(bars((10, 15)), 2, axis=-1), None, (1, 0.5), classes=2)
    # depths of the ten columns: 0.5 to 2.5 mm, so the outermost one sees 1.5 mm in its window of 5
    np.testing.assert_allclose(2 * fine[1, 20, [20, 24]] - 1, [0.5 / 2.5 + 1 - 1.5 / 2.5, 1], atol=1e-6)


def test_label_keeps_the_largest_probability() -> None:
    labels = np.random.default_rng(1).integers(0, 3, (1, 8, 9, 10))
    np.testing.assert_array_equal(sauna.soften(labels, None, (3, 1, 1), classes=3).argmax(axis=0), labels[0])


def test_reach_must_be_positive() -> None:
    with pytest.raises(InputError, match="`reach` must be a positive number"):
        sauna.soften(bars((3, 6)), None, (1, 1), classes=2, reach=0)
