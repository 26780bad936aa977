"""SAUNA: what the equation gives for bars of known width."""

import numpy as np
import pytest
from scipy import ndimage
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


def plainly(labels: np.ndarray, spacing: tuple[float, ...], classes: int, reach: float) -> np.ndarray:
    """The equation on the whole image at once."""
    soft = np.zeros((classes, *labels.shape[1:]), np.float32)
    for c in np.unique(labels[labels > 0]):
        mask = labels[0] == c
        inside, outside = (ndimage.distance_transform_edt(of, sampling=spacing) for of in (mask, ~mask))
        m = inside.max()
        windows = [[int(times * np.ceil(m / step)) // 2 * 2 + 1 for step in spacing] for times in (1, reach)]
        t, around = (ndimage.maximum_filter(inside / m, window, mode="constant") for window in windows)
        s = np.where(mask, inside / m + 1 - t, np.where(around > 0, -np.minimum(outside, m) / m - (1 - around), -1))
        soft[c] = (np.clip(s, -1, 1) + 1) / 2
    soft[0] = 1 - soft[1:].max(axis=0)
    return soft / soft.sum(axis=0)


@pytest.mark.parametrize("seed", range(12))
def test_parts_far_from_each_other_have_the_whole_image_s_label(seed: int) -> None:
    """Worked on apart, thick and thin parts still share the thickest part's scale and see each other's windows."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(12, 45, rng.integers(2, 4)))
    labels = np.zeros((1, *shape), np.uint8)
    for _ in range(rng.integers(1, 6)):
        corner, size = rng.integers(0, shape), rng.integers(1, 8, len(shape))
        labels[0, *(slice(a, a + n) for a, n in zip(corner, size, strict=True))] = rng.integers(1, 3)
    spacing = tuple(rng.uniform(0.4, 3, len(shape)))
    reaches = (0.5, 1.0, 2.0, 3.7)
    together = list(sauna.soften_each(labels, spacing, classes=3, settings=[{"reach": r} for r in reaches]))
    for reach, found in zip(reaches, together, strict=True):
        np.testing.assert_allclose(found, plainly(labels, spacing, 3, reach), atol=1e-6)
        np.testing.assert_array_equal(found, sauna.soften(labels, None, spacing, classes=3, reach=reach))


@pytest.mark.parametrize("reach", [1.0, 2.0, 3.0])
def test_so_much_around_structures_is_enough(reach: float) -> None:
    labels = np.zeros((1, 60, 70), np.uint8)
    labels[0, 20:30, 20:34], labels[0, 28:40, 40:44] = 1, 2
    whole = sauna.soften(labels, None, (1, 0.8), classes=3, reach=reach)
    around = int(np.ceil(sauna.needed_around_mm(labels, (1, 0.8), classes=3, settings=[{"reach": reach}]) / 0.8))
    assert around == 7  # the thickest part is 10 mm wide: 5 mm
    part = (slice(20 - around, 40 + around), slice(20 - around, 44 + around))
    np.testing.assert_array_equal(
        sauna.soften(labels[:, *part], None, (1, 0.8), classes=3, reach=reach), whole[:, *part]
    )
    whole[:, *part] = 0
    assert not whole[1:].any()


def test_reach_must_be_positive() -> None:
    with pytest.raises(InputError, match="`reach` must be a positive number"):
        sauna.soften(bars((3, 6)), None, (1, 1), classes=2, reach=0)
