"""A paper's table with our numbers beside its own: each printed cell gets ours, the difference, and a status."""

from collections.abc import Mapping, Sequence

from softbench.errors import InputError
from softbench.papers import published
from softbench.papers.comparison import metrics as beside_metrics
from softbench.papers.comparison import rule as beside_rule
from softbench.papers.comparison.numbers import Found, lookup, value_of
from softbench.papers.comparison.parts import Beside, Block, Cell, Column, Judgement, Ours, Printed, Row, Section
from softbench.papers.published import PublishedTable

VERSION = 2


def build(
    table: PublishedTable,
    blocks: Sequence[Block],
    *,
    titles: Mapping[str, str] | None = None,
    policy: str = "diagonal",
    notes: Sequence[str] = (),
) -> Beside:
    """Put our results beside a printed table.

    Args:
        table: `published.read(name)`.
        blocks: ours, one for each data set and arm; one that is left out was not run.
        titles: our method key -> title, in the order of rows that the paper lacks; the key where there is none.
        policy: for empty masks, that of `beside_results.results`; it is said under the table.
        notes: sentences to print under it.
    Returns: the table. A printed cell is
        "not comparable" if the metric has no key of ours, else
        "not run" if no result of ours is there, else
        "surrogate" if ours comes from data that stands in for the paper's, else
        judged by the rule of `beside_rule`.
        Methods of ours that the paper lacks follow below its own, without status.
    Raises: InputError: for a block of no printed data set and arm, two blocks of one, or results that lack a column.
    """
    titles = titles or {}
    of_place = _by_place(table, blocks)
    sections = dict.fromkeys((cell.place.dataset, cell.place.arm, cell.place.rater) for cell in table.cells)
    paper = published.paper(table.paper)
    return Beside(
        table,
        f"{paper.authors} {paper.year}, {table.number}: {table.title}",
        tuple(_section(table, of_place[dataset, arm], rater, titles) for dataset, arm, rater in sections),
        policy,
        tuple(notes),
    )


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
    found = lookup(block.results)
    rows = (*_printed_rows(mine, block, titles), *_extra_rows(mine, block, columns, found, titles))
    cells = tuple(
        tuple(
            _cell(table, block, row, column, rater, found, mine.get((row.key, column.structure, column.metric.name)))
            for column in columns
        )
        for row in rows
    )
    return Section(block, _name(table, block), rater, rows, columns, cells)


def _column(table: PublishedTable, structure: str, metric: str) -> Column:
    printed = table.metrics[metric]
    return Column(structure, printed, beside_metrics.standard_of(printed))


def _name(table: PublishedTable, block: Block) -> str:
    return ", ".join(part for part in (table.datasets[block.dataset].title, block.arm) if part)


def _printed_rows(mine: Mapping[tuple[str, str, str], object], block: Block, titles: Mapping[str, str]) -> list[Row]:
    keys = dict.fromkeys(method for method, _, _ in mine)
    ours = {key: block.methods.get(key, key) for key in keys}
    return [Row(key, ours[key], titles.get(ours[key], ours[key]), is_printed=True) for key in keys]


def _extra_rows(
    mine: Mapping[tuple[str, str, str], object],
    block: Block,
    columns: Sequence[Column],
    found: Found,
    titles: Mapping[str, str],
) -> list[Row]:
    """Return rows for our methods that the paper lacks, in the order of `titles`, then of the results."""
    shown = {(block.structures.get(one.structure, one.structure), one.metric.ours) for one in columns}
    scored = dict.fromkeys(method for method, structure, metric, _, _ in found if (structure, metric) in shown)
    printed = {block.methods.get(method, method) for method, _, _ in mine}
    ordered = [*(key for key in titles if key in scored), *(key for key in scored if key not in titles)]
    return [Row(key, key, titles.get(key, key), is_printed=False) for key in ordered if key not in printed]


def _cell(
    table: PublishedTable,
    block: Block,
    row: Row,
    column: Column,
    rater: int | None,
    found: Found,
    printed: published.PrintedCell | None,
) -> Cell:
    def of(key: str | None, roi: str) -> Ours | None:
        structure = block.structures.get(column.structure, column.structure)
        return None if key is None else found.get((row.ours, structure, key, roi, rater or 0))

    ours, standard = of(column.metric.ours, column.metric.roi), of(column.standard, column.metric.roi)
    if not row.is_printed or printed is None:
        return Cell(ours=ours, standard=standard)
    value = value_of(table, printed)
    return Cell(printed, value, ours, standard, _judgement(table, block, printed, value, ours))


def _judgement(
    table: PublishedTable, block: Block, printed: published.PrintedCell, value: Printed, ours: Ours | None
) -> Judgement:
    reason = beside_metrics.reason_against(table, printed.place.metric)
    if table.metric_of(printed).ours is None:
        return Judgement("not comparable", reason)
    if ours is None:
        return Judgement("not run")
    if block.surrogate:
        return Judgement("surrogate")
    if reason:
        return Judgement("not comparable", reason)
    return beside_rule.judge(ours, value, same_cases=block.same_cases)
