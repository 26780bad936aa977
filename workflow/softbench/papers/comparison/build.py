"""A paper's table with our numbers beside its own: each printed cell gets ours, the difference, and a status."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd
from scipy import stats

from softbench.errors import InputError
from softbench.papers import published
from softbench.papers.comparison.results import Found, lookup
from softbench.papers.published import PrintedCell, PublishedTable
from softbench.plan.forms import rehearsal_title
from softbench.statistics.intervals import CONFIDENCE
from softbench.tables.cells import Cell, Column, Comparison, Judgement, Method, Printed, Summary
from softbench.tables.temperatures import SIGN

VERSION = 5
MIN_SEEDS = 3  # a further run: mean ± 5.0 sd with three seeds, ± 15.6 sd with two, which no number could fail
# The interval holds 91 to 95 % (not 95) of pairs of samples of 20 cases with skewed overlaps, 88 % with distances of a
# long tail; 84 to 95 and 87 % of samples of 10. Simulated: 20000 pairs, three seeds, one network.
MIN_CASES = 20


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
    few: our methods whose rows are marked, since their temperatures were fitted over few validation cases.
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
    few: frozenset[str] = frozenset()


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
        return tuple(
            cell for section in self.sections for row in section.cells for cell in row if cell.comparison is not None
        )


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
        judged by the rule of `judge`.
        Methods of ours that the paper lacks follow below its own, without status.
    Raises: InputError: for a block of no printed data set and arm, two blocks of one, or results that lack a column.
    """
    of_place = _by_place(table, blocks)
    sections = dict.fromkeys((cell.place.dataset, cell.place.arm, cell.place.rater) for cell in table.cells)
    title = f"{published.name_of(table)}: {table.title}"
    return PaperTable(
        table,
        rehearsal_title(title) if is_rehearsal else title,
        tuple(_section(table, of_place[dataset, arm], rater, titles or {}) for dataset, arm, rater in sections),
        policy,
        tuple(notes),
        is_rehearsal,
    )


def baselines(table: PublishedTable, section: Section) -> tuple[Cell, ...] | None:
    """Return the cells of the row that printed differences are to, one a column; None where none are printed."""
    if table.baseline is None or table.baseline not in section.printed:
        return None
    return section.cells[section.printed.index(table.baseline)]


def to_baseline(table: PublishedTable, cell: Cell, baseline: Cell | None) -> tuple[float, float]:
    """Return the difference of a cell from that of the baseline, the printed one and ours, in our unit.

    Returns: NaN where there is none: in the baseline itself, where a line of differences is lost, without ours.
    """
    if baseline is None or cell is baseline:
        return math.nan, math.nan
    theirs = math.nan
    if cell.comparison is not None and cell.comparison.cell.difference is not None:
        printed = cell.comparison.cell
        theirs = float(Decimal(printed.difference or 0) * table.metric_of(printed).factor)
    ours = cell.summary.mean - baseline.summary.mean if cell.summary and baseline.summary else math.nan
    return theirs, ours


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
            known = ", ".join(" ".join(filter(None, names)) for names in printed)
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
    summaries = lookup(block.results, rater or 0)
    own = {key: block.methods.get(key, key) for key in dict.fromkeys(method for method, _, _ in mine)}
    extra = [key for key in _scored(block, columns, summaries, titles) if key not in own.values()]

    def our(method: str, metric: str | None, column: Column) -> Summary | None:
        structure = block.structures.get(column.structure, column.structure)
        return summaries.get((method, structure, metric, column.roi)) if metric else None

    def cell(method: str, key: str, column: Column) -> Cell:
        """Return a method's cell; `key` is the paper's of its row, empty where the paper lacks it."""
        ours, standard = our(method, column.metric, column), our(method, column.standard, column)
        printed = mine.get((key, column.structure, column.printed.name)) if column.printed else None
        comparison = _judged(table, block, printed, ours) if printed else None
        readings = {name: reading for name in column.readings if (reading := our(method, name, column))}
        return Cell(ours, comparison=comparison, standard=standard, readings=readings)

    return Section(
        block,
        ", ".join(part for part in (table.datasets[block.dataset].title, block.arm) if part),
        rater,
        tuple(own),
        tuple(Method(key, _title(block, key, titles)) for key in (*own.values(), *extra)),
        columns,
        tuple(
            tuple(cell(key, printed, column) for column in columns)
            for printed, key in (*own.items(), *(("", key) for key in extra))
        ),
    )


def _title(block: Block, key: str, titles: Mapping[str, str]) -> str:
    title = titles.get(key, key)
    return f"{title} {SIGN}" if key in block.few else title


def _column(table: PublishedTable, structure: str, metric: str) -> Column:
    printed = table.metrics[metric]
    key, more = printed.ours or "", printed.readings
    return Column(key, structure, printed.roi, printed=printed, standard=printed.beside, readings=more)


def _scored(block: Block, columns: Sequence[Column], summaries: Found, titles: Mapping[str, str]) -> list[str]:
    """Return our methods with a number in any column, in the order of `titles`, then of the results."""
    shown = {(block.structures.get(column.structure, column.structure), column.metric) for column in columns}
    scored = dict.fromkeys(method for method, structure, metric, _ in summaries if (structure, metric) in shown)
    return [*(key for key in titles if key in scored), *(key for key in scored if key not in titles)]


