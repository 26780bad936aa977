"""Every file becomes (D, H, W) from inferior, posterior, left, and predictions go back into its grid."""

import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, images


def save(path: Path, array: np.ndarray, affine: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


@pytest.mark.parametrize("axcodes", ["RAS", "LPS", "IPL", "ASR"])
def test_any_orientation_reads_as_the_same_array_and_goes_back(tmp_path: Path, axcodes: str) -> None:
    ras = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    original = nib.Nifti1Image(ras, np.diag([1.0, 2.0, 3.0, 1.0]))
    turn = nib.orientations.ornt_transform(nib.io_orientation(original.affine), nib.orientations.axcodes2ornt(axcodes))
    turned = original.as_reoriented(turn)
    nib.save(turned, tmp_path / "a.nii.gz")

    image = images.read(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(image.array, ras.T)
    assert image.spacing_mm == (3.0, 2.0, 1.0)
    assert image.axcodes == axcodes

    images.write(tmp_path / "b.nii.gz", image.array, image.affine, image.axcodes)
    back = nib.load(tmp_path / "b.nii.gz")
    np.testing.assert_array_equal(np.asanyarray(back.dataobj), np.asanyarray(turned.dataobj))
    np.testing.assert_allclose(back.affine, turned.affine)


def test_affine_maps_array_indices_to_millimetres(tmp_path: Path) -> None:
    affine = np.array([[0.5, 0, 0, -7], [0, 0.8, 0, -8], [0, 0, 3, -9], [0, 0, 0, 1]])
    image = images.read(save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.float32), affine))
    np.testing.assert_allclose(image.affine @ [3, 2, 1, 1], affine @ [1, 2, 3, 1])


@pytest.mark.parametrize(
    ("edge_mm", "read_mm"),
    [(0.8, 0.8), (0.9765625, 0.976562), (1.1234567, 1.123457), (0.0123456789, 0.0123457), (1.234567e-3, 0.00123457)],
)
def test_spacing_loses_the_noise_of_32_bits_and_no_digit_of_small_voxels(
    tmp_path: Path, edge_mm: float, read_mm: float
) -> None:
    image = images.read(save(tmp_path / "a.nii", np.zeros((2, 3, 4), np.float32), np.diag([edge_mm] * 3 + [1])))
    assert image.spacing_mm == (read_mm, read_mm, read_mm)


def test_truncated_file_is_named(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", np.random.default_rng(0).normal(size=(20, 20, 20)), np.eye(4))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match=r"a\.nii\.gz.*cut short or damaged"):
        images.read(path)


def test_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(b"<html>please log in</html>" * 100))
    with pytest.raises(InputError, match=r"a\.nii\.gz"):
        images.read(path)


def test_four_dimensions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="3-D"):
        images.read(save(tmp_path / "a.nii", np.zeros((2, 3, 4, 5), np.float32), np.eye(4)))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing"):
        images.read(tmp_path / "a.nii")


def test_label_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(InputError, match="whole numbers"):
        images.to_label_map(np.array([0.0, 0.5]), "a label")
    assert images.to_label_map(np.array([0.0, 0.9999999]), "a label").tolist() == [0, 1]
