"""DICOM: a series (CT or MR, a file a slice) as a volume, and DICOM-SEG objects laid onto the grid of their image.

A series whose slices are not one even stack is refused; so is a segmentation that does not lie on the image's grid.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813 (its usual name)
from pydicom.errors import InvalidDicomError

from softbench.errors import InputError
from softbench.images import Image

VERSION = 1
PREAMBLE = 128  # bytes before the letters DICM
TAGS = (
    "SeriesInstanceUID",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
)
EVEN = 0.01  # share of the slice distance by which a step may differ; positions are decimals of few digits
MISSING = 1.5  # a step longer than so many slice distances is a missing slice, a shorter one is uneven
TILT_MM = 0.01  # sideways shift from slice to slice; more means a tilted gantry
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Slice:
    """Where one file lies: `position_mm` (3,) of its first voxel, `axes` (2, 3) along a row and down a column, LPS."""

    path: Path
    series: str
    frame: tuple[int, int]
    spacing_mm: tuple[float, float]
    axes: np.ndarray
    position_mm: np.ndarray

    @property
    def normal(self) -> np.ndarray:
        """Direction across the slice."""
        normal: np.ndarray = np.cross(*self.axes)
        return normal

    @property
    def depth_mm(self) -> float:
        """Place along the direction across the slice."""
        return float(self.position_mm @ self.normal)


def read_series(folder: Path) -> Image:
    """Read the one series of a folder: an array (D, H, W) in RAS, CT in Hounsfield units (rescale applied).

    Files that are no DICOM (a licence, `._*`) are passed over. Order and distance of slices come from their positions;
    names, instance numbers and the nominal thickness do not count.

    Raises: InputError: if the folder holds no DICOM file, files of several series, multi-frame files, slices that
        differ in size, spacing or direction, two slices at one place, a gap, uneven steps or a tilted gantry, or
        pixels that cannot be read.
    """
    ordered, step_mm = read_slices(folder)
    return _in_ras(_voxels(folder, ordered), _affine(ordered[0], step_mm))


def read_slices(folder: Path) -> tuple[list[Slice], float]:
    """Return where the slices of the one series of a folder lie, in order, and their distance in mm, by headers alone.

    Raises: InputError: as `read_series`, but for pixels.
    """
    slices = [_slice(path) for path in dicom_files(folder)]
    if not slices:
        raise InputError(f"{folder} holds no DICOM file. Expected is one series, a file a slice.")
    _require_one_series(folder, slices)
    ordered = sorted(slices, key=lambda level: level.depth_mm)
    return ordered, _even_step(folder, ordered)


def dicom_files(folder: Path) -> list[Path]:
    """List the DICOM files of a folder by name: those with the letters DICM after the preamble, none hidden."""
    if not folder.is_dir():
        raise InputError(f"{folder} is missing or no folder. Expected is one DICOM series, a file a slice.")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return [path for path in files if _is_dicom(path)]


def _is_dicom(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(PREAMBLE + 4)[PREAMBLE:] == b"DICM"


def _slice(path: Path) -> Slice:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(TAGS))
        frames = int(header.get("NumberOfFrames") or 1)
        level = Slice(
            path,
            str(header.SeriesInstanceUID),
            (int(header.Rows), int(header.Columns)),
            (float(header.PixelSpacing[0]), float(header.PixelSpacing[1])),
            np.array(header.ImageOrientationPatient, float).reshape(2, 3),
            np.array(header.ImagePositionPatient, float).reshape(3),
        )
    except (AttributeError, TypeError, ValueError, InvalidDicomError, OSError, EOFError) as error:
        raise InputError(
            f"{path} is no slice of a series: {error}. Leave it out, or download the series again."
        ) from error
    if frames != 1:
        raise InputError(f"{path} holds {frames} frames, but a series is read with a file a slice.")
    return level


def _require_one_series(folder: Path, slices: Sequence[Slice]) -> None:
    counts = Counter(level.series for level in slices)
    if len(counts) > 1:
        series = ", ".join(f"{uid} ({n} files)" for uid, n in sorted(counts.items()))
        raise InputError(f"{folder} holds {len(counts)} series: {series}. Keep one series a folder.")
    first = slices[0]
    for piece in slices[1:]:
        same_axes = np.allclose(piece.axes, first.axes, rtol=0, atol=1e-4)
        if (
            piece.frame != first.frame
            or not np.allclose(piece.spacing_mm, first.spacing_mm, atol=1e-5)
            or not same_axes
        ):
            raise InputError(
                f"{piece.path} differs from {first.path.name} in size, pixel spacing or direction "
                f"({piece.frame}, {piece.spacing_mm} mm, {piece.axes.ravel().round(4).tolist()} against {first.frame}, "
                f"{first.spacing_mm} mm, {first.axes.ravel().round(4).tolist()}). Leave localisers out of the folder."
            )


def _even_step(folder: Path, ordered: Sequence[Slice]) -> float:
    """Return the distance of the slices in mm; raise unless they are one even, straight stack."""
    if len(ordered) < 2:
        raise InputError(f"{folder} holds one slice ({ordered[0].path.name}), no volume. Download the series again.")
    steps = np.diff([level.depth_mm for level in ordered])
    step = float(np.sort(steps)[(len(steps) - 1) // 2])  # the lower median: of two steps, the one that is no gap
    for lower, upper, gap in zip(ordered, ordered[1:], steps, strict=False):
        pair = f"{lower.path.name} and {upper.path.name} ({lower.depth_mm:g} and {upper.depth_mm:g} mm)"
        if gap < 1e-3:
            raise InputError(f"{folder} holds two slices at one place: {pair}. Keep one acquisition a folder.")
        if gap > MISSING * step:
            missing = round(gap / step) - 1
            raise InputError(
                f"{folder}: {missing} slice(s) are missing between {pair}; others are {step:g} mm apart. "
                "Download the series again, or leave the case out."
            )
        if abs(gap - step) > EVEN * step:
            raise InputError(
                f"{folder}: slices are unevenly spaced: {gap:g} mm between {pair}, but {step:g} mm elsewhere. "
                "Leave the case out, or resample it to even slices first."
            )
    shift = ordered[-1].position_mm - ordered[0].position_mm
    sideways = np.linalg.norm(shift - (shift @ ordered[0].normal) * ordered[0].normal) / (len(ordered) - 1)
    if sideways > max(TILT_MM, EVEN * step):
        raise InputError(
            f"{folder}: each slice is shifted by {sideways:.3g} mm sideways (a tilted gantry). Leave it out."
        )
    return float((ordered[-1].depth_mm - ordered[0].depth_mm) / (len(ordered) - 1))


def _voxels(folder: Path, ordered: Sequence[Slice]) -> np.ndarray:
    """Return the intensities (slice, row, column), rescaled."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(level.path) for level in ordered])
    try:
        array: np.ndarray = sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"{folder}: its pixels cannot be read: {reason} Download the series again.") from error
    return array.astype(np.float32) if array.dtype == np.float64 else array


