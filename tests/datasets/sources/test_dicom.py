"""A DICOM series becomes a volume in RAS with its true places and HU, or is refused with what is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (its usual name)
from softbench import InputError
from softbench.datasets.sources import dicom

from . import dicom_writer as writer

STORED = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
PLACED: dict[str, Any] = {"series": "1.2.3", "spacing_mm": (2.5, 0.8, 0.7), "origin": (-10.0, -20.0, 30.0)}


def test_axial_series_is_turned_to_ras_and_rescaled(tmp_path: Path) -> None:
    writer.write_series(tmp_path, STORED, **PLACED)
    (tmp_path / "LICENSE").write_text("CC BY 3.0")
    (tmp_path / "._1-001.dcm").write_bytes(b"left by macOS")
    image = dicom.read_series(tmp_path)
    assert image.axcodes == "LPS"
    assert image.spacing_mm == (2.5, 0.8, 0.7)
    np.testing.assert_array_equal(image.array, STORED[:, ::-1, ::-1] - 1024)  # rows run back, columns left
    # the first stored voxel, slice 0, row 0, column 0, lies at (10, 20, 30) mm in RAS and is the last in H and W
    np.testing.assert_allclose(image.affine @ [0, 4, 5, 1], [10.0, 20.0, 30.0, 1.0])
    # slice 3, row 4, column 5: 3 * 2.5 mm up, 4 * 0.8 mm back, 5 * 0.7 mm left
    np.testing.assert_allclose(image.affine @ [3, 0, 0, 1], [10 - 3.5, 20 - 3.2, 30 + 7.5, 1.0])


def test_sagittal_series_lies_where_simpleitk_puts_it(tmp_path: Path) -> None:
    writer.write_series(tmp_path, STORED, axes=writer.SAGITTAL, **PLACED)
    image = dicom.read_series(tmp_path)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path)))
    other = reader.Execute()
    values = sitk.GetArrayFromImage(other)
    for index in [(0, 0, 0), (1, 2, 3), (3, 4, 5)]:  # slice, row, column
        x, y, z = other.TransformIndexToPhysicalPoint(index[::-1])
        place = np.rint(np.linalg.inv(image.affine) @ [-x, -y, z, 1])[:3].astype(int)
        assert image.array[tuple(place)] == values[index]
    assert image.array.shape == (5, 6, 4)  # rows run down, columns back, slices across


def remove(paths: list[Path], folder: Path) -> None:
    paths[1].unlink()


def double(paths: list[Path], folder: Path) -> None:
    (folder / "copy.dcm").write_bytes(paths[1].read_bytes())


def keep_one(paths: list[Path], folder: Path) -> None:
    for path in paths[1:]:
        path.unlink()


def shift(paths: list[Path], folder: Path) -> None:
    writer.write_series(folder, STORED[:1], **(PLACED | {"origin": (-10.0, -20.0, 30.6)}))
    (folder / "1-001.dcm").replace(paths[0])  # the writer names the only slice 1-001
    writer.write_series(folder, STORED[3:], **(PLACED | {"origin": (-10.0, -20.0, 37.5)}))


def mix(paths: list[Path], folder: Path) -> None:
    for path in writer.write_series(folder / "other", STORED[:2], **(PLACED | {"series": "9.9"})):
        path.replace(folder / f"other-{path.name}")


def localise(paths: list[Path], folder: Path) -> None:
    for path in writer.write_series(folder / "other", STORED[:1], axes=writer.SAGITTAL, **PLACED):
        path.replace(folder / "z.dcm")


def cut_short(paths: list[Path], folder: Path) -> None:
    paths[0].write_bytes(paths[0].read_bytes()[:-60])


def multiply(paths: list[Path], folder: Path) -> None:
    writer.write_series(folder, STORED, NumberOfFrames=2, **PLACED)


def forget_place(paths: list[Path], folder: Path) -> None:
    writer.write_series(folder, STORED, ImagePositionPatient=None, **PLACED)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (remove, r"1 slice\(s\) are missing between 1-004.dcm and 1-002.dcm \(30 and 35 mm\)"),
        (double, r"two slices at one place: .*\(32.5 and 32.5 mm\)"),
        (keep_one, r"holds one slice"),
        (shift, r"unevenly spaced: 1.9 mm between"),
        (mix, r"holds 2 series: 1.2.3 \(4 files\), 9.9 \(2 files\)"),
        (localise, r"z.dcm differs from 1-001.dcm in size, pixel spacing or direction"),
        (cut_short, r"its pixels cannot be read"),
        (multiply, r"holds 2 frames"),
        (forget_place, r"1-001.dcm is no slice of a series"),
    ],
)
def test_what_is_no_even_stack_is_refused(spoil: Any, message: str, tmp_path: Path) -> None:
    paths = writer.write_series(tmp_path, STORED, **PLACED)
    spoil(paths, tmp_path)
    with pytest.raises(InputError, match=message):
        dicom.read_series(tmp_path)


def test_tilted_gantry_is_refused(tmp_path: Path) -> None:
    for number in range(4):
        place = (0.0, 0.5 * number, 2.5 * number)
        (path,) = writer.write_series(tmp_path / "one", STORED[:1], series="1.2.3", origin=place)
        path.replace(tmp_path / f"{number}.dcm")
    with pytest.raises(InputError, match=r"shifted by 0.5 mm sideways"):
        dicom.read_series(tmp_path)


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_folder_without_slices_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=rf"{name} (is missing|holds no DICOM)"):
        dicom.read_series(tmp_path / name)
