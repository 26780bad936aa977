"""Which cases and slices of SAROS stand in for EPD: as many patients and slices, by a rule that anyone can repeat."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from softbench import images
from softbench.datasets.sources import tissues
from softbench.errors import InputError

VERSION = 1
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

MASKS = ("case_*/body-regions.nii.gz", "*/case_*/body-regions.nii.gz", "masks/*/case_*/body-regions.nii.gz")

Row = dict[str, str]  # of the table, and `mask`: the path of the label map


def chosen(folder: Path) -> list[tuple[Row, list[int]]]:
    """Return the table's rows that are used, each with its slices (from the feet); a folder without masks has none.

    Rows of open, sound cases, sorted by id, are taken in the order `numpy.random.RandomState(0).permutation(n)` until
    `PATIENTS` patients have `SLICES` slices each.

    Raises: InputError: if the table lacks a column, or a mask is missing that the choice depends on.
    """
    rows = [row for row in _table(folder) if row["tcia_collection"] not in RESTRICTED and row["id"] not in UNSOUND]
    masks = {path.parent.name: path for pattern in MASKS for path in sorted(folder.glob(pattern))}
    found: dict[str, tuple[Row, list[int]]] = {}
    for index in np.random.RandomState(0).permutation(len(rows)) if masks else ():
        row = rows[index]
        if len(found) == PATIENTS:
            break
        if row["tcia_case_id"] in found:
            continue
        if row["id"] not in masks:
            raise InputError(f"{folder} lacks the mask of {row['id']}, and which cases are used depends on it. Add it.")
        levels = _abdominal(masks[row["id"]])
        if len(levels) >= SLICES:
            middles = [int((part + 0.5) * len(levels) / SLICES) for part in range(SLICES)]
            found[row["tcia_case_id"]] = (row | {"mask": str(masks[row["id"]])}, [levels[m] for m in middles])
    return list(found.values())


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


def _abdominal(mask: Path) -> list[int]:
    """Return the labelled slices with abdominal cavity."""
    stat = mask.stat()
    return list(_levels(mask, stat.st_size, stat.st_mtime_ns))


@cache
def _levels(mask: Path, size: int, changed_ns: int) -> tuple[int, ...]:
    """Read a mask; size and time are there so that a changed file is read anew."""
    array = images.read(mask).array
    cavity = (array == tissues.ABDOMINAL_CAVITY).any(axis=(1, 2))
    return tuple(int(level) for level in np.flatnonzero(cavity))
