"""Where does a case come from? Sources as published, datasets prepared on one grid, splits, and phantoms.

A source is a module of `sources/`, or of `phantoms/`, that assigns `ACCESS`; it is found by being there, and
fetched (`fetch/`) and prepared (`prepare/`) by the same two rules. With it come tests and, unless it is "own", an entry
of its facts in `docs/make/datasets.yaml`; docs/datasets.md shows a whole one. Marked *: read from the text of the
module, so a plain literal (strings, numbers, lists, dicts).

**Every source**

    VERSION*     whole number; raised when the module gives other cases from the same files
    TITLE*       one line, under every table of its data
    LICENCE*     of the data, for the same line; say so where redistribution is forbidden
    CITATION     what to cite
    ACCESS       how its files are had: "open" (anonymous download), "tcia" (series of The Cancer Imaging Archive),
                 "token" (download with a token of the user's), "manual" (a person must act), "own" (files of
                 the user's, in a folder that `folders` names: `make dataset` writes such a module), "made" (a phantom)
    MODALITIES   names of the image channels, in the order of `RawCase.images`, which names a file of several channels
                 once for each
    CLASSES      names of the classes; the index is the class id, 0 is background
    STRUCTURES*  what a score's row may name, each with its class ids; a table that names another is refused when config
                 is read, unless the module computes them
    DIMS*        optional, 3 or 2: whether images are volumes or planes; so config with a crop of the other is refused
    LABEL_MAPS*  optional, of a case, one a rater; so a method of a further rater is refused

**Files to cases: every source that is not made**

    LAYOUT       the files expected, in words: the end of "Expected in it: ..."
    find_cases(folder) -> list[RawCase]
                 sorted by id, [] where the folder holds none; the folder is the published one or holds it; hidden files
                 (`._*`) are no files. A case that lacks its image or its labels has an empty tuple there, and is later
                 refused by name: nothing is left out in silence. An id is of letters, digits, `_`, `-` and `.`. One
                 that reads NIfTI files to find cases also takes `choices` (`images.Choices`), with a default
    find_dropped(folder) -> dict[str, str]
                 optional: what lies there but is no case on purpose, each with its reason, for `dropped.csv`
    DROPPED      optional, case id -> reason: known defects, left out wherever they are found
    LABEL_IDS    optional, published id -> class id, of this release; without it each id means itself
    OTHER_RELEASES  optional, release -> its published ids but 0: what a label map with unknown ids may be instead; the
                 message names those that fit, so say there what an id means and which source has it
    OTHER_NAMES  optional, release -> regular expression of its cases' names: such a case is refused, since ids may be
                 the same ones and mean other things
    IGNORED      optional, published ids of voxels that nobody labelled: they are not `valid`, so count nowhere
    read(case, **settings) -> Volumes
                 optional, where `reading.read_case` (NIfTI files of one grid: one a rater, one a channel or for
                 all) will not do; arrays (M, D, H, W) in RAS, 2-D ones (M, H, W), checked by `reading.join` or as it
                 does. It refuses with `InputError`, to which the id of the case is added
    read_raters(case) -> Volumes
                 optional, for the study of raters: the label maps of a case alone, and channels (0, D, H, W); no
                 pixels of an image are read, which need not be there
    require_raters(case) -> None
                 optional, for the study of raters: refuses with `InputError` a case that lacks a rater's label map, by
                 the names of its files alone, so that all such cases are named before one is read. Without it, and
                 without `read`, a case needs as many label maps as LABEL_MAPS says
    extra_files(case, **settings) -> list[Path]
                 optional: what these settings need besides the case's own files, such as weights; part of its key
    SETTINGS*    optional, what `read` takes besides the case, with defaults; config may set them
    ALLOWED*     optional, type, range and meaning of each of SETTINGS, in the words of JSON Schema; without it config
                 is held to the type of the default
    DEFAULTS     optional, preparation by default: names of `prepare.DEFAULTS` (spacing_mm, interpolation,
                 label_interpolation, window, crop, normalise, dtype), each with its source in a comment
    PSEUDO_RATERS*  optional, why number k of two cases, or of two objects of a case, need not be one person, in words
                 that tables say below: then the dataset's manifest says so, and tables and figures have pseudo-raters
    PATIENTS_UNKNOWN*  optional, where the publisher tells no patients, so each case counts as one: what is known of
                 cases of one patient, in words that tables say of their splits
    SPLITS*      optional, split -> shares {"train": 0.7, "val": 0.1, "test": 0.2} of the patients, or whole numbers of
                 them, for ids that are known only after download (`splits.by_patient`); `train+val` and `val+test` are
                 parts that also select. With "leaks": "slices" the cases are split, whatever their patient, and tables
                 say so. A committed `workflow/splits/<dataset>/<split>.csv` goes first in any case
    SHAPE        optional, voxels (D, H, W) or (H, W) in RAS that no published case exceeds along any axis, and CASES,
                 optional, how many cases there are at most: `softbench plan` and jobs take memory and hours from them
                 where config sets no crop, or the split is made with the data
    SIZE_GB      optional, (download, unpacked) in GB, None where unknown: the disk is looked at before anything starts

**Files from publishers**

    open, token  ARCHIVES, or a function archives() -> Sequence[Archive] that asks no network; `tcia` may have them too
                 LABEL_ARCHIVES, optional, files with the label maps, for the study of raters, which then fetches no
                 image; they need no token, and the source `read_raters`
    tcia         SERIES, a `tcia.Selection`, several, or a function of the folder `files/` that returns them;
                 optionally choose_series(rows) -> rows, of the listing's rows
    token        TOKEN, the environment variable that holds it, and STEPS
    manual       STEPS, what a person must do, a sentence each; with ARCHIVES a `mirror` may stand in

**Made**

    SIZES, CASES (how many by default), make(case, seed, size=...) -> Case
"""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from softbench.datasets.case import Archive, Case, RawCase
from softbench.errors import InputError, import_file

