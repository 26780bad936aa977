"""CURVAS 2024: pancreas, kidneys and liver in CT, outlined by three raters; the challenge of calibration and volume.

90 scans of the whole trunk: 20 for training, 5 for validation, 65 for testing, each with the annotations of three
people. `main` is the challenge's own split.
**Not checked on real files.** Layout, ids and checksum were read off programs of others (torch-em, amid, the
challenge's own code: 1 pancreas, 2 kidney, 3 liver), and which case is in which part off their lists.
**Faults that they report.** `training_set.zip` is damaged (torch-em repairs it). Offsets cut to 32 bits, as macOS
writes them beyond 4 GB, would explain that, and are read. Headers of some annotations scale the ids, which come out
nearly whole: that is taken as meant (`rescale_labels`). Two cases are left out: `workflow/known_cases/curvas.csv`.
**The licence was not confirmed.** The record was out of reach, and others who read it name two: CC BY 4.0 and CC BY-NC.
Read it at https://zenodo.org/records/13767408 before you use the data, or pass on what was made of it.
"""

import sys
from pathlib import Path

from softbench.datasets.case import Archive, RawCase, Volumes
from softbench.datasets.fetch import shelf
from softbench.datasets.sources import reading
from softbench.errors import InputError

VERSION = 1
TITLE = "CURVAS 2024, abdominal organs by three raters"
LICENCE = "not confirmed: read it at zenodo.org/records/13767408 (others name CC BY 4.0, and CC BY-NC)"
CITATION = (
    "Riera-Marín et al., Calibration and Uncertainty for multiRater Volume Assessment in multiorgan Segmentation "
    "(CURVAS) challenge results, arXiv:2505.08685 (2025); data: doi 10.5281/zenodo.11147560"
)
ACCESS = "open"
SIZE_GB = (29.4, 29.4)  # as others report of the three archives; volumes are compressed already
ALL = "https://zenodo.org/records/13767408/files"
ARCHIVES = (
    Archive(
        url="https://zenodo.org/records/12687192/files/training_set.zip",
        name="training_set.zip",
        sha256="1126a2205553ae1d4fe5fbaee7ea732aacc4f5a92b96504ed521c23e5a0e3f89",
    ),
    Archive(f"{ALL}/validation_set.zip", "validation_set.zip"),
    Archive(f"{ALL}/testing_set.zip", "testing_set.zip"),
)
LAYOUT = (
    "<case>/image.nii.gz and <case>/annotation_1.nii.gz to annotation_3.nii.gz, in training_set/, validation_set/ and "
    "testing_set/ or in any folders below"
)
MODALITIES = ("ct",)
CLASSES = ("background", "pancreas", "kidneys", "liver")  # the published ids
STRUCTURES = {"pancreas": (1,), "kidneys": (2,), "liver": (3,)}
DIMS = 3
SHAPE = (1352, 512, 512)  # voxels; the largest of all cases, as others report
CASES = 90
LABEL_MAPS = 3  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1, 2: 2, 3: 3}
RATERS = (1, 2, 3)
DEFAULTS = {  # ours: no paper here uses this source
    "spacing_mm": [2.5, 2.0, 2.0],  # D H W; as `flare2021`
    "window": {"hu": [-160, 240]},  # a common window for soft tissue
    "crop": {"size": [128, 160, 208], "at": "foreground"},  # voxels; 320 x 320 x 416 mm of a scan of the whole trunk
    "normalise": "zscore",
    "rescale_labels": True,
}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases anywhere below a folder, sorted by id, with the files that are there; none is an empty list."""
    if not folder.is_dir():
        return []
    patterns = ("image.nii.gz", "annotation_*.nii.gz")
    files = [path for pattern in patterns for path in folder.rglob(pattern)]
    folders = {path.parent for path in files if not shelf.is_hidden(path.relative_to(folder))}
    return sorted((_case(place) for place in folders), key=lambda case: (case.id, case.images, case.labels))


def _case(folder: Path) -> RawCase:
    image = folder / "image.nii.gz"
    annotations = tuple(sorted(folder.glob("annotation_*.nii.gz")))
    return RawCase(folder.name, folder.name, (image,) if image.is_file() else (), annotations)


def read(case: RawCase) -> Volumes:
    """Read a case with the label maps of its three raters.

    Raises: InputError: as `reading.read_case`; if not just the annotations 1, 2 and 3 are there.
    """
    require_raters(case)
    return reading.read_case(case, sys.modules[__name__])


def read_raters(case: RawCase) -> Volumes:
    """Read the label maps of the three raters alone: `channels` has the shape (0, D, H, W); errors as `read`."""
    require_raters(case)
    return reading.join_raters(reading.read_label_maps(case), case, sys.modules[__name__])


def require_raters(case: RawCase) -> None:
    """Raise unless just the annotations 1, 2 and 3 are there, by the names of the files."""
    if not case.labels or [path.name for path in case.labels] != [f"annotation_{rater}.nii.gz" for rater in RATERS]:
        has = ", ".join(path.name for path in case.labels) or "no annotation"
        raise InputError(f"has {has} where annotation_1 to annotation_3 are needed. Add them, or `drop` the case.")
