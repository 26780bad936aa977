"""DICOM-SEG objects: named segments, frame by frame, laid onto the grid of the image that they were drawn on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError

from softbench.datasets.sources.dicom import LPS_TO_RAS, dicom_files
from softbench.errors import InputError
from softbench.images import Image

VERSION = 1
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
        Segmentation(path, {int(one.SegmentNumber): _name(one) for one in data.SegmentSequence}, _series(data))
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


def masks(path: Path, grid: Image, name_of: Callable[[str], str]) -> dict[str, np.ndarray]:
    """Lay the frames of a segmentation onto an image's grid.

    Args:
        path: of the object.
        grid: the image, in RAS.
        name_of: a short name for the full one of a segment; segments of one short name are joined.
    Returns: masks (D, H, W) bool by short name.
    Raises: InputError: if the object is no binary one, is damaged, or has a pixel that is set and lies outside of the
        grid or between its voxels.
    """
    data = _read(path)
    if data.get("SegmentationType") != "BINARY":
        raise InputError(f"{path} is {data.get('SegmentationType')}, but only BINARY segmentations are read.")
    result = {name_of(_name(one)): np.zeros(grid.array.shape, bool) for one in data.SegmentSequence}
    names = {int(one.SegmentNumber): name_of(_name(one)) for one in data.SegmentSequence}
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
                _affine(group, shared),
                plane,
            )
            for group, plane in zip(groups, pixels, strict=True)
        ]
    except (AttributeError, ValueError, IndexError, KeyError, TypeError, RuntimeError) as error:
        raise InputError(f"{path} is no whole segmentation ({error}). Download it again.") from error


def _item(group: Any, shared: Any, name: str) -> Any:
    """Return the item of a functional group: the frame's own, else the one that all frames share."""
    return (group.get(name) or getattr(shared, name))[0]


def _affine(group: Any, shared: Any) -> np.ndarray:
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