if TYPE_CHECKING:
    from softbench.datasets.folder import Dataset
    from softbench.datasets.folder import open_folder as open
    from softbench.datasets.sources import layout, nnunet, reading

__all__ = ["Archive", "Case", "Dataset", "RawCase", "layout", "locate", "names", "nnunet", "open", "reading", "source"]
VERSION = None  # names alone
FOLDERS = ("sources", "phantoms", "")  # where sources lie; in this folder itself, own ones of an earlier version
OFFERED = {  # name -> where it is defined, and under which name there
    "Dataset": ("folder", "Dataset"),
    "open": ("folder", "open_folder"),
    "phantoms": ("phantoms", ""),
    "splits": ("splits", ""),
    "layout": ("sources.layout", ""),  # these three where own sources of an earlier version look for them
    "nnunet": ("sources.nnunet", ""),
    "reading": ("sources.reading", ""),
}


def __getattr__(name: str) -> Any:
    """Import a part of this room when it is first named, so that `softbench.datasets.splits.read(...)` just works, and
    a download does not depend on what reads prepared cases."""
    if name not in OFFERED:
        raise AttributeError(f"module 'softbench.datasets' has no attribute {name!r}; it has: {', '.join(OFFERED)}")
    module, attribute = OFFERED[name]
    part = importlib.import_module(f"softbench.datasets.{module}")
    return getattr(part, attribute) if attribute else part


def names() -> list[str]:
    """List the sources: `hippocampus`, ... and `phantom_<stem>` for the modules of `phantoms/`."""
    return sorted(_files())


def source(name: str) -> ModuleType:
    """Import the module of a source.

    Raises: InputError: if there is none of this name (the message lists those that exist), or it cannot be imported.
    """
    return import_file(locate(name))


def locate(name: str) -> Path:
    """Return the file of a source's module, whose text holds its VERSION; errors as `source`."""
    files = _files()
    if name not in files:
        raise InputError(
            f"there is no source {name!r}; known are {', '.join(sorted(files))}. "
            f"A new one is a file softbench/datasets/sources/{name}.py: see the contract in datasets/__init__.py."
        )
    return files[name]


def _files() -> dict[str, Path]:
    here = Path(__file__).parent
    return {
        f"phantom_{file.stem}" if folder == "phantoms" else file.stem: file
        for folder in reversed(FOLDERS)
        for file in (here / folder).glob("[!_.]*.py")
        if _is_source(file)
    }


def _is_source(file: Path) -> bool:
    """Look at the text alone: importing every module of the room to list it would be slow."""
    return re.search(r"^ACCESS\b.*=", file.read_text(encoding="utf-8", errors="replace"), re.MULTILINE) is not None
