"""Does a soft label do more than one number: every method against one-hot at its own temperature, paired over seeds."""

from collections.abc import Iterable, Mapping
from typing import Any

from softbench.tables.assemble import RAW, Runs
from softbench.tables.assemble import table as table_of
from softbench.tables.layout import differences, heads, name_of
from softbench.tables.parts import ALPHA, Table
from softbench.tables.scaled import scaled_rows
from softbench.tables.sheet import Grid, Line
from softbench.tables.wording import untested

VERSION = 1
ABOUT_ONE = (
    "Method, raw, minus {rival}, over the cases defined in both. {why}. One-hot was trained with cross-entropy alone: "
    "where a method has another loss, the difference is of both."
)
ABOUT = (
    "Method, raw, minus {rival}, paired over seeds and over the cases defined in both, with its 95 % t interval (each "
    "by itself). What is beyond noise after Holm's adjustment for the {tests} differences here (p < {alpha:g}) is "
    "named below. One-hot was trained with cross-entropy alone: where a method has another loss, the difference is of "
    "both."
)


def build(runs: Runs, settings: Mapping[str, Any]) -> Table | None:
    """Return every trained method of a table against its first row at its own temperature; None where it has none.

    Args:
        runs: of the table, with the predictions `raw` and `temperature`.
        settings: of the table, as `assemble.table` takes them.
    Raises: InputError: as `assemble.table`.
    """
    rival = next(iter(scaled_rows(settings).items()), None)
    if rival is None:
        return None
    own, key = rival
    trained = [row for row in settings["methods"] if row.get("trained", True)]
    others = [{**row, "control": key} for row in trained if row["key"] not in rival and not row.get("scaled")]
    first = next(row for row in trained if row["key"] == key)
    if not others:
        return None
    rows = [{**first, "control": None}, *others]
    failed = [one for one in runs.failed if one["method"] != own]
    alone = Runs(runs.scores, runs.reliability, failed, runs.ensembles)
    return table_of(alone, {**settings, "methods": rows, "prediction": RAW})


def grid(table: Table) -> Grid:
    """Return the differences; nothing is marked, the notes name what is beyond noise."""
    rival = table.methods[0].title
    why = untested(table)
    about = ABOUT_ONE.format(rival=rival, why=why) if why else ABOUT.format(rival=rival, tests=table.tests, alpha=ALPHA)
    lines = [Line(line.title, tuple(entry.unmarked for entry in line.entries)) for line in differences(table)]
    return Grid(
        heads(table), tuple(lines), title=f"Against {rival}", about=about, notes=tuple(_verdicts(table)), look="stacked"
    )


def _verdicts(table: Table) -> Iterable[str]:
    """Name, column by column, who is better and who is worse beyond noise."""
    for column, head in enumerate(heads(table)):
        found = {
            word: [
                row.title
                for row, cells in zip(table.methods, table.cells, strict=True)
                if cells[column].verdict == word
            ]
            for word in ("better", "worse")
        }
        if said := [f"{word}: {', '.join(names)}" for word, names in found.items() if names]:
            yield f"{name_of(head)}, beyond noise {'; '.join(said)}."


def records(table: Table) -> Iterable[list[object]]:
    """Give method, structure, metric, roi, difference, low, high, p, p after Holm and verdict of each cell."""
    for method, cells in zip(table.methods[1:], table.cells[1:], strict=True):
        for column, cell in zip(table.columns, cells, strict=True):
            gap = cell.difference
            numbers = [gap.mean, gap.low, gap.high, gap.p] if gap else [None] * 4
            yield [method.key, column.structure, column.metric, column.roi, *numbers, cell.p_holm, cell.verdict]