def _affine(first: Slice, step_mm: float) -> np.ndarray:
    """Return (column, row, slice, 1) to world mm in RAS."""
    affine = np.eye(4)
    affine[:3, 0] = first.axes[0] * first.spacing_mm[1]  # a step to the next column
    affine[:3, 1] = first.axes[1] * first.spacing_mm[0]
    affine[:3, 2] = first.normal * step_mm
    affine[:3, 3] = first.position_mm
    ras: np.ndarray = LPS_TO_RAS @ affine
    return ras


def _in_ras(array: np.ndarray, affine: np.ndarray) -> Image:
    start = nib.io_orientation(affine)
    turned = nib.apply_orientation(array.T, start)
    to_file = nib.orientations.inv_ornt_aff(start, array.T.shape)
    axcodes = "".join(nib.aff2axcodes(affine))
    return Image(np.ascontiguousarray(turned.T), (affine @ to_file)[:, [2, 1, 0, 3]], axcodes)


OFF_GRID = 0.25  # voxels by which a frame's pixel may miss a voxel's centre; headers hold decimals of few digits


@dataclass(frozen=True)
class Segmentation:
    """The header of one object: names of its segments by number, and the series that it was drawn on ("" if untold)."""

    path: Path
    segments: Mapping[int, str]
    series: str


def headers(folder: Path) -> list[Segmentation]:
    """Return the segmentations among the DICOM files of a folder; other files are passed over.

    Raises: InputError: if a file is damaged.
    """
    objects = [path for path in dicom_files(folder) if _read(path, specific_tags=["Modality"]).get("Modality") == "SEG"]
    files = [(path, _read(path, stop_before_pixels=True)) for path in objects]
    return [
        Segmentation(
            path, {int(segment.SegmentNumber): _name(segment) for segment in data.SegmentSequence}, _series(data)
        )
        for path, data in files
        if "SegmentSequence" in data
    ]


