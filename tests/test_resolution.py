"""Coarser grids: window means, and the conventions of the arms that they are compared with."""

from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import InputError, resolution

IMAGE = np.random.default_rng(0).normal(size=(2, 8, 12)).astype(np.float32)


@pytest.mark.parametrize("factor", [1, 2, 4, (2, 4)])
def test_mean_is_average_pooling(factor: int | tuple[int, int]) -> None:
    expected = torch.nn.functional.avg_pool2d(torch.from_numpy(IMAGE)[None], factor)[0].numpy()
    np.testing.assert_allclose(resolution.mean(IMAGE, factor), expected, atol=1e-6)


@pytest.mark.parametrize("factor", [2, 4])
def test_bilinear_is_torchs_with_half_pixel_centres(factor: int) -> None:
    size = tuple(n // factor for n in IMAGE.shape[1:])
    torch_image = torch.from_numpy(IMAGE)[None]
    expected = torch.nn.functional.interpolate(torch_image, size=size, mode="bilinear", align_corners=False)[0].numpy()
    np.testing.assert_allclose(resolution.bilinear(IMAGE, factor), expected, atol=1e-6)


def test_at_factor_two_the_two_images_are_the_same_and_at_four_they_are_not() -> None:
    np.testing.assert_allclose(resolution.bilinear(IMAGE, 2), resolution.mean(IMAGE, 2), atol=1e-6)
    assert np.abs(resolution.bilinear(IMAGE, 4) - resolution.mean(IMAGE, 4)).max() > 0.1


@pytest.mark.parametrize("factor", [4, 8])
def test_thin_line_stays_in_window_means_and_is_lost_at_most_places_by_bilinear_sampling(factor: int) -> None:
    """A bright row one pixel thick, at each place of a window: bilinear sampling sees the two middle rows alone."""
    lines = np.zeros((factor, 2 * factor, factor), np.float32)
    lines[np.arange(factor), np.arange(factor)] = 1
    np.testing.assert_allclose(resolution.mean(lines, factor)[:, 0], 1 / factor)
    sampled = resolution.bilinear(lines, factor)[:, 0, 0]
    assert np.flatnonzero(sampled).tolist() == [factor // 2 - 1, factor // 2]


def test_reference_images(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "epd.npz")
    np.testing.assert_allclose(resolution.mean(file["image3d"], 2), file["image3d_f222"], atol=1e-6)


@pytest.mark.parametrize(("phase", "mode"), [("corner", "nearest"), ("centre", "nearest-exact")])
def test_nearest_keeps_torchs_voxel(phase: str, mode: str) -> None:
    labels = np.random.default_rng(0).integers(0, 5, (8, 12))
    for factor in (2, 4):
        size = tuple(n // factor for n in labels.shape)
        torch_labels = torch.from_numpy(labels.astype(np.float32))[None, None]
        expected = torch.nn.functional.interpolate(torch_labels, size=size, mode=mode)[0, 0].numpy()
        np.testing.assert_array_equal(resolution.nearest(labels, factor, phase=phase), expected)


def test_grid_that_is_no_multiple_repeats_its_border() -> None:
    row = np.array([[1.0, 3.0, 5.0]], np.float32)
    np.testing.assert_array_equal(resolution.mean(row, 2), [[2, 5]])
    assert resolution.grid((3,), 2) == (2,)


def test_factor_must_fit_the_axes() -> None:
    for factor in (0, (2, 2, 2), (2, 1.5)):
        with pytest.raises(InputError, match="factor"):
            resolution.mean(IMAGE, factor)


def test_majority_is_the_class_that_most_voxels_of_a_window_hold() -> None:
    labels = np.array([[2, 2, 0, 1], [2, 0, 1, 1]], np.uint8)
    np.testing.assert_array_equal(resolution.majority(labels, 2), [[2, 1]])
    np.testing.assert_array_equal(resolution.nearest(labels, 2), [[2, 0]])  # what it is not
    assert resolution.majority(labels, 2).dtype == np.uint8


def test_first_class_of_equals_is_the_majority() -> None:
    labels = np.array([[3, 1, 2, 0], [1, 3, 0, 2], [5, 4, 3, 2], [5, 4, 1, 1]], np.uint8)
    np.testing.assert_array_equal(resolution.majority(labels, 2), [[1, 0], [4, 1]])


def test_majority_counts_valid_voxels_alone() -> None:
    labels = np.array([[0, 0, 0, 2], [0, 4, 2, 2]], np.uint8)
    valid = np.array([[False, False, False, False], [True, True, False, False]])
    np.testing.assert_array_equal(resolution.majority(labels, 2, valid), [[0, 0]])  # a tie of 0 and 4; and no voxel
    valid[1, 0] = False
    np.testing.assert_array_equal(resolution.majority(labels, 2, valid), [[4, 0]])
    np.testing.assert_array_equal(resolution.covered(valid, 2), [[True, False]])


@pytest.mark.parametrize("factor", [2, 3, 4, (2, 4)])
@pytest.mark.parametrize("shape", [(8, 12), (7, 10), (5, 9)])
def test_majority_agrees_with_the_window_means_at_the_border_too(shape: tuple[int, int], factor) -> None:
    """The mean repeats the border of a grid that is no multiple of the window, so the majority counts it as often."""
    labels = np.random.default_rng(1).integers(0, 4, shape).astype(np.uint8)
    shares = resolution.mean(np.eye(4, dtype=np.float32)[labels].transpose(2, 0, 1), factor)
    first_of_equals = (shares > shares.max(axis=0) - 1e-4).argmax(axis=0)
    np.testing.assert_array_equal(resolution.majority(labels, factor), first_of_equals)


def test_majority_takes_volumes() -> None:
    labels = np.zeros((2, 2, 4), np.uint8)
    labels[:, :, 2:] = 1
    labels[0, 0, 2] = 2
    np.testing.assert_array_equal(resolution.majority(labels, 2), [[[0, 1]]])
