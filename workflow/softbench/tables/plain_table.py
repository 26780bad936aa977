"""Rows of words as a table: for what is no table of methods by columns."""

from collections.abc import Sequence
from pathlib import Path

from softbench.tables import forms
from softbench.tables.sheet import Sheet, plain

Rows = Sequence[Sequence[str]]


def write(
    path: Path | str,
    title: str,
    about: str,
    heads: Sequence[str],
    rows: Rows,
    notes: Sequence[str] = (),
    *,
    groups: Sequence[str] = (),
) -> None:
    """Write a table in the form that the suffix names."""
    forms.write(Sheet(title, about, (plain(heads, rows, groups=groups),), tuple(notes)), path)


def text(
    suffix: str,
    title: str,
    about: str,
    heads: Sequence[str],
    rows: Rows,
    notes: Sequence[str] = (),
    groups: Sequence[str] = (),
) -> str:
    """Return a table in the form that a suffix names, for files of several; the arguments are those of `write`."""
    return forms.text(Sheet(title, about, (plain(heads, rows, groups=groups),), tuple(notes)), suffix)
