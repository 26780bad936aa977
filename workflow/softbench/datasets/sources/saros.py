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

from pathlib import Path

import numpy as np

from softbench import images
from softbench.datasets import case as words
from softbench.datasets.fetch import tcia
from softbench.datasets.sources import dicom, saros_slices, tissues
from softbench.datasets.sources.reading import class_ids, intensities
from softbench.datasets.volumes import Volumes
from softbench.errors import InputError

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
LABEL_MAPS = 1  # of a case, one a rater
IGNORED = (255,)  # slices that nobody labelled
DEFAULTS = {
    # three HU windows as EPD, which gives no numbers; ours: fat, soft tissue, all of it
    "window": {"windows_hu": [[-190, -30], [-30, 150], [-1000, 400]]},
    "crop": {"size": [512, 512], "at": "centre"},  # EPD's slices
    "normalise": "none",  # the windows are scaled to [0, 1]
}
SPLITS = {"main": {"train": 0.7, "val": 0.1, "test": 0.2}}  # of patients; EPD: 80/20 of slices, no validation
UID = "tcia_series_instance_uid"


def SERIES(folder: Path) -> list[tcia.Selection]:  # noqa: N802 (a name of the contract)
    """Return the CT series of the cases that are used, from the table and masks in `folder`."""
    rows = [row for row, _ in saros_slices.chosen(folder)]
    return [
        tcia.Selection(
            name, series=tuple(row["tcia_series_instance_uid"] for row in rows if row["tcia_collection"] == name)
        )
        for name in sorted({row["tcia_collection"] for row in rows})
    ]


def find_cases(folder: Path) -> list[words.RawCase]:
    """List the slices that are used, sorted by id; none found is an empty list. One without CT has no image.

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
        for row, levels in saros_slices.chosen(folder)
        for level in levels
    ]
    return sorted(cases, key=lambda case: case.id)


def _ct(folder: Path, row: saros_slices.Row) -> tuple[Path, ...]:
    path = folder / row["tcia_case_id"] / row[UID]
    return (path,) if path.is_dir() else ()


def read(case: words.RawCase) -> Volumes:
    """Read one slice: CT on the label's grid, and the five tissues.

    Raises: InputError: if the mask holds other ids, or the CT is no even series or does not reach the slice.
    """
    level = case.details["slice"]
    mask, series = images.read(case.labels[0]), dicom.read_series(case.images[0])
    ids = {number: number for number in range(len(tissues.REGIONS))}
    regions, known = class_ids(mask.array[level], f"{case.labels[0]}, slice {level}", ids, IGNORED)
    hu = tissues.on_slice(series, mask, level)
    if hu is None:
        raise InputError(f"{case.images[0]} does not reach slice {level} of its label map. Is it another series?")
    return Volumes(
        intensities(case.images[0], hu)[None],
        tissues.derive(regions, hu)[None],
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
