"""Signed distances in a box equal scipy's over the whole array, and known geometry."""

import numpy as np
import pytest
from scipy import ndimage
from softbench import InputError
from softbench.arrays import bounding_box
from softbench.soft_labels.distance import CONVENTIONS, edge_box, signed_distance


def whole(mask: np.ndarray, spacing: tuple[float, ...], convention: str) -> np.ndarray:
    """The same from distance transforms of the whole array."""
    inner = mask & ~ndimage.binary_erosion(mask, border_value=1)
    target = inner if convention == "inner_boundary" else ~mask
    inside = ndimage.distance_transform_edt(~target, sampling=spacing)
    signed = np.where(mask, inside, -ndimage.distance_transform_edt(~mask, sampling=spacing))
    return signed - np.sign(signed) * min(spacing) / 2 * (convention == "halfshift")


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("spacing", [(1, 1, 1), (3.0, 0.8, 1.25)])
@pytest.mark.parametrize("seed", range(4))
def test_box_gives_what_the_whole_array_gives(convention: str, spacing: tuple[float, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((20, 22, 24), bool)
    low = rng.integers(0, 12, 3)
    part = tuple(slice(a, a + 9) for a in low)
    mask[part] = ndimage.gaussian_filter(rng.normal(size=mask[part].shape), 1) > 0
    mask = ~mask if seed % 2 else mask
    where = np.zeros_like(mask)
    where[tuple(slice(a, a + 5) for a in rng.integers(0, 19, 3))] = True
    found = signed_distance(mask, where, spacing, convention=convention)
    np.testing.assert_allclose(found, whole(mask, spacing, convention)[where], atol=1e-12)


def test_row_of_voxels_has_its_distances() -> None:
    mask = np.array([0, 0, 1, 1, 1, 1], bool)[None]
    every = np.ones_like(mask)
    expected = {
        "centre": [-2, -1, 1, 2, 3, 4],
        "halfshift": [-1.5, -0.5, 0.5, 1.5, 2.5, 3.5],
        "inner_boundary": [-2, -1, 0, 1, 2, 3],
    }
    for convention, distances in expected.items():
        np.testing.assert_allclose(signed_distance(mask, every, (1, 1), convention=convention), distances)


def test_full_and_empty_masks_are_infinitely_far_from_an_edge() -> None:
    every = np.ones((3, 4), bool)
    assert (signed_distance(every, every, (1, 1)) == np.inf).all()
    assert (signed_distance(~every, every, (1, 1)) == -np.inf).all()


def test_nothing_asked_for_gives_nothing() -> None:
    mask = np.eye(4, dtype=bool)
    assert signed_distance(mask, np.zeros_like(mask), (1, 1)).shape == (0,)


def test_box_of_an_edge_is_that_of_the_smaller_side_and_one_more() -> None:
    mask = np.zeros((10, 10), bool)
    mask[3:5, 0:2] = True
    for side in (mask, ~mask):
        assert edge_box(side) == (slice(2, 6), slice(0, 3))
    assert bounding_box(mask) == (slice(3, 5), slice(0, 2))


def test_unknown_convention_is_named() -> None:
    mask = np.eye(3, dtype=bool)
    with pytest.raises(InputError, match="halfshift"):
        signed_distance(mask, mask, (1, 1), convention="outer")
