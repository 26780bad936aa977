"""A view: one thing that a reader is shown of a table. Each stands in one file, and all else follows from that file.

A file `tables/views/<name>.py`, `figures/views/<name>.py` or `papers/views/<name>.py` assigns `VIEW = View(…)`. What
`build` returns, a `Sheet` or a `Picture`, is written in each of its forms; the page, `snakemake --report`, the list of
results and docs/views.md show it. Everything but the functions must be written out: the plan reads it as text.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.tables.given import Given
from softbench.tables.sheet import Sheet

VERSION = None  # what a view is


@dataclass(frozen=True)
class Picture:
    """A figure (matplotlib's) and its caption."""

    figure: Any
    caption: str


def always(given: Given) -> str:
    """Apply to every table."""
    return ""


def nothing_else(given: Given) -> Iterable[Path]:
    """Read no file but those that `needs` names."""
    return ()


@dataclass(frozen=True)
class View:
    """What a reader is shown of a table.

    name: of the view. Its files are called `{name}_{table}`, or after `file`, where `{table}` stands for the table.
    title: its heading on the page; views of one title stand together.
    caption: what it shows, in a sentence or two, for lists of results.
    build: makes it of what is given.
    needs: what of `Given` it is made from, besides the table's settings; a view is made again when these change.
    applies: says why it cannot be made for a table ("the data have no patients"); empty where it can.
    reads: further files that it reads, e.g. the provenance beside a run, which is no input of a job; and folders of
        which it reads the sizes of files.
    folded: whether the page shows it closed.
    of: the kinds of tables that have it: "methods" (methods by columns) and "paper" (ours beside the printed numbers).
    place: where it stands on the page, lower first.
    """

    name: str
    title: str
    caption: str
    build: Callable[[Given], Sheet | Picture]
    needs: tuple[str, ...] = ("scores",)
    applies: Callable[[Given], str] = always
    reads: Callable[[Given], Iterable[Path]] = nothing_else
    folded: bool = False
    file: str = ""
    of: tuple[str, ...] = ("methods",)
    place: int = 50
