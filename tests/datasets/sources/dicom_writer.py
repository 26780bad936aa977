"""DICOM files for tests: a CT or MR series, a file a slice, and binary segmentations, written by pydicom."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SegmentationStorage

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))  # direction along a row (to the patient's left) and down a column (back)
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))


def write_series(
    folder: Path,
    stored: np.ndarray,
    *,
    series: str,
    patient: str = "P1",
    spacing_mm: Sequence[float] = (5.0, 1.0, 1.0),
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    axes: Sequence[Sequence[float]] = AXIAL,
    intercept: int = -1024,
    modality: str = "CT",
    **changes: Any,
) -> list[Path]:
    """Write `stored` (slices, rows, columns) int16, slice 0 first along the normal; file names run the other way."""
    folder.mkdir(parents=True, exist_ok=True)
    normal = np.cross(*np.array(axes))
    paths = []
    for number, plane in enumerate(stored):
        data = _file(CTImageStorage, f"{series}.{number + 1}")
        data.PatientID, data.SeriesInstanceUID, data.Modality = patient, series, modality
        data.InstanceNumber = number + 1
        data.Rows, data.Columns = plane.shape
        data.PixelSpacing = [float(one) for one in spacing_mm[1:]]
        data.SliceThickness = 1.0  # nominal: positions count
        data.ImageOrientationPatient = [float(part) for axis in axes for part in axis]
        data.ImagePositionPatient = [float(part) for part in np.array(origin) + number * spacing_mm[0] * normal]
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation, data.SamplesPerPixel = 15, 1, 1
        data.PhotometricInterpretation = "MONOCHROME2"
        data.RescaleSlope, data.RescaleIntercept = 1, intercept
        data.PixelData = plane.astype("<i2").tobytes()
        for name, value in changes.items():
            setattr(data, name, value)
        paths.append(folder / f"1-{len(stored) - number:03d}.dcm")
        data.save_as(paths[-1], enforce_file_format=True)
    return paths


def write_segmentation(
    path: Path,
    masks: Mapping[str, np.ndarray],
    *,
    series: str,
    patient: str = "P1",
    spacing_mm: Sequence[float] = (3.0, 0.5, 0.5),
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    kind: str = "BINARY",
) -> None:
    """Write masks (slices, rows, columns) by the name of their segment; empty frames are left out, as dcmqi does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = _file(SegmentationStorage, f"{series}.9")
    data.PatientID, data.SeriesInstanceUID, data.Modality = patient, f"{series}.9", "SEG"
    data.SegmentationType = kind
    data.ReferencedSeriesSequence = [_of(SeriesInstanceUID=series)]
    data.SegmentSequence = [_of(SegmentNumber=number, SegmentLabel=name) for number, name in enumerate(masks, start=1)]
    data.SharedFunctionalGroupsSequence = [
        _of(
            PlaneOrientationSequence=[_of(ImageOrientationPatient=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])],
            PixelMeasuresSequence=[_of(PixelSpacing=[float(one) for one in spacing_mm[1:]])],
        )
    ]
    frames, groups = [], []
    for number, mask in enumerate(masks.values(), start=1):
        for level, plane in enumerate(mask):
            if plane.any():
                place = [origin[0], origin[1], origin[2] + level * spacing_mm[0]]
                frames.append(plane)
                groups.append(
                    _of(
                        SegmentIdentificationSequence=[_of(ReferencedSegmentNumber=number)],
                        PlanePositionSequence=[_of(ImagePositionPatient=[float(one) for one in place])],
                    )
                )
    data.PerFrameFunctionalGroupsSequence = groups
    data.NumberOfFrames = len(frames)
    data.Rows, data.Columns = next(iter(masks.values())).shape[1:]
    data.BitsAllocated = data.BitsStored = 1
    data.HighBit, data.PixelRepresentation, data.SamplesPerPixel = 0, 0, 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.PixelData = pack_bits(np.stack(frames).astype(np.uint8), pad=True)
    data.save_as(path, enforce_file_format=True)


def _file(kind: str, uid: str) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID, meta.MediaStorageSOPInstanceUID = (
        kind,
        ExplicitVRLittleEndian,
        uid,
    )
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID, data.StudyInstanceUID = kind, uid, "1.1"
    return data


def _of(**tags: Any) -> Dataset:
    data = Dataset()
    for name, value in tags.items():
        setattr(data, name, value)
    return data
