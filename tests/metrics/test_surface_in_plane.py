"""HD95 between in-plane edges: geometry, borders, empty masks. Live and stored oracles stand in the files beside it."""

import math

import numpy as np
import pytest
from softbench import InputError
from softbench.metrics import surface


def cuboid(start, stop, shape=(8, 24, 24)) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return mask


def test_a_face_between_slices_is_no_edge():
    thick, thin = cuboid((1, 4, 4), (7, 12, 12)), cuboid((3, 4, 4), (5, 12, 12))
    # the outlines of slices 1 and 6 lie two slices of 3 mm from those of slices 3 and 4
    assert surface.hd95_in_plane(thick, thin, (3, 1, 1)) == 6


def test_a_diagonal_neighbour_outside_makes_an_edge():
    full = np.ones((1, 9, 9), bool)
    holed, apart = full.copy(), full.copy()
    holed[0, 4, 4] = apart[0, 4, 6] = False
    # the edge of each is the ring of 8 around its hole; rings two columns apart share one column, of 3 voxels.
    # Of the other five, three lie two columns from it, and two (above and below the own hole) one
    assert surface.hd95_in_plane(holed, apart, (1, 1, 1)) == pytest.approx(np.percentile([0, 0, 0, 1, 1, 2, 2, 2], 95))


def test_the_array_border_is_no_edge():
    left, wider = cuboid((0, 0, 0), (8, 24, 5)), cuboid((0, 0, 0), (8, 24, 9))
    assert surface.hd95_in_plane(left, wider, (1, 1, 0.5)) == 4 * 0.5  # one column each: 4 and 8


def test_slices_lie_along_the_axis_that_is_named():
    thick, thin = cuboid((1, 4, 4), (7, 12, 12)), cuboid((3, 4, 4), (5, 12, 12))
    turned = [mask.transpose(1, 2, 0) for mask in (thick, thin)]
    assert surface.hd95_in_plane(*turned, (1, 1, 3), slice_axis=2) == 6


def test_a_2d_mask_is_one_slice():
    prediction, reference = (cuboid((2, 3 + n), (9, 12 + n), (20, 20)) for n in (0, 2))
    expected = surface.hd95_in_plane(prediction[None], reference[None], (9, 0.5, 2.5))
    assert surface.hd95_in_plane(prediction, reference, (0.5, 2.5)) == expected == 2 * 2.5


def test_an_empty_mask_is_infinitely_far_and_two_are_unknown():
    empty, something = np.zeros((8, 24, 24), bool), cuboid((2, 2, 2), (4, 4, 4))
    assert surface.hd95_in_plane(empty, something, (1, 1, 1)) == math.inf
    assert surface.hd95_in_plane(something, empty, (1, 1, 1)) == math.inf
    assert math.isnan(surface.hd95_in_plane(empty, empty, (1, 1, 1)))


def test_an_unknown_axis_is_refused():
    mask = np.ones((3, 4, 5), bool)
    with pytest.raises(InputError, match="slice_axis"):
        surface.hd95_in_plane(mask, mask, (1, 1, 1), slice_axis=3)
