"""Distances within a mask."""

import numpy as np
import pytest
from scipy import ndimage
from softbench.arrays import distance_inside


@pytest.mark.parametrize("seed", range(6))
def test_distance_is_scipy_s_to_the_last_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(3, 30, rng.integers(2, 4)))
    mask, spacing = rng.random(shape) < 0.97, tuple(rng.uniform(0.3, 3, len(shape)))
    mask.flat[0] = False
    np.testing.assert_array_equal(
        distance_inside(mask, spacing), ndimage.distance_transform_edt(mask, sampling=spacing)
    )
