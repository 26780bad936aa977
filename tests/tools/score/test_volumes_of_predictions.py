"""Files of predictions are turned as `images.read` turns images."""

import nibabel as nib
import numpy as np
import pytest
from softbench import images
from softbench.tools.score import volumes

OBLIQUE = np.array([[0.1, -1.9, 0.1, 5], [0.2, 0.2, 2.9, 6], [-0.9, -0.1, 0.2, 7], [0, 0, 0, 1]])


@pytest.mark.parametrize("affine", [OBLIQUE, np.diag([-1.0, -2, 3, 1]), np.eye(4)[[1, 2, 0, 3]]])
def test_voxels_and_grid_are_those_of_images_read(tmp_path, affine):
    array = np.random.default_rng(0).integers(0, 99, (3, 4, 5)).astype(np.int16)
    nib.save(nib.Nifti1Image(array, affine), tmp_path / "a.nii")
    image = images.read(tmp_path / "a.nii")
    shape, found = volumes.grid(volumes.header(tmp_path / "a.nii"))
    np.testing.assert_array_equal(volumes.voxels(tmp_path / "a.nii"), image.array)
    assert shape == image.array.shape
    np.testing.assert_allclose(found, image.affine, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("stored", "shape", "channels"),
    [
        ((5, 6), (5, 6, 1), None), ((5, 6, 7), (5, 6, 7), None), ((5, 6, 7, 1), (5, 6, 7), None),
        ((5, 6, 7, 3), (5, 6, 7), 3), ((5, 6, 1, 3), (5, 6, 1), 3), ((5, 6, 7, 1, 3), (5, 6, 7), 3),
    ],
)  # fmt: skip
def test_axes_tell_places_from_classes(tmp_path, stored, shape, channels):
    array = np.arange(np.prod(stored), dtype=np.float32).reshape(stored)
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii.gz")
    header = volumes.header(tmp_path / "a.nii.gz")
    assert (header.shape, header.channels) == (shape, channels)
    voxels = volumes.voxels(tmp_path / "a.nii.gz")
    assert voxels.shape == (*([channels] if channels else []), *shape[::-1])
    last = (-1,) * voxels.ndim
    assert voxels[last] == array[(-1,) * array.ndim]


def test_big_endian_file_becomes_native(tmp_path):
    array = np.arange(24, dtype=">f4").reshape(2, 3, 4)
    nib.save(nib.Nifti1Image(array, np.eye(4), nib.Nifti1Header(endianness=">")), tmp_path / "a.nii")
    voxels = volumes.voxels(tmp_path / "a.nii")
    assert voxels.dtype.isnative
    np.testing.assert_array_equal(voxels, array.T)
