"""Files to cases: find the volumes of a folder and pair images with labels by their name.

Images lie in one folder and label maps in another, as in the Decathlon and nnU-Net, or wherever a source looks itself.
"""

import inspect
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from types import ModuleType

from softbench import given
from softbench.datasets.case import RawCase
from softbench.errors import InputError
from softbench.images import Choices

VERSION = 1


def volumes(folder: Path) -> dict[str, list[Path]]:
    """Group the NIfTI files of a folder by name without suffix; hidden ones (`._*`, left by macOS) are no volumes."""
    files: dict[str, list[Path]] = defaultdict(list)
    for file in given.list_folder(folder):
        if parts := given.split_name(file):
            files[parts[0]].append(file)
    return dict(files)


def regroup(named: Iterable[tuple[str, list[Path]]], new_name: Callable[[str], str | None]) -> dict[str, list[Path]]:
    """Group files by another name; those of names that become alike are put together, in their order.

    Args:
        found: names with their files, as `volumes` returns them.
        new_name: returns the other name, or None for files that are left out.
    """
    groups: dict[str, list[Path]] = {}
    for name, files in named:
        new = new_name(name)
        if new is not None:
            groups.setdefault(new, []).extend(files)
    return groups


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


def require_cases(source: ModuleType, folder: Path, choices: Choices | None = None) -> list[RawCase]:
    """List the cases of a source in a folder; raise `InputError` if there are none, saying what is expected.

    Args:
        source: of the cases.
        folder: where to look.
        choices: how files are read whose headers leave it open; of use where a source reads files to find cases.
    """
    reads = choices is not None and "choices" in inspect.signature(source.find_cases).parameters
    settings = {"choices": choices} if reads else {}
    try:
        cases: list[RawCase] = source.find_cases(folder, **settings) if folder.is_dir() else []
    except OSError as error:
        raise InputError(
            f"{error.filename or folder} cannot be read ({error.strerror or error}). Fix its permissions: see `ls -l`."
        ) from error
    if not cases:
        state = "holds no cases of" if folder.is_dir() else "is missing or no folder; wanted is"
        raise InputError(f"{folder} {state} {source.TITLE}. Expected in it: {source.LAYOUT}.")
    return cases


FOLDERS = (("imagesTr", "labelsTr"),)


def find_in_folders(
    folder: Path, top: str, *, folders: Sequence[tuple[str, str]] = FOLDERS, suffix: str = ""
) -> list[RawCase]:
    """List the cases of a folder that is, or holds, `top`, sorted by id; none found is an empty list.

    Args:
        folder: where to look.
        top: name of the folder as published.
        folders: names of the folders of images and of labels; the first pair whose images exist counts.
        suffix: what image names may have and label names have not, e.g. nnU-Net's "_0000" of the first channel.
    """
    for root in (folder, folder / top):
        for images, labels in folders:
            if (root / images).is_dir():
                files = volumes(root / images)
                return pair(regroup(files.items(), lambda name: name.removesuffix(suffix)), volumes(root / labels))
    return []
