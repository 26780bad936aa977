"""What a table "ours beside printed" is made of: blocks of ours, and cells that hold both numbers, unrounded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from softbench.papers import published
from softbench.papers.published import PrintedMetric, PublishedTable

Status = Literal["within", "outside", "not comparable", "surrogate", "not run"]
STATUSES: tuple[Status, ...] = ("within", "outside", "not comparable", "surrogate", "not run")


@dataclass(frozen=True)
class Block:
    """Our results for one data set and arm of a printed table.

    dataset, arm: as the printed table names them.
    results: of `beside_results.results`; None where nothing was run.
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
class Ours:
    """A mean of ours with its spread, as `statistics.summarise` defines it; `by_seed` and `runs`: `beside_results`."""

    mean: float
    sd_seeds: float = math.nan
    n_seeds: int = 0
    sd_cases: float = math.nan
    n_cases: int = 0
    n_undefined: int = 0
    n_penalised: int = 0
    by_seed: Mapping[int, float] = field(default_factory=dict, hash=False)
    runs: str = ""


@dataclass(frozen=True)
class Printed:
    """A printed number in our unit: `sd` (NaN where no ± is printed), half a unit of its last digit, and what the ± is
    over. `n_seeds` is 1 unless it is over seeds; `n_cases` is None where the paper does not say how many."""

    mean: float
    sd: float
    half_unit: float
    n_seeds: int
    n_cases: int | None


@dataclass(frozen=True)
class Judgement:
    """A status, why a number is not comparable, and how far from each other the two may lie to be within (or NaN)."""

    status: Status
    reason: str = ""
    reach: float = math.nan


@dataclass(frozen=True)
class Cell:
    """One place of a table. `printed` is None in rows that the paper lacks, which have no judgement either.

    `ours` has the paper's definition of the metric, `standard` the usual one where they differ; None where not scored.
    """

    printed: published.PrintedCell | None = None
    value: Printed | None = None
    ours: Ours | None = None
    standard: Ours | None = None
    judgement: Judgement | None = None

    @property
    def difference(self) -> float:
        """Ours minus printed, in our unit; NaN where one is missing."""
        return math.nan if self.ours is None or self.value is None else self.ours.mean - self.value.mean


@dataclass(frozen=True)
class Row:
    """A method: its `key` in the paper (ours where the paper lacks it), `ours`, `title`, and whether it is printed."""

    key: str
    ours: str
    title: str
    is_printed: bool


@dataclass(frozen=True)
class Column:
    """A printed metric of a structure, with its key of ours and the standard one beside it where they differ."""

    structure: str
    metric: PrintedMetric
    standard: str | None


@dataclass(frozen=True)
class Section:
    """One grid: a block (its `name` for the reader), and one of the paper's annotation sets where it has several;
    `cells[row][column]`."""

    block: Block
    name: str
    rater: int | None
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    cells: tuple[tuple[Cell, ...], ...]

    @property
    def title(self) -> str:
        """The name of its block, and the annotation set."""
        return self.name if self.rater is None else f"{self.name}, annotation set {self.rater}"


@dataclass(frozen=True)
class Beside:
    """A printed table with our numbers beside its own."""

    table: PublishedTable
    title: str
    sections: tuple[Section, ...]
    policy: str
    notes: tuple[str, ...] = ()

    @property
    def printed_cells(self) -> tuple[Cell, ...]:
        """All cells that the paper has, grid by grid."""
        return tuple(cell for one in self.sections for row in one.cells for cell in row if cell.printed is not None)
