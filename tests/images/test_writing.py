"""Files that we write: read back by our own loader and by SimpleITK as what was written."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from softbench import images

from .mutations import rotation

DTYPES = (bool, np.uint8, np.int16, np.int32, np.int64, np.uint16, np.uint64, np.float16, np.float32, np.float64)


def affine_of(rng: np.random.Generator, dims: int) -> np.ndarray:
    """An affine of array indices in reverse order, as `write` takes it."""
    edges = rotation(rng) if dims == 3 else rotation_in_plane(rng.uniform(-np.pi, np.pi))
    affine = np.eye(dims + 1)
    affine[:dims, :dims] = edges * 10 ** rng.uniform(-1, 1, dims)
    affine[:dims, dims] = rng.uniform(-500, 500, dims)
    return affine


def rotation_in_plane(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("dims", [2, 3])
def test_what_is_written_is_read_alike_by_us_and_by_simpleitk(tmp_path: Path, dims: int) -> None:
    rng = np.random.default_rng(dims)
    for index in range(60):
        affine, path = affine_of(rng, dims), tmp_path / f"{index}.nii"
        array = rng.integers(0, 2, rng.integers(1, 5, dims)).astype(DTYPES[index % len(DTYPES)])
        images.write(path, array, affine, "RAS" if dims == 2 else ("RAS", "LPS", "IAR")[index % 3])
        header, volume, other = images.read_header(path), images.read(path), sitk.ReadImage(str(path))
        assert volume.array.sum() == array.sum()
        here = header.affine[:dims, :dims]
        spacing = np.linalg.norm(here, axis=0)
        np.testing.assert_allclose(sorted(spacing), sorted(np.linalg.norm(affine[:dims, :dims], axis=0)), rtol=1e-5)
        if other.GetDimension() == dims:
            np.testing.assert_allclose(other.GetSpacing(), spacing, rtol=1e-5)
            direction = np.reshape(other.GetDirection(), (dims, dims)) * np.array([-1, -1, 1])[:dims, None]
            np.testing.assert_allclose(direction, here / spacing, atol=1e-4)
        place = np.array([*(np.array(array.shape) - 1), 1])
        back = volume.affine[:, [2, 1, 0, 3]]
        corners = [back @ [*corner, 1] for corner in np.ndindex(*volume.array.shape[::-1])]
        wanted = (affine @ place)[:dims]
        assert min(np.abs(corner[:dims] - wanted).max() for corner in corners) < 1e-3


def test_shear_leaves_the_sform_alone(tmp_path: Path) -> None:
    affine = np.eye(4)[[2, 1, 0, 3]]
    affine[0, 1] = 0.1
    images.write(tmp_path / "a.nii", np.zeros((3, 4, 5), np.uint8), affine)
    header = nib.load(tmp_path / "a.nii").header
    assert (header["sform_code"], header["qform_code"]) == (1, 0)
    np.testing.assert_allclose(images.read(tmp_path / "a.nii").affine, affine)
    images.write(tmp_path / "b.nii", np.zeros((3, 4, 5), np.uint8), np.eye(4))
    assert nib.load(tmp_path / "b.nii").header["qform_code"] == 1
