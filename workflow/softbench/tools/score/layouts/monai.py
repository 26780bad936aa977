"""MONAI: files of `SaveImage`, in a folder a case or together, and the folder `eval` of a bundle."""

import re
from pathlib import Path
from typing import Any

from softbench.given import NIFTI
from softbench.tools.score.inputs import NPZ, list_cases
from softbench.tools.score.layouts.layout import Given, Layout, read_json, same_in_all

VERSION = None  # names and places of files: no number
ENDINGS = (*NIFTI, *NPZ)
POSTFIX = re.compile(r"_(trans|seg|pred|prediction|prob|probs|discrete)$")  # SaveImage's own is trans


def read(given: Given) -> Layout:
    """Return the cases of each folder, and the labels that the metadata of a bundle names.

    Of `<name>/<name>_seg.nii.gz` the case is `<name>`; of `<name>_seg.nii.gz` too, for the endings that are in use.
    """
    folders = [source.folder for source in given.sources]
    names = None if given.settings.structures is not None else same_in_all(folders, _names)
    files = {folder: _cases(folder) for folder in folders}
    return Layout(files, names, None if names is None else max(map(max, names.values())) + 1)


def _cases(folder: Path) -> dict[str, list[Path]]:
    place = folder / "eval" if (folder / "configs").is_dir() and (folder / "eval").is_dir() else folder
    cases: dict[str, list[Path]] = {}
    for name, paths in list_cases(place, ENDINGS).items():
        cases.setdefault(POSTFIX.sub("", name), []).extend(paths)
    for inner in sorted(path for path in place.glob("*") if path.is_dir() and not path.name.startswith(".")):
        for name, paths in list_cases(inner, ENDINGS).items():
            if name == inner.name or name.startswith(f"{inner.name}_"):
                cases.setdefault(inner.name, []).extend(paths)
    return cases


def _names(folder: Path) -> dict[str, tuple[int, ...]] | None:
    """Return name -> id of a bundle's classes; None without a bundle, or where class 0 is no background."""
    places = (folder / "configs", folder.absolute().parent / "configs")
    path = next((p for place in places if (p := place / "metadata.json").is_file()), None)
    if path is None:
        return None
    named: Any = read_json(path)
    for key in ("network_data_format", "outputs", "pred", "channel_def"):
        named = named.get(key) if isinstance(named, dict) else None
    if not isinstance(named, dict) or not all(str(key).isdigit() for key in named):
        return None
    of_id = {int(key): str(name) for key, name in named.items()}
    if of_id.get(0, "").lower() != "background" or len(of_id) < 2:
        return None
    return {name: (label,) for label, name in sorted(of_id.items()) if label > 0}