def _read(path: Path, **options: Any) -> Any:
    try:
        return pydicom.dcmread(path, **options)
    except (InvalidDicomError, OSError, EOFError, ValueError, AttributeError) as error:
        raise InputError(f"{path} cannot be read as DICOM ({error}). Download it again.") from error


def _name(segment: Any) -> str:
    """Return all that tells what a segment is: its label, its description and its coded type."""
    coded = segment.get("SegmentedPropertyTypeCodeSequence") or [{}]
    parts = [segment.get("SegmentLabel"), segment.get("SegmentDescription"), coded[0].get("CodeMeaning")]
    return " / ".join(dict.fromkeys(str(part) for part in parts if part))


def _series(data: Any) -> str:
    referenced = data.get("ReferencedSeriesSequence") or [{}]
    return str(referenced[0].get("SeriesInstanceUID") or "")


def masks(path: Path, grid: Image, shorten: Callable[[str], str]) -> dict[str, np.ndarray]:
    """Lay the frames of a segmentation onto an image's grid.

    Args:
        path: of the object.
        grid: the image, in RAS.
        shorten: returns a short name for the full one of a segment; segments of one short name are joined.
    Returns: masks (D, H, W) bool by short name.
    Raises: InputError: if the object is no binary one, is damaged, or has a pixel that is set and lies outside of the
        grid or between its voxels.
    """
    data = _read(path)
    if data.get("SegmentationType") != "BINARY":
        raise InputError(f"{path} is {data.get('SegmentationType')}, but only BINARY segmentations are read.")
    names = {int(segment.SegmentNumber): shorten(_name(segment)) for segment in data.SegmentSequence}
    result = {name: np.zeros(grid.array.shape, bool) for name in names.values()}
    to_index = np.linalg.inv(grid.affine)
    for number, (segment, affine, pixels) in enumerate(_frames(path, data)):
        if pixels.any():
            _paint(result[names[segment]], pixels, to_index @ affine, f"{path}, frame {number + 1}")
    return result


def _frames(path: Path, data: Any) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Return segment number, (row, column, 1) to world mm in RAS (4, 3), and pixels (rows, columns) of each frame."""
    try:
        shared = data.SharedFunctionalGroupsSequence[0]
        groups = data.PerFrameFunctionalGroupsSequence
        pixels = np.asarray(data.pixel_array).reshape(len(groups), int(data.Rows), int(data.Columns))
        return [
            (
                int(_item(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber),
                _frame_affine(group, shared),
                plane,
            )
            for group, plane in zip(groups, pixels, strict=True)
        ]
    except (AttributeError, ValueError, IndexError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{path} is no whole segmentation ({error}). Download it again.") from error


def _item(group: Any, shared: Any, name: str) -> Any:
    """Return the item of a functional group: the frame's own, else the one that all frames share."""
    return (group.get(name) or getattr(shared, name))[0]


def _frame_affine(group: Any, shared: Any) -> np.ndarray:
    position = _item(group, shared, "PlanePositionSequence").ImagePositionPatient
    axes = np.array(_item(group, shared, "PlaneOrientationSequence").ImageOrientationPatient, float).reshape(2, 3)
    spacing = _item(group, shared, "PixelMeasuresSequence").PixelSpacing
    affine = np.zeros((4, 3))
    affine[:3, 0] = axes[1] * float(spacing[0])  # a step to the next row
    affine[:3, 1] = axes[0] * float(spacing[1])
    affine[:, 2] = *(float(part) for part in position), 1
    ras: np.ndarray = LPS_TO_RAS @ affine
    return ras


def _paint(mask: np.ndarray, pixels: np.ndarray, to_index: np.ndarray, where: str) -> None:
    """Set the voxels of `mask` in which the pixels of a frame lie."""
    rows, columns = np.nonzero(pixels)
    places = (to_index @ np.stack([rows, columns, np.ones(len(rows))]))[:3]
    voxels = np.rint(places).astype(int)
    off = float(np.abs(places - voxels).max())
    outside = ((voxels < 0) | (voxels >= np.array(mask.shape)[:, None])).any(axis=0)
    if off > OFF_GRID or outside.any():
        raise InputError(
            f"{where} does not lie on the grid of its image: {int(outside.sum())} of {len(rows)} pixels are outside, "
            f"others up to {off:.2f} voxels between. Was it drawn on another series?"
        )
    mask[tuple(voxels)] = True