def _judged(table: PublishedTable, block: Block, printed: PrintedCell, ours: Summary | None) -> Comparison:
    """Return a printed cell with its status beside ours."""
    value = value_of(table, printed)
    if table.metric_of(printed).ours is None:
        judgement = Judgement("not comparable", "no metric of ours")
    elif ours is None:
        judgement = Judgement("not run")
    elif block.surrogate:
        judgement = Judgement("surrogate")
    else:
        judgement = judge(ours, value, same_cases=block.same_cases)
    return Comparison(printed, value, judgement)


def judge(ours: Summary, printed: Printed, *, same_cases: bool) -> Judgement:
    r"""Judge whether our number differs from the printed one by more than the known noise.

    The difference ours - printed is **within** if what is known of its noise explains it: its 95 % t interval, widened
    by half a unit of the last printed digit, holds zero. The noise is a sum of independent parts, and what a printed ±
    is over decides which part it gives:

    .. math:: v = \frac{s^2}{S} + v_\text{printed} + v_\text{cases}, \qquad \text{reach} = t_{0.975, \nu} \sqrt v + h

    - Ours: S seeds with standard deviation s of their means.
    - Printed, ± over n seeds (GeoLS): :math:`v_\text{printed} = s_p^2 / n`. With the same test cases this is Welch's
      interval for the difference of two means.
    - Printed, one run (± over cases, or none): how much a further run moves is not printed, so it is taken from ours:
      :math:`v_\text{printed} = s^2`. With the same test cases this is the prediction interval for one further run, mean
      ± t sd sqrt(1 + 1/S) with S - 1 degrees of freedom. A printed ± over cases says nothing about runs and does not
      enter: it is shown beside our own.
    - Other test cases: two samples of cases have other means even for one and the same network, and no ± over seeds
      knows it. So where the paper's test cases are not ours, :math:`v_\text{cases} = c^2 (1/N + 1/N_p)` with our
      standard deviation c over N cases; ours, because half of the printed ones are missing or in doubt
      (docs/papers.md).

    :math:`\nu` is Welch and Satterthwaite's. What is not known is not in it: other training cases, other code, a metric
    whose definition is not said. "outside" therefore says that the setting differs, not who is right; "within" that no
    difference is seen, not that there is none.

    Not comparable are: a metric without a key of ours; a lost printed number; a mean of
    ours that is not finite; fewer than `MIN_SEEDS` seeds; other test cases where the paper or we have fewer than
    `MIN_CASES`.

    Args:
        ours: mean, and spread over seeds and cases.
        printed: the paper's, in the same unit.
        same_cases: both are means over the same test cases.
    Returns: within, outside or not comparable; `reach` is NaN where it is not judged.
    Source: Welch 1947; Satterthwaite 1946; the prediction interval of a normal sample. Departures: none.
    """
    if reason := reason_against(ours, printed, same_cases=same_cases):
        return Judgement("not comparable", reason)
    reach = noise(ours, printed, same_cases=same_cases) + printed.half_unit
    gap = abs(ours.mean - printed.mean)
    # Decimal numbers have no exact binary form: a difference of just half a unit must not fail by its last bit.
    is_within = gap <= reach or math.isclose(gap, reach, rel_tol=1e-9)
    return Judgement("within" if is_within else "outside", reach=reach)


def reason_against(ours: Summary, printed: Printed, *, same_cases: bool) -> str:
    """Say why two numbers cannot be compared; empty where they can."""
    if math.isnan(printed.mean):
        return "the printed number is lost"
    if not math.isfinite(ours.mean):
        return "our mean is undefined"
    if ours.n_seeds < MIN_SEEDS:
        return f"fewer than {MIN_SEEDS} seeds of ours"
    if same_cases:
        return ""
    if not math.isfinite(ours.sd_cases):
        return "other test cases, and no spread over cases"
    if printed.n_cases is None or min(ours.n_cases, printed.n_cases) < MIN_CASES:
        return f"other test cases, and fewer than {MIN_CASES} of them"
    return ""


def noise(ours: Summary, printed: Printed, *, same_cases: bool) -> float:
    """Return half the 95 % interval of the difference of two comparable numbers, in their unit."""
    seeds, variance = ours.n_seeds, ours.sd_seeds**2
    if printed.n_seeds > 1:
        parts = [(variance / seeds, seeds - 1), (printed.sd**2 / printed.n_seeds, printed.n_seeds - 1)]
    else:
        parts = [(variance * (1 + 1 / seeds), seeds - 1)]
    if not same_cases and printed.n_cases is not None:
        parts.append((ours.sd_cases**2 * (1 / ours.n_cases + 1 / printed.n_cases), ours.n_cases - 1))
    return _half_interval(parts)


def _half_interval(parts: Sequence[tuple[float, int]]) -> float:
    """Return t times the standard error of a sum of independent parts: their variances and degrees of freedom."""
    variances, freedom = (np.array(column, dtype=float) for column in zip(*parts, strict=True))
    total = variances.sum()
    if total == 0:  # no spread anywhere: the numbers must agree to the printed digit
        return 0.0
    df = total**2 / (variances**2 / freedom).sum()
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, df) * math.sqrt(total))
