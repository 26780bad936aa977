"""A paper's table with ours beside it: blocks of ours, and grids of the cells that every table has (`tables.parts`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from softbench.papers.published import PublishedTable
from softbench.tables.parts import Cell, Column, Method


@dataclass(frozen=True)
class Block:
    """Our results for one data set and arm of a printed table.

    dataset, arm: as the printed table names them.
    results: of `results.results`; None where nothing was run.
    command: that runs it.
    data: key of our data set; empty where it is the printed table's own.
    surrogate: whether `data` stands in for the paper's data; such numbers are shown, never judged.
    same_cases: whether ours are scored on the paper's own test cases; False where its case lists are not known.
    methods, structures: printed key -> ours, where they differ.
    note: a sentence for the reader, e.g. which runs failed; told: more of them, e.g. how long was trained.
    """

    dataset: str
    arm: str | None = None
    results: pd.DataFrame | None = None
    command: str = ""
    data: str = ""
    surrogate: bool = False
    same_cases: bool = False
    methods: Mapping[str, str] = field(default_factory=dict)
    structures: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One grid: a block (its `name` for the reader), one of the paper's annotation sets where it has several, and
    `cells[row][column]`. `printed`: the paper's keys of the first rows; it lacks the rows below them."""

    block: Block
    name: str
    rater: int | None
    printed: tuple[str, ...]
    rows: tuple[Method, ...]
    columns: tuple[Column, ...]
    cells: tuple[tuple[Cell, ...], ...]

    @property
    def title(self) -> str:
        """The name of its block, and the annotation set."""
        return self.name if self.rater is None else f"{self.name}, annotation set {self.rater}"


@dataclass(frozen=True)
class PaperTable:
    """A printed table with our numbers beside its own; a rehearsal is on phantoms, and no result."""

    printed: PublishedTable
    title: str
    sections: tuple[Section, ...]
    policy: str
    notes: tuple[str, ...] = ()
    is_rehearsal: bool = False

    @property
    def compared(self) -> tuple[Cell, ...]:
        """All cells that the paper has, grid by grid."""
        return tuple(cell for one in self.sections for row in one.cells for cell in row if cell.comparison is not None)
