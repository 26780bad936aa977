"""The bits of surfaces against erosion and shifts, where rows end within, at and behind a word of 64 bits."""

import numpy as np
import pytest
from softbench.metrics.kernels.surface_scan import list_voxels, scan, scan_plain

SHAPES = [(1, 1), (5, 63), (5, 64), (5, 65), (4, 129), (1, 1, 1), (3, 4, 62), (3, 4, 63), (3, 4, 64), (4, 3, 130)]


def in_array(places: np.ndarray, dims: int) -> np.ndarray:
    """Places as indices of the array: without the margin, and without the slice of a 2-D mask."""
    return places[:, 3 - dims :] - ([1] * (dims - 1) + [0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95, 1.0])
def test_surface_voxels_are_what_erosion_takes(shape, share):
    mask = np.random.default_rng(len(shape)).random(shape) < share
    assert np.array_equal(in_array(scan(mask)[0].places, mask.ndim), scan_plain(mask)[0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.95, 1.0])
def test_surfels_are_the_corners_between_inside_and_outside(shape, share):
    mask = np.random.default_rng(len(shape)).random(shape) < share
    surfels, (_, places, codes) = scan(mask)[1], scan_plain(mask)
    assert np.array_equal(in_array(surfels.places, mask.ndim), places)
    assert np.array_equal(surfels.codes, codes)


@pytest.mark.parametrize("shape", SHAPES)
def test_voxels_are_listed_in_array_order(shape):
    mask = np.random.default_rng(0).random(shape) < 0.4
    assert np.array_equal(in_array(list_voxels(mask).places, mask.ndim), np.argwhere(mask))


def test_memory_order_does_not_matter():
    mask = np.random.default_rng(0).random((9, 8, 70)) < 0.5
    for first, second in zip(scan(mask), scan(np.asfortranarray(mask)), strict=True):
        assert np.array_equal(first.places, second.places)
        assert np.array_equal(first.codes, second.codes)
