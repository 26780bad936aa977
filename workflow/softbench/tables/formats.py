"""The forms of a table of methods by columns."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from softbench.errors import InputError
from softbench.tables import forms, scores
from softbench.tables.parts import Table

Writer = TypeVar("Writer", bound=Callable[..., str])


def write(table: Table, path: Path | str) -> None:
    """Write a table in the form that the suffix of `path` names: .csv, .md, .tex or .html; by rename."""
    forms.write(scores.sheet(table), path)


def writer_of(writers: Mapping[str, Writer], path: Path) -> Writer:
    """Return the writer that the suffix of `path` names; raise `InputError` if there is none."""
    if path.suffix not in writers:
        raise InputError(f"a table can be written as {', '.join(writers)}, but the file is {path.name!r}.")
    return writers[path.suffix]
