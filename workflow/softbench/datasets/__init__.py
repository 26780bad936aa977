"""Where does a case come from? Sources as published, datasets prepared on one grid, splits, and phantoms.

A source is a module of this folder, or of `phantoms/`, that assigns `ACCESS`; it is found by being there:

    VERSION, TITLE, LICENCE, CITATION   facts of the module and of the data
    ACCESS       how its files are had: "open" (anonymous download), "tcia" (series of The Cancer Imaging Archive),
                 "token" (download with a token of the user's), "manual" (a person must act), "made" (a phantom)
    MODALITIES   names of the image channels
    CLASSES      names of the classes; the index is the class id, 0 is background
    STRUCTURES   what a score's row may name, each with its class ids
    not made:    LAYOUT (the files expected, in words), find_cases(folder) -> list[RawCase], and optionally SIZE_GB:
                 (download, unpacked) in GB, so that the disk is looked at before anything starts
    open, token: ARCHIVES, or a function archives() -> Sequence[Archive] that asks no network; `tcia` may have them too
    tcia:        SERIES, a `tcia.Selection`, several, or a function of the folder `files/` that returns them;
                 optionally choose_series(rows) -> rows, of the listing's rows
    token:       TOKEN, the environment variable that holds it, and STEPS
    manual:      STEPS, what a person must do, a sentence each; with ARCHIVES a `mirror` may stand in
    made:        SIZES, CASES (how many by default), make(case, seed, size=...) -> Case
    PARTS        optional, modules: other modules whose VERSION decides what a case is
"""

import importlib
import re
from pathlib import Path
from types import ModuleType

from softbench.datasets.case import Archive, Case, RawCase
from softbench.datasets.folder import Dataset
from softbench.datasets.folder import open_folder as open
from softbench.errors import InputError

__all__ = ["Archive", "Case", "Dataset", "RawCase", "file_of", "names", "open", "source"]
PARTS = ("fetch", "phantoms", "prepare", "splits")


def __getattr__(name: str) -> ModuleType:
    """Import a part of this room when it is first named, so that `softbench.datasets.splits.read(...)` just works."""
    if name in PARTS:
        return importlib.import_module(f"softbench.datasets.{name}")
    raise AttributeError(f"module 'softbench.datasets' has no attribute {name!r}; its parts are: {', '.join(PARTS)}")


def names() -> list[str]:
    """List the sources: `hippocampus`, ... and `phantom_<stem>` for the modules of `phantoms/`."""
    return sorted(_files())


def source(name: str) -> ModuleType:
    """Import the module of a source.

    Raises: InputError: if there is none of this name; the message lists those that exist.
    """
    room = file_of(name).parent.name
    package = "softbench.datasets" if room == "datasets" else f"softbench.datasets.{room}"
    return importlib.import_module(f"{package}.{file_of(name).stem}")


def file_of(name: str) -> Path:
    """Return the file of a source's module, whose text holds its VERSION; errors as `source`."""
    files = _files()
    if name not in files:
        raise InputError(
            f"there is no source {name!r}; known are {', '.join(sorted(files))}. "
            f"A new one is a file softbench/datasets/{name}.py: see the contract in softbench/datasets/__init__.py."
        )
    return files[name]


def _files() -> dict[str, Path]:
    here = Path(__file__).parent
    published = {file.stem: file for file in here.glob("[!_.]*.py")}
    made = {f"phantom_{file.stem}": file for file in (here / "phantoms").glob("[!_.]*.py")}
    return {name: file for name, file in (published | made).items() if _is_source(file)}


def _is_source(file: Path) -> bool:
    """Look at the text alone: importing every module of the room to list it would be slow."""
    return re.search(r"^ACCESS\b.*=", file.read_text(encoding="utf-8"), re.MULTILINE) is not None
