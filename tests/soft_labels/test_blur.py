"""Blur equals a Gaussian filter of the one-hot label, and is 0 where no kernel reaches."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from softbench import InputError, arrays
from softbench.soft_labels import blur


@pytest.mark.parametrize("sigma", ["0.5", "1.0", "2.0"])
def test_blur_is_the_oracles(oracles: Path, sigma: str) -> None:
    file = np.load(oracles / "labels" / "engelen_gauss.npz")
    soft = blur.soften(file["label"][None], None, (1, 1, 1), classes=4, sigma=float(sigma))
    np.testing.assert_allclose(soft, file[f"sigma{sigma}"], atol=1e-6)


@pytest.mark.parametrize("place", [0, 3, 14, 27])
@pytest.mark.parametrize("sigma", [0.05, 1.0, 2.5])
def test_crop_gives_what_the_whole_array_gives(place: int, sigma: float) -> None:
    labels = np.zeros((1, 30, 31, 32), np.uint8)
    labels[:, place : place + 3, 10:20, place : place + 4] = 1
    labels[:, place + 1, 12:14, place : place + 2] = 2
    soft = blur.soften(labels, None, (1, 1, 1), classes=4, sigma=sigma)
    target = arrays.one_hot(labels[0], 4).astype(np.float64)
    expected = [ndimage.gaussian_filter(channel, sigma, mode="nearest", truncate=4.0) for channel in target]
    np.testing.assert_allclose(soft, expected, atol=3e-7)


def test_point_becomes_the_gaussian() -> None:
    labels = np.zeros((1, 21, 21), int)
    labels[0, 10, 10] = 1
    row = np.exp(-0.5 * np.arange(-4, 5) ** 2)
    weights = np.zeros(21)
    weights[6:15] = row / row.sum()
    soft = blur.soften(labels, None, (1, 1), classes=2)
    np.testing.assert_allclose(soft[1], np.outer(weights, weights), atol=1e-7)
    np.testing.assert_allclose(soft.sum(axis=0), 1, atol=1e-6)


def test_sigma_in_mm_is_divided_by_the_spacing() -> None:
    labels = np.random.default_rng(0).integers(0, 3, (1, 9, 20, 21))
    in_mm = blur.soften(labels, None, (4, 1, 2), classes=3, sigma=2.0, units="mm")
    channel = ndimage.gaussian_filter((labels[0] == 1).astype(float), (0.5, 2, 1), mode="nearest")
    np.testing.assert_allclose(in_mm[1], channel, atol=1e-6)


def test_spacing_does_not_matter_in_voxels() -> None:
    labels = np.random.default_rng(0).integers(0, 3, (1, 9, 20))
    one, other = (blur.soften(labels, None, spacing, classes=3) for spacing in ((1, 1), (4, 0.5)))
    np.testing.assert_array_equal(one, other)


def test_absent_class_is_zero_and_one_class_alone_is_certain() -> None:
    soft = blur.soften(np.full((1, 6, 7, 8), 2), None, (1, 1, 1), classes=4)
    np.testing.assert_allclose(soft[2], 1, atol=1e-6)
    assert (soft[[1, 3]] == 0).all()
    assert soft[0].max() <= 1e-6


@pytest.mark.parametrize(("wrong", "message"), [({"sigma": 0.0}, "positive"), ({"units": "cm"}, "voxel")])
def test_unusable_setting_is_named(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        blur.soften(np.zeros((1, 4, 4), int), None, (1, 1), classes=2, **wrong)
