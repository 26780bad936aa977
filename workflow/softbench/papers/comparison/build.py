"""A paper's table with our numbers beside its own: each printed cell gets ours, the difference, and a status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pandas as pd

from softbench.errors import InputError
from softbench.papers import published, rehearsal
from softbench.papers.comparison import rule
from softbench.papers.comparison.results import Found, lookup
from softbench.papers.published import PrintedCell, PublishedTable
from softbench.tables.cells import Cell, Column, Comparison, Judgement, Method, Printed, Summary

VERSION = 3


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


Mine = Mapping[tuple[str, str, str], PrintedCell]  # what is printed of a grid: by method, structure, metric


def build(
    table: PublishedTable,
    blocks: Sequence[Block],
    *,
    titles: Mapping[str, str] | None = None,
    policy: str = "diagonal",
    notes: Sequence[str] = (),
    is_rehearsal: bool = False,
) -> PaperTable:
    """Put our results beside a printed table.

    Args:
        table: `published.read(name)`.
        blocks: ours, one for each data set and arm; one that is left out was not run.
        titles: our method key -> title, in the order of rows that the paper lacks; the key where there is none.
        policy: for empty masks, that of `results.results`; it is said under the table.
        notes: sentences to print under it.
        is_rehearsal: ours are of phantoms, which the title says.
    Returns: the table. A printed cell is
        "not comparable" if the metric has no key of ours, else
        "not run" if no result of ours is there, else
        "surrogate" if ours comes from data that stands in for the paper's, else
        judged by the rule of `rule`.
        Methods of ours that the paper lacks follow below its own, without status.
    Raises: InputError: for a block of no printed data set and arm, two blocks of one, or results that lack a column.
    """
    of_place = _by_place(table, blocks)
    sections = dict.fromkeys((cell.place.dataset, cell.place.arm, cell.place.rater) for cell in table.cells)
    title = f"{published.name_of(table)}: {table.title}"
    return PaperTable(
        table,
        rehearsal.title(title) if is_rehearsal else title,
        tuple(_section(table, of_place[dataset, arm], rater, titles or {}) for dataset, arm, rater in sections),
        policy,
        tuple(notes),
        is_rehearsal,
    )


def value_of(table: PublishedTable, cell: PrintedCell) -> Printed:
    """Return a printed number in our unit, with half a unit of its last digit and the counts behind it."""
    mean, sd = table.in_our_units(cell)
    half_unit = Decimal(5).scaleb(-1 - cell.decimals()) * table.metric_of(cell).factor
    seeds = table.count_behind(cell) if table.over == "seeds" else None
    return Printed(mean, sd, float(half_unit), seeds or 1, table.datasets[cell.place.dataset].test)


def _by_place(table: PublishedTable, blocks: Sequence[Block]) -> dict[tuple[str, str | None], Block]:
    printed = dict.fromkeys((cell.place.dataset, cell.place.arm) for cell in table.cells)
    given: dict[tuple[str, str | None], Block] = {}
    for block in blocks:
        place = block.dataset, block.arm
        if place not in printed or place in given:
            known = ", ".join(" ".join(filter(None, one)) for one in printed)
            twice = "is there twice" if place in given else "is not printed"
            raise InputError(f"the block {' '.join(filter(None, place))} of {table.key} {twice}; printed are: {known}.")
        given[place] = block
    return {place: given.get(place, Block(*place)) for place in printed}


def _section(table: PublishedTable, block: Block, rater: int | None, titles: Mapping[str, str]) -> Section:
    mine = {
        (cell.place.method, cell.place.structure, cell.place.metric): cell
        for cell in table.cells
        if (cell.place.dataset, cell.place.arm, cell.place.rater) == (block.dataset, block.arm, rater)
    }
    columns = tuple(_column(table, *key) for key in dict.fromkeys(key[1:] for key in mine))
    found = lookup(block.results, rater or 0)
    own = {key: block.methods.get(key, key) for key in dict.fromkeys(method for method, _, _ in mine)}
    extra = [key for key in _scored(block, columns, found, titles) if key not in own.values()]
    place = _Place(table, block, found, mine)
    return Section(
        block,
        ", ".join(part for part in (table.datasets[block.dataset].title, block.arm) if part),
        rater,
        tuple(own),
        tuple(Method(key, titles.get(key, key)) for key in (*own.values(), *extra)),
        columns,
        tuple(
            tuple(place.cell(key, printed, column) for column in columns)
            for printed, key in (*own.items(), *(("", key) for key in extra))
        ),
    )


def _column(table: PublishedTable, structure: str, metric: str) -> Column:
    printed = table.metrics[metric]
    return Column(printed.ours or "", structure, printed.roi, printed=printed, standard=printed.beside)


def _scored(block: Block, columns: Sequence[Column], found: Found, titles: Mapping[str, str]) -> list[str]:
    """Return our methods with a number in any column, in the order of `titles`, then of the results."""
    shown = {(block.structures.get(column.structure, column.structure), column.metric) for column in columns}
    scored = dict.fromkeys(method for method, structure, metric, _ in found if (structure, metric) in shown)
    return [*(key for key in titles if key in scored), *(key for key in scored if key not in titles)]


@dataclass(frozen=True)
class _Place:
    """Where the cells of a grid are read from: the printed table, a block of ours, its numbers, and those printed."""

    table: PublishedTable
    block: Block
    found: Found
    mine: Mine

    def cell(self, method: str, key: str, column: Column) -> Cell:
        """Return a method's cell; `key` is the paper's of its row, empty where the paper lacks it."""
        ours, standard = self._ours(method, column.metric, column), self._ours(method, column.standard, column)
        printed = self.mine.get((key, column.structure, column.printed.name)) if column.printed else None
        if printed is None:
            return Cell(ours, standard=standard)
        value = value_of(self.table, printed)
        return Cell(ours, comparison=Comparison(printed, value, self._judge(printed, value, ours)), standard=standard)

    def _ours(self, method: str, metric: str | None, column: Column) -> Summary | None:
        structure = self.block.structures.get(column.structure, column.structure)
        return self.found.get((method, structure, metric, column.roi)) if metric else None

    def _judge(self, printed: PrintedCell, value: Printed, ours: Summary | None) -> Judgement:
        if self.table.metric_of(printed).ours is None:
            return Judgement("not comparable", "no metric of ours")
        if ours is None:
            return Judgement("not run")
        if self.block.surrogate:
            return Judgement("surrogate")
        if printed.incomparable:
            return Judgement("not comparable", printed.note)
        return rule.judge(ours, value, same_cases=self.block.same_cases)
