"""What a table is made of: rows, columns, and cells that hold numbers, unrounded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from softbench.metrics import catalogue
from softbench.statistics import Difference

ALPHA = 0.05  # share of tables with a false bold number, if no method differed


@dataclass(frozen=True)
class Method:
    """A row: its `key`, its `title`, the `control` (a key, or None) that it is measured against, and if it is trained.

    What is not trained (the reference itself, the class frequencies) has one score, and no seeds. `scaled` names the
    method whose runs a row shows at their own temperature.
    """

    key: str
    title: str
    control: str | None = None
    trained: bool = True
    scaled: str | None = None


@dataclass(frozen=True)
class Column:
    """What a column shows: a metric of a structure in a region; `over` is "cases" or "pooled"."""

    metric: str
    structure: str = "all"
    roi: str = "all"
    title: str | None = None
    over: str = "cases"

    @property
    def described(self) -> catalogue.Metric:
        """The metric's entry in the catalogue: name, unit, better."""
        return catalogue.describe(self.metric)


@dataclass(frozen=True)
class Cell:
    """One number with its company, as `statistics.summarise` defines it; NaN and 0 where a method has no score."""

    mean: float = math.nan
    sd_seeds: float = math.nan
    sd_cases: float = math.nan
    n_seeds: int = 0
    n_cases: int = 0
    n_undefined: int = 0
    n_penalised: int = 0
    difference: Difference | None = None
    p_holm: float = math.nan  # of the difference, adjusted for all differences of the table
    verdict: str | None = None  # "better" or "worse" where that is below `ALPHA`
    same_map: bool = False  # method and control have one label map, and so one value: there is nothing to test

    @property
    def bold(self) -> bool:
        """Whether the difference to the control is larger than noise explains."""
        return self.verdict is not None


@dataclass(frozen=True)
class Failure:
    """A run that gave no score: a method, its seed, and what happened."""

    method: str
    seed: int
    reason: str


@dataclass(frozen=True)
class Ensemble:
    """What a method's ensemble is made of: its seeds; or the `reason` why there is none."""

    method: str
    seeds: tuple[int, ...]
    reason: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows of cells, `cells[row][column]`, unrounded, with all that a reader needs beside them."""

    title: str
    methods: tuple[Method, ...]
    columns: tuple[Column, ...]
    cells: tuple[tuple[Cell, ...], ...]
    policy: str
    controls: Mapping[str, str]  # title of each control that is named, row or not
    composites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # those that a column shows
    notes: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    prediction: str = "raw"
    ensembles: tuple[Ensemble, ...] = ()  # of the rows, where the prediction is that of ensembles
    tests: int = 0  # size of the family that Holm's adjustment is over
