"""Label maps whose headers scale them."""

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, images
from softbench.images import Choices

from .conftest import Write

MEANT = Choices(rescale_labels=True)


def test_labels_saved_as_scaled_bytes_are_refused_by_their_slope_or_rounded(tmp_path):
    labels = np.array([0, 1, 2, 4], np.float32).reshape(1, 2, 2)
    file = nib.Nifti1Image(labels, np.eye(4))
    file.set_data_dtype(np.uint8)
    nib.save(file, tmp_path / "a.nii")
    words = (
        r"scales it: scl_slope 0\.0156863 and scl_inter 0 turn the stored 0, 64, 127, 255 into 0, 1\.00392, 1\.99216, 4"
    )
    with pytest.raises(InputError, match=rf"a\.nii is a label map, but its header {words}\..*--rescale-labels"):
        images.read_label_map(tmp_path / "a.nii")
    read = images.read_label_map(tmp_path / "a.nii", MEANT).array
    np.testing.assert_array_equal(images.to_label_map(read, "a"), labels.T)
    assert round(images.read(tmp_path / "a.nii").array.max()) == 4  # an image may be scaled


@pytest.mark.parametrize(("slope", "inter", "ids"), [(1, 1, [1, 2, 3]), (2, 0, [0, 2, 4]), (-1, 2, [0, 1, 2])])
def test_scale_that_turns_ids_into_other_ids_is_refused_or_meant(write: Write, slope: float, inter: float, ids) -> None:
    path = write(np.eye(4), scl_slope=slope, scl_inter=inter)
    with pytest.raises(InputError, match=f"scl_slope {slope} and scl_inter {inter} turn the stored"):
        images.read_label_map(path)
    read = images.to_label_map(images.read_label_map(path, MEANT).array, "a")
    assert np.unique(read).tolist() == ids


@pytest.mark.parametrize("ids", [[0, 130, 200, 201], [0, 1, 77, 254]])
def test_ids_beyond_127_saved_as_scaled_bytes_are_rounded_where_that_is_meant(tmp_path, ids: list[int]) -> None:
    file = nib.Nifti1Image(np.array(ids, np.float32).reshape(1, 2, 2), np.eye(4))
    file.set_data_dtype(np.uint8)
    nib.save(file, tmp_path / "a.nii")
    read = images.read_label_map(tmp_path / "a.nii", MEANT).array
    assert sorted(images.to_label_map(read, "a").ravel().tolist()) == ids


def test_fractions_that_were_stored_are_not_rounded_away(tmp_path) -> None:
    file = nib.Nifti1Image(np.array([0, 0.3, 1, 2], np.float32).reshape(1, 2, 2), np.eye(4))
    nib.save(file, tmp_path / "a.nii")
    content = bytearray((tmp_path / "a.nii").read_bytes())
    content[112:116] = np.float32(0.4).tobytes()  # scl_slope: 0, 0.12, 0.4, 0.8
    (tmp_path / "a.nii").write_bytes(bytes(content))
    with pytest.raises(InputError, match="must hold whole numbers"):
        images.to_label_map(images.read_label_map(tmp_path / "a.nii", MEANT).array, "a")


def test_large_ids_are_printed_in_full(write: Write) -> None:
    with pytest.raises(InputError, match=r"scl_inter 1000001 turn the stored 0, 1, 2 into 1000001, 1000002, 1000003"):
        images.read_label_map(write(np.eye(4), scl_slope=1, scl_inter=1000001))


@pytest.mark.parametrize("scale", [(1, 0), (0, 0), (np.nan, np.nan)])
def test_no_scale_is_no_scale(write: Write, scale: tuple[float, float]) -> None:
    path = write(np.eye(4), scl_slope=scale[0], scl_inter=scale[1])
    assert np.unique(images.read_label_map(path).array).tolist() == [0, 1, 2]


def test_scaled_values_that_are_no_ids_are_refused_even_where_a_scale_is_meant(write: Write) -> None:
    path = write(np.eye(4), scl_slope=0.3, scl_inter=0)
    with pytest.raises(InputError, match="must hold whole numbers"):
        images.to_label_map(images.read_label_map(path, MEANT).array, "a")
