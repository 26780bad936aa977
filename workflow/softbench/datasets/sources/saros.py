"""SAROS: body regions in CT, slice by slice; our public stand-in for the abdominal CT of Ali et al. (EPD).

EPD's data are not public: 57 patients, six slices of 512 x 512 pixels each, five tissues. SAROS labels every fifth
axial slice (5 mm thick) of 900 CT series of The Cancer Imaging Archive (TCIA) with body regions. Scores on it are not
comparable with the printed ones.

**Tissues**, our derivation (`tissues`), no one's annotation: `sat` is the subcutaneous tissue as labelled, `muscle`
and `imat` are the muscle region split at -190 to -30 HU, `vat` is what has the HU of fat in the abdominal cavity, and
`other` (EPD's MSC, which the paper does not define) is the rest of the body: organs, bone, thorax and so on.

**Cases**: `case_005_slice_040` is slice 40 (from the feet, from 0) of case 5: labelled, holding abdominal cavity.
As many as EPD: the first 57 patients whose case is open, sound and has six such slices, in the order of one fixed
permutation of the table; of each patient the first such case, and the slices that lie in the middle of six equal parts
of its labelled abdomen (`saros_slices`). So about a tenth of the several hundred GB of all series is downloaded.
Not taken: six collections that TCIA restricts (174 cases; they need a signed agreement), and the cases 609, 623 and
816, whose HU are abnormal. The table's own folds are for whole series and are not used.

**CT** comes from TCIA by its series and is brought onto the label's grid (trilinear, -1024 HU where there is no CT).
"""

import csv
from functools import cache
from pathlib import Path

import numpy as np
from scipy.ndimage import affine_transform

from softbench import images
from softbench.datasets import case as words
from softbench.datasets.case import Volumes
from softbench.datasets.fetch import tcia
from softbench.datasets.sources import dicom
from softbench.datasets.sources.reading import class_ids, intensities
from softbench.errors import InputError
from softbench.images import Choices, Image

VERSION = 1
TITLE = "SAROS, five tissues derived from body regions"
LICENCE = "masks CC BY 4.0; CT by its collection at TCIA, CC BY 3.0, CC BY 4.0 or CC BY-NC 3.0"
CITATION = (
    "Koitka et al., SAROS: A dataset for whole-body region and organ segmentation in CT imaging, Sci Data 11 (2024)"
)
ACCESS = "tcia"
SIZE_GB = None  # about 100 MB a series; not published
MASKS = "https://www.cancerimagingarchive.net/wp-content/uploads"
ARCHIVES = (
    words.Archive(
        url=f"{MASKS}/SAROS-Collection-NIfTI-files-v2_03-70-2024.zip",
        name="SAROS-Collection-NIfTI-files-v2_03-70-2024.zip",
        sha256="b509ff70fa69673b0697dac711a92b0e04476780feadf089927a7c8fcd7037e5",
        into="masks",
    ),
    words.Archive(
        url=f"{MASKS}/Segmentation-Info_09-29-2023.csv",
        name="Segmentation-Info_09-29-2023.csv",
        sha256="dac6df664279965567b79ff816a23d6f851cd7ab23340e81ff581c9b079c0cb1",
        unpack=False,
    ),
)
LAYOUT = (
    "Segmentation-Info_09-29-2023.csv, masks/SAROS-Collection-NIfTI-files-v2_03-70-2024/case_###/body-regions.nii.gz, "
    "and the CT as <tcia_case_id>/<tcia_series_instance_uid>/*.dcm"
)
MODALITIES = ("ct",)
CLASSES = ("background", "muscle", "imat", "sat", "vat", "other")
STRUCTURES = {"MUS": (1,), "IMAT": (2,), "SAT": (3,), "VAT": (4,), "MSC": (5,)}
DIMS = 2
CASES = 342  # slices of 57 patients; `softbench plan` counts with them before the split is made
LABEL_MAPS = 1  # of a case, one a rater
IGNORED = (255,)  # slices that nobody labelled
DEFAULTS = {
    # three HU windows as EPD, which gives no numbers; ours: fat, soft tissue, all of it
    "window": {"windows_hu": [[-190, -30], [-30, 150], [-1000, 400]]},
    "crop": {"size": [512, 512], "at": "centre"},  # EPD's slices
    "normalise": "none",  # the windows are scaled to [0, 1]
}
SPLITS = {
    "main": {
        "train": 0.7,
        "val": 0.1,
        "test": 0.2,
    },  # of 57 patients; EPD: 274 training and 68 validation slices, and reports these
    "paper": {"train": 0.8, "val+test": 0.2},  # 276 slices of 46 patients train, 66 of 11 select and test
    "paper_slices": {"train": 274, "val+test": 68, "leaks": "slices"},  # as EPD prints
}
UID = "tcia_series_instance_uid"
# before a dataset says how masks are read, as in a download: any way that it could say
UNDECIDED = Choices(affine="sform", rescale_labels=True)
Row = dict[str, str]  # of the table, and `mask`: the path of the label map


