"""PROSTATEx-Seg-Zones: four zones of the prostate in T2-weighted MRI, 98 patients (SVLS).

Images are the PROSTATEx collection of The Cancer Imaging Archive (TCIA), labels its analysis result Seg-Zones, one
DICOM-SEG object a patient. Other segmentations of the same patients (the whole prostate in fine voxels, those of other
groups) are left out: an object counts as zones if at least two of its segments are named after zones. It must then
hold each of the four once. The T2 series is the one that the object names.

Where zones overlap, the smaller one wins: painted are pz, tz, afs, dpu, each over the ones before.
Patients without zones (248 of 346) are no cases.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from softbench.datasets import case as words
from softbench.datasets.case import Volumes
from softbench.datasets.fetch import tcia
from softbench.datasets.sources import dicom
from softbench.datasets.sources.reading import intensities
from softbench.errors import InputError

VERSION = 1
TITLE = "PROSTATEx-Seg-Zones"
LICENCE = "CC BY 3.0"
CITATION = (
    "Meyer et al., PROSTATEx Zone Segmentations, TCIA, doi 10.7937/TCIA.NBB4-4655 (2020); "
    "Litjens et al., SPIE-AAPM PROSTATEx Challenge Data, TCIA, doi 10.7937/K9TCIA.2017.MURS5CL (2017)"
)
ACCESS = "tcia"
SIZE_GB = None  # not published
T2 = r"(?i)t2.*tra"  # of SeriesDescription: t2_tse_tra
SERIES = (
    tcia.Selection("PROSTATEx", modalities=("SEG",)),
    tcia.Selection("PROSTATEx", modalities=("MR",), description=T2),
)
LAYOUT = (
    "<PatientID>/<SeriesInstanceUID>/*.dcm, the T2 series and the DICOM-SEG series of each patient (ProstateX-####)"
)
MODALITIES = ("t2",)
CLASSES = ("background", "pz", "tz", "dpu", "afs")
STRUCTURES = {"PZ": (1,), "TZ": (2,), "DPU": (3,), "AFS": (4,)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
CASES = 98  # published; `softbench plan` counts with them before the split is made
NAMES = {  # what the name of a segment holds
    "pz": r"peripheral zone",
    "tz": r"transition(al)? zone",
    "dpu": r"urethra",
    "afs": r"fibromuscular stroma",
}
ORDER = ("pz", "tz", "afs", "dpu")  # painted one over the other
DEFAULTS = {
    "spacing_mm": [3.0, 0.5, 0.5],  # SVLS, Sec. 3.1
    "crop": {"size": [24, 320, 320], "at": "centre"},  # SVLS, Sec. 3.1
    "normalise": "zscore",  # not told
}
SPLITS = {
    "main": {"train": 0.714, "val": 0.082, "test": 0.204},  # of 98: 70, 8, 20; SVLS: 78 and 20
    "paper": {"train": 0.714, "train+val": 0.082, "test": 0.204},  # 78 train, eight of which also select, and 20 test
}


def choose_series(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return all segmentations, and the T2 series of the studies that have one."""
    segmented = {row["StudyInstanceUID"] for row in rows if row["Modality"] == "SEG"}
    return [row for row in rows if row["StudyInstanceUID"] in segmented]


def zone_name(name: str) -> str:
    """Return the class that the name of a segment means, or the name itself if it is no zone."""
    zones = [zone for zone, pattern in NAMES.items() if re.search(pattern, name, re.IGNORECASE)]
    return zones[0] if len(zones) == 1 else name


def find_cases(folder: Path) -> list[words.RawCase]:
    """List the patients with zones, sorted by id; none found is an empty list. One whose T2 is missing has no image."""
    cases = []
    for patient in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        folders = sorted(path for path in patient.iterdir() if path.is_dir())
        for series in folders:
            for zones in _zones(series):
                image = patient / zones.series
                images = (image,) if zones.series and image.is_dir() else ()
                cases.append(words.RawCase(patient.name, patient.name, images, (zones.path,)))
    return cases


def _zones(series: Path) -> list[dicom.Segmentation]:
    """Return the segmentations of a folder that are zones."""
    files = tuple((str(path), path.stat().st_mtime_ns) for path in sorted(series.glob("*.dcm")))
    return [
        header for header in _headers(series, files) if len(set(NAMES) & set(_named(header.segments.values()))) >= 2
    ]


@cache
def _headers(series: Path, files: tuple[tuple[str, int], ...]) -> tuple[dicom.Segmentation, ...]:
    """Read the segmentations of a series; the files are there so that changed ones are read anew."""
    return tuple(dicom.headers(series))


def _named(names: Iterable[str]) -> list[str]:
    return [zone_name(name) for name in names]


def read(case: words.RawCase) -> Volumes:
    """Read a patient: T2 in RAS, and the four zones on its grid.

    Raises: InputError: if segments are missing, superfluous or there twice (all are named), or do not lie on the grid
        of the T2 series.
    """
    _require_zones(case.labels[0])
    image = dicom.read_series(case.images[0])
    masks = dicom.masks(case.labels[0], image, zone_name)
    labels = np.zeros(image.array.shape, np.uint8)
    for zone in ORDER:
        labels[masks[zone]] = CLASSES.index(zone)
    empty = [zone for zone in ORDER if not masks[zone].any()]
    if empty:
        raise InputError(f"{case.labels[0]}: no pixel is set in {', '.join(empty)}. Leave the case out.")
    channel = intensities(case.images[0], image.array)
    return Volumes(channel[None], labels[None], image.spacing_mm, image.affine, image.axcodes)


def _require_zones(path: Path) -> None:
    (header,) = (header for header in dicom.headers(path.parent) if header.path == path)
    if sorted(_named(header.segments.values())) != sorted(NAMES):
        raise InputError(
            f"{path} must hold one segment each of {', '.join(NAMES)}, but holds {len(header.segments)}: "
            f"{'; '.join(header.segments.values())}. Is it another analysis result?"
        )
