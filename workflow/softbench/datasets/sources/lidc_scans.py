"""What a folder of LIDC holds: CT series, one in a folder whatever its name, and the XML files that are about them."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from softbench.datasets.fetch import content
from softbench.datasets.sources import lidc_annotations
from softbench.errors import InputError

VERSION = 1


@dataclass(frozen=True)
class Scan:
    """One CT series of a folder, by the header of its first file."""

    folder: Path
    series: str
    patient: str
    thickness_mm: float
    pixel_mm: float

    @property
    def name(self) -> str:
        """Patient and the last five digits of the series: eight patients have two series."""
        return f"{self.patient}_{self.series.replace('.', '')[-5:]}"


def scans(folder: Path) -> list[Scan]:
    """List the CT series below a folder, by the first DICOM file of each folder that has some."""
    first: dict[Path, Path] = {}
    for path in sorted(folder.rglob("*.dcm")):
        if not content.is_hidden(path.relative_to(folder)):
            first.setdefault(path.parent, path)
    found = [_scan(path) for path in first.values()]
    return sorted((scan for scan in found if scan), key=lambda scan: scan.name)


def _scan(path: Path) -> Scan | None:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        if header.Modality != "CT":
            return None
        uid, patient = str(header.SeriesInstanceUID), str(header.PatientID)
        return Scan(path.parent, uid, patient, float(header.SliceThickness), float(header.PixelSpacing[0]))
    except (AttributeError, TypeError, ValueError, OSError, InvalidDicomError) as error:
        raise InputError(f"{path} has no header of a CT slice ({error}). Download its series again.") from error


def xml_files(folder: Path) -> dict[str, Path]:
    """Return the annotation file of each series; raise if two files of one series say different things."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*.xml")):
        series = None if content.is_hidden(path.relative_to(folder)) else lidc_annotations.series_of(path)
        if series:
            found[series].append(path)
    for paths in found.values():
        if len({path.read_bytes() for path in paths}) > 1:
            raise InputError(f"{' and '.join(map(str, paths))} are about one series, but differ. Keep the right one.")
    return {series: paths[0] for series, paths in found.items()}
