"""What a table is made of: rows, columns, and cells that hold numbers, unrounded."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from softbench.metrics import catalogue
from softbench.statistics import Difference
from softbench.tables.temperatures import Temperature

if TYPE_CHECKING:  # an ordinary table does not rest on printed numbers
    from softbench.papers.published import PrintedCell, PrintedMetric

ALPHA = 0.05  # share of tables with a false bold number, if no method differed


@dataclass(frozen=True)
class Method:
    """A row: its `key`, its `title`, the `control` (a key, or None) that it is measured against, and if it is trained.

    What is not trained (the reference itself, the class frequencies) has one score, and no seeds. `scaled` names the
    method whose runs a row shows at their own temperature. `wrong`: it learns from another case's labels or image, on
    purpose, to show what that costs.
    """

    key: str
    title: str
    control: str | None = None
    trained: bool = True
    scaled: str | None = None
    wrong: bool = False

    @property
    def ranked(self) -> bool:
        """Whether the method is ranked; rows that show the same runs with a fitted temperature are not."""
        return self.trained and self.scaled is None


@dataclass(frozen=True)
class Column:
    """What a column shows: a metric of a structure in a region; `over` is "cases" or "pooled".

    metric: our key; empty where a paper's metric has none. printed: the paper's metric, in a paper's table; standard:
    our key of the usual metric beside it, where the paper's own definition is another; readings: our keys of what else
    the printed values could be.
    """

    metric: str
    structure: str = "all"
    roi: str = "all"
    title: str | None = None
    over: str = "cases"
    printed: "PrintedMetric | None" = None
    standard: str | None = None
    readings: tuple[str, ...] = ()

    @property
    def described(self) -> catalogue.Metric:
        """The metric's entry in the catalogue: name, unit, better."""
        return catalogue.describe(self.metric)


Status = Literal["within", "outside", "not comparable", "surrogate", "not run"]
STATUSES: tuple[Status, ...] = ("within", "outside", "not comparable", "surrogate", "not run")


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
class Comparison:
    """A number that a paper prints: as it is printed (`cell`), in our unit (`value`), and where ours stands to it."""

    cell: "PrintedCell"
    value: Printed
    judgement: Judgement


@dataclass(frozen=True)
class Summary:
    """A mean with its spread, as `statistics.summarise` defines it, in the metric's unit.

    by_seed: seed -> mean over cases; runs: what was trained together (experiment/network), so that equal seeds pair.
    Both are empty where nothing asks for them.
    """

    mean: float
    sd_seeds: float = math.nan
    sd_cases: float = math.nan
    n_seeds: int = 0
    n_cases: int = 0
    n_undefined: int = 0
    n_penalised: int = 0
    by_seed: Mapping[int, float] = field(default_factory=dict, hash=False)
    runs: str = ""


UNSCORED = Summary(math.nan)


@dataclass(frozen=True)
class Cell:
    """One cell of a table: our number with its spread and counts, and the numbers that it is compared with.

    summary: None where nothing was scored. difference …same_map: to the control of its row. comparison, standard: to
    the number that a paper prints, and the usual metric where the paper's own is another. readings: key -> what else
    the printed number could be.
    """

    summary: Summary | None = None
    difference: Difference | None = None
    p_holm: float = math.nan  # of the difference, adjusted for all differences of the table
    verdict: str | None = None  # "better" or "worse" where that is below `ALPHA`
    same_map: bool = False  # method and control have one label map, and so one value: there is nothing to test
    comparison: Comparison | None = None
    standard: Summary | None = None
    readings: Mapping[str, Summary] = field(default_factory=dict, hash=False)

    @property
    def _known(self) -> Summary:
        return self.summary or UNSCORED

    @property
    def mean(self) -> float:
        """NaN where nothing was scored."""
        return self._known.mean

    @property
    def sd_seeds(self) -> float:
        """Of the seeds' means; NaN where there is none."""
        return self._known.sd_seeds

    @property
    def sd_cases(self) -> float:
        """Of the cases' means over seeds; NaN where there is none."""
        return self._known.sd_cases

    @property
    def n_seeds(self) -> int:
        """Seeds with a defined mean."""
        return self._known.n_seeds

    @property
    def n_cases(self) -> int:
        """Cases behind the mean."""
        return self._known.n_cases

    @property
    def n_undefined(self) -> int:
        """Values that enter no mean: both masks were empty."""
        return self._known.n_undefined

    @property
    def n_penalised(self) -> int:
        """Values of one empty mask."""
        return self._known.n_penalised

    @property
    def bold(self) -> bool:
        """Whether the difference to the control is larger than noise explains."""
        return self.verdict is not None

    @property
    def gap_to_printed(self) -> float:
        """Ours minus printed, in our unit; NaN where one is missing."""
        if self.summary is None or self.comparison is None:
            return math.nan
        return self.summary.mean - self.comparison.value.mean


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
    temperatures: tuple[Temperature, ...] = ()  # of all runs and ensembles that have one
    ensembles: tuple[Ensemble, ...] = ()  # of the rows, where the prediction is that of ensembles
    tests: int = 0  # size of the family that Holm's adjustment is over

    @property
    def titles(self) -> dict[str, str]:
        """Key -> title of each row."""
        return {method.key: method.title for method in self.methods}
