"""BraTS: submissions `<case>.nii.gz` against `<case>-seg.nii.gz`, scored as whole tumour, core and enhancing tumour."""

import re
from collections.abc import Iterable
from pathlib import Path

from softbench.errors import InputError
from softbench.given import NIFTI
from softbench.tools.score.inputs import NPZ, list_cases
from softbench.tools.score.layouts.layout import Given, Layout, Structures

VERSION = None  # names and places of files: no number
SEGMENTATION = re.compile(r"[-_]seg$")
# Source: the challenges' descriptions of 2018 to 2021 (1 necrosis, 2 oedema, 4 enhancing) and 2023, 2024 (3 enhancing)
OLD: Structures = {"WT": (1, 2, 4), "TC": (1, 4), "ET": (4,)}
NEW: Structures = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
CLASSES = 5  # 4 is the resection cavity (RC) of 2024, or the enhancing tumour of older years
SAME = ("GLI", "MEN", "MET", "SSA", "GoAT")  # tasks with NEW


def read(given: Given) -> Layout:
    """Return the cases of each folder, those of training data in a folder a case, and the regions of their year."""
    folders = [*(source.folder for source in given.sources), *given.references]
    files = {folder: _cases(folder) for folder in folders}
    if given.settings.structures is not None:
        return Layout(files)
    return Layout(files, _regions(case for cases in files.values() for case in cases), CLASSES)


def _cases(folder: Path) -> dict[str, list[Path]]:
    """Return `<case>.nii.gz` and `<case>-seg.nii.gz` of a folder, else `<case>/<case>-seg.nii.gz` of its folders."""
    held = list_cases(folder, (*NIFTI, *NPZ))
    inner = sorted(path for path in folder.glob("*") if path.is_dir() and not path.name.startswith("."))
    cases: dict[str, list[Path]] = {}
    named = [name for name in held if SEGMENTATION.search(name)]  # else images lie beside them
    for name, paths in ((name, held[name]) for name in named or held):
        cases.setdefault(SEGMENTATION.sub("", name), []).extend(paths)
    for place in inner if not held else []:
        for name, paths in list_cases(place, NIFTI).items():
            if SEGMENTATION.sub("", name) == place.name and (name != place.name):
                cases.setdefault(place.name, []).extend(paths)  # the images beside it have other endings
    return cases


def _regions(cases: Iterable[str]) -> Structures:
    """Return the regions of the year and task that the names of cases tell.

    Raises: InputError: if the task has other labels, which differ between years.
    """
    names = sorted(set(cases))
    tasks = {name.split("-")[1] for name in names if re.match(r"BraTS-[A-Za-z-]+-\d", name)}
    if other := sorted(tasks - set(SAME)):
        raise InputError(
            f"cases of BraTS-{other[0]} have labels of their own, which differ between years. Name the structures by "
            "the label ids of your references, e.g. of children in 2024: --structures WT=1,2,3,4 TC=1,2,3 ET=1"
        )
    old = [name for name in names if re.match(r"(?i)brats(18|19|20|2021)_", name)]
    return OLD if old and not tasks else NEW
