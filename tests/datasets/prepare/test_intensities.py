"""Intensities are shifted and scaled by what they are over the voxels that count."""

import numpy as np
import pytest
from softbench import InputError
from softbench.datasets.prepare.intensities import normalise


def test_zscore_of_nonzero_voxels_leaves_zeros_alone() -> None:
    image = np.array([[0.0, 0.0, 2.0], [4.0, 6.0, 0.0]])  # 2, 4, 6: mean 4, standard deviation sqrt(8 / 3)
    expected = np.array([[0, 0, -2], [0, 2, 0]]) / np.sqrt(8 / 3)
    np.testing.assert_allclose(normalise(image, how="zscore_nonzero"), expected, rtol=1e-6)


def test_zscore_counts_all_voxels() -> None:
    image = np.array([[0.0, 0.0], [4.0, 4.0]])  # mean 2, standard deviation 2
    np.testing.assert_array_equal(normalise(image, how="zscore"), [[-1, -1], [1, 1]])


def test_image_without_scale_cannot_be_normalised() -> None:
    with pytest.raises(InputError, match="all 2 voxels that `zscore_nonzero` looks at have one value"):
        normalise(np.array([[0.0, 5.0], [5.0, 0.0]]), how="zscore_nonzero")
