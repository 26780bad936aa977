"""Boxes around objects: none overlap, and each begins where a window does."""

import numpy as np
from softbench.boxes import around_objects


def mask(*squares: tuple[int, int]) -> np.ndarray:
    """Squares of 2 x 2 voxels in a field of 11 x 13."""
    field = np.zeros((11, 13), bool)
    for row, column in squares:
        field[row : row + 2, column : column + 2] = True
    return field


def test_a_box_an_object_with_its_margin() -> None:
    found = around_objects(mask((1, 1), (7, 9)), (1, 2))
    assert found == [(slice(0, 4), slice(0, 5)), (slice(6, 10), slice(7, 13))]


def test_boxes_that_would_overlap_are_one() -> None:
    assert around_objects(mask((1, 1), (4, 1)), (1, 1)) == [(slice(0, 7), slice(0, 4))]


def test_boxes_begin_and_end_with_windows_or_with_the_array() -> None:
    """Rows 7 to 8 lie in the windows 4 to 7 and 8 to 11, the last row is 10; columns 9 to 10 lie in 9 to 11."""
    assert around_objects(mask((7, 9)), (0, 0), (4, 3)) == [(slice(4, 11), slice(9, 12))]


def test_empty_mask_has_no_box() -> None:
    assert around_objects(mask(), (1, 1)) == []
