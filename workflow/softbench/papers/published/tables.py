"""The words of a printed table.

A file of `workflow/published` holds one paper. In a table, a cell's place is put together from the coordinates in
`same` (all cells), in its row and in its column; `cells` are the row's numbers as printed, from the first column on.
`doubts` say what is odd about some cells; coordinates that a doubt leaves out mean any.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from softbench.errors import InputError

LOST = "–"


@dataclass(frozen=True)
class PrintedMetric:
    """A metric as a paper prints it; `printed number * factor` is in our unit (shares for percent).

    `ours` is our key of the same definition, None where we have none; `beside` that of the usual one where the paper's
    is its own, or of another reading. `better` is "zero" where nearest 0 is best. `readings`: where the printed values
    cannot be what the paper calls them, so that `ours` is what fits best, the keys of what else they could be.
    """

    name: str
    ours: str | None
    better: Literal["higher", "lower", "zero"]
    unit: str
    factor: Decimal
    roi: str = "all"
    note: str = ""
    beside: str | None = None
    readings: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Our keys of all that stands for it; none where it has no key of ours."""
        return [key for key in (self.ours, self.beside, *self.readings) if key] if self.ours else []

    @property
    def key(self) -> str:
        """Our key, or the printed name where we have none."""
        return self.ours or self.name


@dataclass(frozen=True)
class Dataset:
    """The data of a table, under our key, with the printed sizes of its parts (None where there is no such part)."""

    key: str
    title: str
    train: int | None
    val: int | None
    test: int | None
    unit: str
    private: bool = False
    surrogate: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Place:
    """Where a cell stands. `metric` is the printed name; `arm` and `rater` are None where a table has none."""

    dataset: str
    metric: str
    structure: str
    method: str
    arm: str | None = None
    rater: int | None = None

    def __str__(self) -> str:
        labels = f"annotation set {self.rater}" if self.rater else None
        parts = (self.dataset, self.arm, labels, self.structure, self.metric)
        return f"{self.method}: " + ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class PrintedCell:
    """A printed number: `printed` as it stands in the paper, `mean` and `sd` read from it (NaN where there is none).

    `confidence` says how sure it is that this is the printed number; `derived` is what other cells give for a lost one.
    `difference` is the printed difference to the table's baseline.
    """

    place: Place
    printed: str
    confidence: str = "high"
    note: str = ""
    derived: str | None = None
    difference: str | None = None

    @property
    def mean(self) -> float:
        """The number before the ±, in the printed unit."""
        return math.nan if self.printed == LOST else float(self.printed.split("±")[0])

    @property
    def sd(self) -> float:
        """The number after the ±, in the printed unit."""
        return float(self.printed.split("±")[1]) if "±" in self.printed else math.nan

    def text(self, part: Literal["mean", "sd"] = "mean") -> str:
        """Return one of the two numbers as printed, with its decimals."""
        return self.printed.split("±")[0 if part == "mean" else 1]

    def decimals(self, part: Literal["mean", "sd"] = "mean") -> int:
        """Return with how many decimals one of the two is printed; 0 where it is lost."""
        return 0 if self.printed == LOST else -int(Decimal(self.text(part)).as_tuple().exponent)


@dataclass(frozen=True)
class PublishedTable:
    """A table of a paper. `over` says what its ± is over; `n` is the number of seeds where it is over seeds."""

    key: str
    paper: str
    number: str
    title: str
    over: Literal["seeds", "cases", "none"]
    n: int | None
    datasets: dict[str, Dataset]
    metrics: dict[str, PrintedMetric]
    columns: tuple[str, ...]
    cells: tuple[PrintedCell, ...]
    composites: dict[str, tuple[str, ...]]
    baseline: str | None

    def cell(self, **place: str | int | None) -> PrintedCell:
        """Return the one cell at these coordinates, e.g. `cell(method="ls", metric="ECE", dataset="brats2019_svls")`.

        Raises: InputError: unless exactly one cell is there.
        """
        cells = [cell for cell in self.cells if all(getattr(cell.place, key) == place[key] for key in place)]
        if len(cells) != 1:
            raise InputError(
                f"{self.key} has {len(cells)} cells at {place}. Coordinates are {', '.join(Place.__annotations__)}; "
                f"a cell is e.g. {self.cells[0].place}."
            )
        return cells[0]

    def metric_of(self, cell: PrintedCell) -> PrintedMetric:
        """Return the metric that a cell holds."""
        return self.metrics[cell.place.metric]

    def restricted(self, places: Collection[tuple[str, str | None]]) -> "PublishedTable":
        """Return what the table says of some data sets and arms: their cells, and the metrics and composites of these.

        Its title says so where data sets are left out.

        Args:
            places: pairs of data set and arm; the arm is None where the table has none.
        """
        cells = tuple(cell for cell in self.cells if (cell.place.dataset, cell.place.arm) in places)
        names = {name for cell in cells for name in (cell.place.dataset, cell.place.metric, cell.place.structure)}
        datasets = {key: dataset for key, dataset in self.datasets.items() if key in names}
        metrics = {key: metric for key, metric in self.metrics.items() if key in names}
        composites = {key: parts for key, parts in self.composites.items() if key in names}
        alone = ", ".join(dataset.title for dataset in datasets.values())
        title = self.title if len(datasets) == len(self.datasets) else f"{self.title} ({alone} alone)"
        return replace(self, title=title, datasets=datasets, metrics=metrics, cells=cells, composites=composites)

    def our_keys(self) -> list[str]:
        """Return our keys of all its metrics, those beside them and other readings included, in its order."""
        return list(dict.fromkeys(key for metric in self.metrics.values() for key in metric.keys))

    def in_our_units(self, cell: PrintedCell, *, derived: bool = False) -> tuple[float, float]:
        """Return mean and sd in our unit (shares, mm), NaN where the paper has none.

        Args:
            cell: of this table.
            derived: fill a lost mean with what other cells give for it (its sd stays NaN).
        """
        factor = self.metric_of(cell).factor
        mean = cell.derived if derived and cell.printed == LOST and cell.derived else cell.text()
        spread = cell.text("sd") if "±" in cell.printed else LOST
        return _scaled(mean, factor), _scaled(spread, factor)

    def count_behind(self, cell: PrintedCell) -> int | None:
        """Return how many seeds or cases a cell's ± is over; None where it has no ±."""
        if "±" not in cell.printed:
            return None
        return self.n if self.over == "seeds" else self.datasets[cell.place.dataset].test


@dataclass(frozen=True)
class Fact:
    """What a reader of a paper's numbers must know; of some data sets alone, or of all where none is named."""

    text: str
    datasets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    """A paper, its tables, and what a reader of its numbers must know."""

    key: str
    title: str
    authors: str
    year: int
    venue: str | None
    protocol: str
    know: tuple[Fact, ...]
    tables: dict[str, PublishedTable]

    def facts_of(self, table: PublishedTable) -> tuple[str, ...]:
        """Return what a reader of a table must know, in the order of the file."""
        return tuple(fact.text for fact in self.know if not fact.datasets or {*fact.datasets} & {*table.datasets})


def _scaled(text: str, factor: Decimal) -> float:
    """Return a printed number in our unit; decimal arithmetic, so 85.47 % is 0.8547 to the last bit."""
    return math.nan if text == LOST else float(Decimal(text) * factor)
