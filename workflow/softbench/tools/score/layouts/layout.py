"""What is given of folders of another tool, and what is found in them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.jobs.faults import Fault
from softbench.jobs.progress import Log
from softbench.tools.score.inputs import Settings, Source

VERSION = None  # names and places of files: no number
Structures = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Given:
    """A call: its folders of predictions and references, its settings, and where label maps may be written.

    folds: of models that were trained in folds, those whose predictions are read; None: all that there are.
    """

    sources: Sequence[Source]
    references: Sequence[Path]
    settings: Settings
    output: Path
    workers: int
    log: Log
    folds: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Layout:
    """What the folders hold.

    files: folder -> case -> its files; folders that are not in it hold `<case>.nii.gz` or `<case>.npz`. structures,
    classes, ignore_label: as the tool describes its labels; None where it does not. faults: cases whose files could
    not be put together. notes: lines for the screen. said: sentences for readers of a table.
    """

    files: Mapping[Path, dict[str, list[Path]]]
    structures: Structures | None = None
    classes: int | None = None
    ignore_label: int | None = None
    faults: Sequence[Fault] = ()
    notes: Sequence[str] = ()
    said: Sequence[str] = ()


def read_json(path: Path) -> Any:
    """Read a description that a tool wrote.

    Raises: InputError: if it cannot be read.
    """
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}, which names the labels, cannot be read: {error}. Copy it again, or move it away and name the "
            "structures: --structures NAME=IDS ..."
        ) from error


def same_in_all(folders: Sequence[Path], describe: Callable[[Path], Any]) -> Any:
    """Return what `describe` says of the folders; None where it says nothing of any.

    Raises: InputError: if two folders are described differently.
    """
    of_folder = {folder: found for folder in folders if (found := describe(folder)) is not None}
    first = next(iter(of_folder), None)
    if first is None:
        return None
    for folder, found in of_folder.items():
        if found != of_folder[first]:
            raise InputError(
                f"the labels of {folder} are described otherwise than those of {first}: {found} and "
                f"{of_folder[first]}. Score each in its own call, or name the structures: --structures NAME=IDS ..."
            )
    return of_folder[first]