def SERIES(folder: Path) -> list[tcia.Selection]:  # noqa: N802 (a name of the contract)
    """Return the CT series of the cases that are used, from the table and masks in `folder`."""
    rows = [row for row, _ in chosen(folder)]
    return [
        tcia.Selection(
            name, series=tuple(row["tcia_series_instance_uid"] for row in rows if row["tcia_collection"] == name)
        )
        for name in sorted({row["tcia_collection"] for row in rows})
    ]


def find_cases(folder: Path, choices: Choices = UNDECIDED) -> list[words.RawCase]:
    """List the slices that are used, sorted by id; none found is an empty list. One without CT has no image.

    Args:
        folder: as published.
        choices: how masks are read whose headers leave it open.
    Raises: InputError: if the table lacks a column, or a mask cannot be read.
    """
    cases = [
        words.RawCase(
            f"{row['id']}_slice_{level:03d}",
            row["tcia_case_id"],
            _ct(folder, row),
            (Path(row["mask"]),),
            {"slice": level},
        )
        for row, levels in chosen(folder, choices)
        for level in levels
    ]
    return sorted(cases, key=lambda case: case.id)


def _ct(folder: Path, row: Row) -> tuple[Path, ...]:
    path = folder / row["tcia_case_id"] / row[UID]
    return (path,) if path.is_dir() else ()


def read(case: words.RawCase) -> Volumes:
    """Read one slice: CT on the label's grid, and the five tissues.

    Raises: InputError: if the mask holds other ids, or the CT is no even series or does not reach the slice.
    """
    level = case.details["slice"]
    mask, series = images.read_label_map(case.labels[0], case.choices), dicom.read_series(case.images[0])
    ids = {number: number for number in range(len(REGIONS))}
    regions, known = class_ids(mask.array[level], f"{case.labels[0]}, slice {level}", ids, IGNORED)
    hu = on_slice(series, mask, level)
    if hu is None:
        raise InputError(f"{case.images[0]} does not reach slice {level} of its label map. Is it another series?")
    return Volumes(
        intensities(case.images[0], hu)[None],
        derive(regions, hu)[None],
        mask.spacing_mm[1:],
        _in_plane(mask.affine, level),
        valid=None if known.all() else known,
    )


def _in_plane(affine: np.ndarray, level: int) -> np.ndarray:
    """Return (h, w, 1) to world x, y in mm of one slice."""
    plane = np.eye(3)
    plane[:2, :2] = affine[:2, 1:3]
    plane[:2, 2] = affine[:2, 3] + affine[:2, 0] * level
    return plane


PATIENTS, SLICES = 57, 6  # as EPD; other numbers are another dataset
RESTRICTED = (  # need a signed agreement with TCIA
    "ACRIN-HNSCC-FDG-PET-CT",
    "Anti-PD-1_MELANOMA",
    "HNSCC",
    "Head-Neck Cetuximab",
    "QIN-HEADNECK",
    "TCGA-HNSC",
)
UNSOUND = {
    "case_609": "abnormal HU (known defect)",
    "case_623": "abnormal HU (known defect)",
    "case_816": "abnormal HU (known defect)",
}
COLUMNS = ("id", "tcia_collection", "tcia_case_id", "tcia_series_instance_uid")

SLICE_MASKS = ("case_*/body-regions.nii.gz", "*/case_*/body-regions.nii.gz", "masks/*/case_*/body-regions.nii.gz")


def chosen(folder: Path, choices: Choices = UNDECIDED) -> list[tuple[Row, list[int]]]:
    """Return the table's rows that are used, each with its slices (from the feet); a folder without masks has none.

    Rows of open, sound cases, sorted by id, are taken in the order `numpy.random.RandomState(0).permutation(n)` until
    `PATIENTS` patients have `SLICES` slices each.

    Raises: InputError: if the table lacks a column, or a mask that the choice depends on is missing or cannot be read.
    """
    rows = [row for row in _table(folder) if row["tcia_collection"] not in RESTRICTED and row["id"] not in UNSOUND]
    masks = {path.parent.name: path for pattern in SLICE_MASKS for path in sorted(folder.glob(pattern))}
    scans: dict[str, tuple[Row, list[int]]] = {}
    for index in np.random.RandomState(0).permutation(len(rows)) if masks else ():
        row = rows[index]
        if len(scans) == PATIENTS:
            break
        if row["tcia_case_id"] in scans:
            continue
        if row["id"] not in masks:
            raise InputError(f"{folder} lacks the mask of {row['id']}, and which cases are used depends on it. Add it.")
        levels = _abdominal(masks[row["id"]], choices)
        if len(levels) >= SLICES:
            middles = [int((part + 0.5) * len(levels) / SLICES) for part in range(SLICES)]
            scans[row["tcia_case_id"]] = (row | {"mask": str(masks[row["id"]])}, [levels[m] for m in middles])
    return list(scans.values())


