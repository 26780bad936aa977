"""Outlines to voxels: what is enclosed follows from geometry, and pixels on an outline are outside."""

import numpy as np
import pytest
import torch
from softbench import InputError
from softbench.datasets.sources import contours
from softbench.datasets.sources.contours import Outline

SQUARE = np.array([[2, 2], [8, 2], [8, 8], [2, 8]])  # x, y; encloses 5 x 5 pixels, 3 to 7
HOLE = np.array([[4, 4], [6, 4], [6, 6], [4, 6]])  # with its outline 3 x 3 pixels


def outline(points: np.ndarray, z_mm: float = 0.0, includes: bool = True) -> Outline:
    return Outline(z_mm, includes, points)


def test_pixels_on_an_outline_are_not_inside() -> None:
    enclosed, on = contours.inside(SQUARE, (12, 10))
    expected = np.zeros((12, 10), bool)
    expected[3:8, 3:8] = True
    np.testing.assert_array_equal(enclosed, expected)
    assert on.sum() == 24  # the rim of 7 x 7 pixels: 49 - 25
    assert not (enclosed & on).any()


def test_x_is_the_column_and_y_the_row() -> None:
    flat = np.array([[1, 1], [7, 1], [7, 4], [1, 4]])
    enclosed, _ = contours.inside(flat, (6, 9))
    assert np.argwhere(enclosed).tolist() == [[row, column] for row in (2, 3) for column in (2, 3, 4, 5, 6)]


def test_diagonal_edges_are_exact() -> None:
    diamond = np.array([[5, 0], [10, 5], [5, 10], [0, 5]])
    enclosed, on = contours.inside(diamond, (11, 11))
    y, x = np.indices((11, 11))
    np.testing.assert_array_equal(enclosed, abs(x - 5) + abs(y - 5) < 5)
    np.testing.assert_array_equal(on, abs(x - 5) + abs(y - 5) == 5)


def test_direction_and_start_of_an_outline_do_not_matter() -> None:
    first = contours.inside(SQUARE, (12, 12))[0]
    for other in (SQUARE[::-1], np.roll(SQUARE, 2, axis=0), np.vstack([SQUARE, SQUARE[:1]])):
        np.testing.assert_array_equal(contours.inside(other, (12, 12))[0], first)


def test_part_outside_of_the_image_is_left_away() -> None:
    enclosed, _ = contours.inside(SQUARE - 5, (12, 12))
    assert np.argwhere(enclosed).tolist() == [[row, column] for row in range(3) for column in range(3)]


def test_line_encloses_nothing() -> None:
    assert not contours.inside(np.array([[1, 1], [4, 4], [6, 6]]), (9, 9))[0].any()


def test_excluded_region_takes_its_outline_with_it() -> None:
    drawn = [outline(HOLE, includes=False), outline(SQUARE)]  # the order does not matter
    mask = contours.rasterise(drawn, np.array([0.0, 2.0]), (12, 12))
    assert [part.sum() for part in mask] == [25 - 9, 0]
    assert not mask[0, 4:7, 4:7].any()


def test_two_including_outlines_of_a_slice_are_joined() -> None:
    mask = contours.rasterise([outline(SQUARE), outline(SQUARE + np.array([9, 0]))], np.array([0.0]), (12, 20))
    assert mask.sum() == 50


def test_outline_belongs_to_the_nearest_slice() -> None:
    mask = contours.rasterise([outline(SQUARE, z_mm=-7.4)], np.array([-10.0, -7.5, -5.0]), (12, 12))
    assert [part.sum() for part in mask] == [0, 25, 0]


def test_outline_between_slices_too_far_apart_is_refused() -> None:
    with pytest.raises(InputError, match=r"at z = 3 mm, but the nearest slice at 1 mm; slices are 1 mm apart"):
        contours.rasterise([outline(SQUARE, z_mm=3.0)], np.array([0.0, 1.0]), (12, 12))


def test_clouds_belong_together_through_a_chain() -> None:
    clouds = [np.array([[x, 0.0, 0.0], [x, 1.0, 0.0]]) for x in (0.0, 10.0, 2.0, 4.0, 13.1)]
    assert contours.together(clouds, 2.0) == [[0, 2, 3], [1], [4]]
    assert contours.together(clouds, 1.9) == [[0], [1], [2], [3], [4]]
    assert contours.together(clouds, 3.2) == [[0, 2, 3], [1, 4]]


def test_clouds_at_zero_are_grouped_where_denormal_numbers_are_flushed() -> None:
    """Training flushes them in its process; a tree split beside 0 would then never end."""
    cloud = np.zeros((720, 3))
    cloud[:, 0] = np.arange(720) % 3
    torch.set_flush_denormal(True)
    try:
        assert contours.together([cloud, cloud + 5.0], 1.0) == [[0], [1]]
    finally:
        torch.set_flush_denormal(False)
