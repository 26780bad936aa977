"""Boundary uncertainty and soft dilation, on rows of pixels whose rims are counted by hand."""

import numpy as np
import pytest
from softbench import InputError
from softbench.soft_labels import boundary_uncertainty, dilation

ROW = np.array([[[0, 0, 0, 1, 1, 1, 1, 0, 0]]], np.uint8)


def test_rims_on_both_sides_of_an_edge_have_the_papers_values() -> None:
    soft = boundary_uncertainty.soften(ROW, None, (1, 1), classes=2)
    np.testing.assert_allclose(soft[1, 0], [0, 0, 0.1, 0.9, 1, 1, 0.9, 0.1, 0], atol=1e-6)
    np.testing.assert_allclose(soft.sum(axis=0), 1, atol=1e-6)


def test_diagonal_neighbours_are_in_the_rim() -> None:
    labels = np.zeros((1, 5, 5), np.uint8)
    labels[0, 2, 2] = 1
    soft = boundary_uncertainty.soften(labels, None, (1, 1), classes=2, inner=0.8, outer=0.2)
    expected = np.zeros((5, 5))
    expected[1:4, 1:4] = 0.2
    expected[2, 2] = 0.8
    np.testing.assert_allclose(soft[1], expected, atol=1e-6)


def test_where_three_classes_meet_the_sum_is_divided_by() -> None:
    soft = boundary_uncertainty.soften(np.array([[[0, 1, 2]]], np.uint8), None, (1, 1), classes=3)
    np.testing.assert_allclose(soft[:, 0, 1], np.array([0.1, 0.9, 0.1]) / 1.1, atol=1e-6)


def test_border_of_the_image_is_no_edge() -> None:
    soft = boundary_uncertainty.soften(np.array([[[1, 1, 0, 0]]], np.uint8), None, (1, 1), classes=2)
    np.testing.assert_allclose(soft[1, 0], [1, 0.9, 0.1, 0], atol=1e-6)


def test_outer_rim_must_stay_below_the_inner_one() -> None:
    with pytest.raises(InputError, match=r"`outer` must be below `inner` \(0.5\), but is 0.5"):
        boundary_uncertainty.soften(ROW, None, (1, 1), classes=2, inner=0.5, outer=0.5)
    with pytest.raises(InputError, match=r"`inner` must lie in \[0, 1\], but is 1.5"):
        boundary_uncertainty.soften(ROW, None, (1, 1), classes=2, inner=1.5)


def test_dilation_softens_the_background_around_a_structure_alone() -> None:
    soft = dilation.soften(ROW, None, (1, 1), classes=2, value=0.4)
    np.testing.assert_allclose(soft[1, 0], [0, 0, 0.4, 1, 1, 1, 1, 0.4, 0], atol=1e-6)
    np.testing.assert_allclose(soft[0, 0], [1, 1, 0.6, 0, 0, 0, 0, 0.6, 1], atol=1e-6)


def test_background_between_two_structures_is_shared_and_structures_that_touch_stay() -> None:
    soft = dilation.soften(np.array([[[1, 0, 2, 1]]], np.uint8), None, (1, 1), classes=3, value=0.4)
    np.testing.assert_allclose(soft[:, 0, 1], [0.6, 0.2, 0.2], atol=1e-6)
    np.testing.assert_allclose(soft[:, 0, 2], [0, 0, 1], atol=1e-6)


def test_dilation_of_value_0_is_one_hot_and_of_1_the_dilated_label() -> None:
    none, whole = (dilation.soften(ROW, None, (1, 1), classes=2, value=value) for value in (0, 1))
    np.testing.assert_array_equal(none[1], ROW[0])
    np.testing.assert_array_equal(whole[1, 0], [0, 0, 1, 1, 1, 1, 1, 1, 0])