def _table(folder: Path) -> list[Row]:
    """Read the table, sorted by case; none found is an empty list."""
    files = sorted(folder.glob("Segmentation-Info*.csv"))
    if not files:
        return []
    with open(files[0], encoding="utf-8-sig", newline="") as file:
        rows: list[Row] = list(csv.DictReader(file))
    missing = [column for column in COLUMNS if rows and column not in rows[0]]
    if missing:
        raise InputError(f"{files[0]} lacks the column(s) {', '.join(missing)}. Is it the table of another release?")
    return sorted(rows, key=lambda row: row["id"])


def _abdominal(mask: Path, choices: Choices) -> list[int]:
    """Return the labelled slices with abdominal cavity."""
    stat = mask.stat()
    try:
        return list(_levels(mask, choices, stat.st_size, stat.st_mtime_ns))
    except InputError as error:
        raise InputError(
            f"{error} Which cases are used depends on this mask, so `drop` cannot leave it out: put the published file "
            "in its place."
        ) from error


@cache
def _levels(mask: Path, choices: Choices, size: int, changed_ns: int) -> tuple[int, ...]:
    """Read a mask; size and time are there so that a changed file is read anew."""
    array = images.read_label_map(mask, choices).array
    ids = array if array.dtype.kind in "iu" else images.to_label_map(array, str(mask))
    cavity = (ids == ABDOMINAL_CAVITY).any(axis=(1, 2))
    return tuple(int(level) for level in np.flatnonzero(cavity))


REGIONS = (  # of SAROS; the index is the published id
    "background",
    "subcutaneous tissue",
    "muscle",
    "abdominal cavity",
    "thoracic cavity",
    "bone",
    "parotid glands",
    "pericardium",
    "breast implant",
    "mediastinum",
    "brain",
    "spinal cord",
    "thyroid glands",
    "submandibular glands",
)
SUBCUTANEOUS, MUSCLE, ABDOMINAL_CAVITY = 1, 2, 3
FAT_HU = (-190.0, -30.0)  # the usual range of adipose tissue, both ends included
MUS, IMAT, SAT, VAT, OTHER = 1, 2, 3, 4, 5
AIR_HU = -1024.0  # where there is no CT


def derive(regions: np.ndarray, hu: np.ndarray) -> np.ndarray:
    """Return tissues (H, W) uint8: 1 muscle, 2 fat in muscle, 3 under the skin, 4 visceral fat, 5 the rest of the body.

    Args:
        regions: (H, W), ids of `REGIONS`.
        hu: (H, W).
    """
    fat = (hu >= FAT_HU[0]) & (hu <= FAT_HU[1])
    tissues = np.where(regions > 0, OTHER, 0)
    tissues[regions == SUBCUTANEOUS] = SAT
    tissues[regions == MUSCLE] = MUS
    tissues[(regions == MUSCLE) & fat] = IMAT
    tissues[(regions == ABDOMINAL_CAVITY) & fat] = VAT
    return tissues.astype(np.uint8)


def on_slice(series: Image, grid: Image, level: int) -> np.ndarray | None:
    """Return the HU (H, W) of a CT on one slice of another grid: trilinear, -1024 outside; None where it never reaches.

    Args:
        series: the CT, (D, H, W).
        grid: the label map.
        level: index of the slice along D of `grid`.
    """
    to_index = np.round(np.linalg.inv(series.affine) @ grid.affine, 6)  # rounded: borders that coincide must do so
    start = to_index[:3, 3] + to_index[:3, 0] * level
    middle = start + to_index[:3, 1:3] @ (np.array(grid.array.shape[1:]) - 1) / 2
    if (middle < -0.5).any() or (middle > np.array(series.array.shape) - 0.5).any():
        return None
    matrix = np.column_stack([np.zeros(3), to_index[:3, 1:3]])
    shape = (1, *grid.array.shape[1:])
    hu = affine_transform(
        series.array.astype(np.float32), matrix, start, shape, order=1, mode="grid-constant", cval=AIR_HU
    )
    return np.asarray(hu[0], np.float32)
