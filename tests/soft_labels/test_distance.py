"""Softening by distance alone is the sigmoid of millimetres, and knows nothing of an image."""

import numpy as np
import pytest
from scipy import ndimage
from softbench import InputError
from softbench.soft_labels import distance


def sigmoid(x: np.ndarray | float) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def test_two_halves_follow_the_sigmoid_of_millimetres() -> None:
    labels = np.zeros((1, 5, 8), np.uint8)
    labels[..., 4:] = 1
    soft = distance.soften(labels, None, (1.0, 0.5), classes=2, width_mm=2.0)
    away_mm = 0.5 * np.array([-4, -3, -2, -1, 1, 2, 3, 4])
    # s(d) + s(-d) = 1, so with two classes the sum changes nothing
    np.testing.assert_allclose(soft[1], np.broadcast_to(sigmoid(away_mm / 2), (5, 8)), atol=1e-6)


def test_three_classes_are_their_sigmoids_divided_by_the_sum() -> None:
    labels = np.array([[[0, 0, 1, 2, 2]]])
    soft = distance.soften(labels, None, (1, 1), classes=3)
    shares = sigmoid([[2, 1, -1, -2, -3], [-2, -1, 1, -1, -2], [-3, -2, -1, 1, 2]])
    np.testing.assert_allclose(soft[:, 0], shares / shares.sum(axis=0), atol=1e-6)


def test_box_gives_what_the_whole_volume_gives() -> None:
    labels = np.zeros((1, 40, 44, 70), np.uint8)
    labels[0, 5:12, 6:14, 3:9] = 1
    labels[0, 7:10, 8:10, 5:8] = 2
    spacing, width = (2.0, 1.0, 0.8), 0.5
    masks = [labels[0] == c for c in range(3)]
    edt = ndimage.distance_transform_edt
    signed = [np.where(m, edt(m, sampling=spacing), -edt(~m, sampling=spacing)) for m in masks]
    shares = sigmoid(np.stack(signed) / width)
    soft = distance.soften(labels, None, spacing, classes=3, width_mm=width)
    np.testing.assert_allclose(soft, shares / shares.sum(axis=0), atol=1e-6)


def test_label_keeps_the_largest_probability() -> None:
    labels = np.random.default_rng(1).integers(0, 4, (1, 8, 9, 10))
    soft = distance.soften(labels, None, (3, 1, 1), classes=4, width_mm=5.0)
    np.testing.assert_array_equal(soft.argmax(axis=0), labels[0])


def test_absent_class_is_zero_and_one_class_alone_is_certain() -> None:
    soft = distance.soften(np.full((1, 6, 7), 1), None, (1, 1), classes=3)
    np.testing.assert_array_equal(soft[1], 1)
    assert (soft[[0, 2]] == 0).all()


def test_narrow_width_is_one_hot() -> None:
    labels = np.random.default_rng(1).integers(0, 3, (1, 8, 9))
    soft = distance.soften(labels, None, (1, 1), classes=3, width_mm=0.01)
    np.testing.assert_allclose(soft, np.arange(3)[:, None, None] == labels[0], atol=1e-7)


def test_width_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="width_mm"):
        distance.soften(np.zeros((1, 4, 4), int), None, (1, 1), classes=2, width_mm=0.0)


def test_several_widths_at_once_are_those_one_by_one() -> None:
    labels = np.zeros((1, 12, 20, 18), np.uint8)
    labels[0, 3:9, 5:15, 4:12], labels[0, 5:7, 8:11, 6:9] = 1, 2
    widths = [0.2, 0.5, 3.0]
    spacing = (2.5, 0.8, 0.7)
    settings = [{"width_mm": width} for width in widths]
    together = list(distance.soften_each(labels, spacing, classes=4, settings=settings))
    for width, soft in zip(widths, together, strict=True):
        assert soft == pytest.approx(
            distance.soften(labels, None, spacing, classes=4, width_mm=width), abs=5e-7
        )  # float32
