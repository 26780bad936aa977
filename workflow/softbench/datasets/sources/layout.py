"""Files to cases: find the volumes of a folder and pair images with labels by their name."""

from collections import defaultdict
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

from softbench.datasets.case import RawCase
from softbench.errors import InputError

VERSION = 1
SUFFIXES = (".nii.gz", ".nii")


def volumes(folder: Path) -> dict[str, list[Path]]:
    """Group the NIfTI files of a folder by name without suffix; hidden ones (`._*`, left by macOS) are no volumes."""
    found: dict[str, list[Path]] = defaultdict(list)
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        suffix = next((s for s in SUFFIXES if file.name.endswith(s)), None)
        if suffix and not file.name.startswith("."):
            found[file.name.removesuffix(suffix)].append(file)
    return dict(found)


def pair(images: dict[str, list[Path]], labels: dict[str, list[Path]]) -> list[RawCase]:
    """Pair one image with one label map per name; each name is its own patient.

    A name with an image or a label only still makes a case (with an empty tuple), and a name with two files makes two:
    nothing is left out in silence, and `reading` says what is wrong.
    """
    cases = []
    for name in sorted(images.keys() | labels.keys()):
        for image, label in zip_longest(images.get(name, []), labels.get(name, [])):
            cases.append(RawCase(name, name, (image,) if image else (), (label,) if label else ()))
    return cases


def require_cases(source: ModuleType, folder: Path) -> list[RawCase]:
    """List the cases of a source in a folder; raise `InputError` if there are none, saying what is expected."""
    try:
        cases: list[RawCase] = source.find_cases(folder) if folder.is_dir() else []
    except OSError as error:
        raise InputError(
            f"{error.filename or folder} cannot be read ({error.strerror or error}). Mend its permissions: see `ls -l`."
        ) from error
    if not cases:
        state = "holds no cases of" if folder.is_dir() else "is missing or no folder; wanted is"
        raise InputError(f"{folder} {state} {source.TITLE}. Expected in it: {source.LAYOUT}.")
    return cases
