"""One table under two empty-mask policies: a missed structure costs the image's diagonal, or it is left out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from softbench.tables.assemble import Runs, build_table
from softbench.tables.cells import Cell, Table
from softbench.tables.layout import differences, heads, means, name_of, title_of
from softbench.tables.sheet import NOTHING, Entry, Sheet, plain
from softbench.tables.view import View
from softbench.tables.wording import POLICIES, spread, untested

VERSION = 1
PENALTY, LEFT_OUT = "diagonal", "exclude"
ABOUT = (
    "The columns that an empty mask changes, under the policy of the table ({first}) and under {second}. Each cell: "
    "{spread}; differences: method minus control{interval}, unmarked. Infinite: values with one empty "
    "mask. Undefined: values with two, in no mean. Both are counted over cases, seeds and raters."
)
SAME = 1e-12  # relative: what differs less differs by the order of a sum
OWN_CASES = (
    "Where infinite values are left out, each mean is over the cases that this method did not miss: one that misses "
    "hard cases looks better for it. The differences are over the cases that neither missed."
)
NOTHING_DIFFERS = "No value of this table depends on the policy: no mask was empty where the other was not."
COLUMNS = [
    *("method", "title", "structure", "metric", "roi", "unit", "policy", "mean", "sd_over_seeds"),
    *("n_infinite", "n_undefined", "difference", "difference_low", "difference_high", "p_holm", "differs"),
]


@dataclass(frozen=True)
class Sensitivity:
    """The same table under each policy, that of config first, and which of its columns differ."""

    tables: Mapping[str, Table]
    differ: tuple[int, ...]

    @property
    def first(self) -> Table:
        """The table as config has it."""
        return next(iter(self.tables.values()))

    def counted(self, place: int) -> list[Cell]:
        """Return the cells of a column that count what was infinite and what was undefined: no policy fills them in."""
        return _column(self.tables[LEFT_OUT], place)


def build(first: Table, runs: Runs, settings: Mapping[str, Any]) -> Sensitivity:
    """Build a table under a second policy: what is infinite is left out, or where it already is, it is penalised.

    Args:
        first: the table under its own policy.
        runs, settings: what it was made from, as `assemble.table` takes them.
    """
    other = LEFT_OUT if first.policy != LEFT_OUT else PENALTY
    tables = {first.policy: first, other: build_table(runs, {**settings, "policy": other})}
    differ = [place for place in range(len(first.columns)) if _differs([_column(t, place) for t in tables.values()])]
    return Sensitivity(tables, tuple(differ))


def _column(shown: Table, place: int) -> list[Cell]:
    return [row[place] for row in shown.cells]


def _differs(columns: Sequence[Sequence[Cell]]) -> bool:
    """Whether a mean depends on the policy; NaN equals NaN, and so does what rounding alone tells apart."""
    first, second = ([cell.mean for cell in cells] for cells in columns)
    return not np.allclose(first, second, rtol=SAME, atol=0, equal_nan=True)


def sheet(sensitivity: Sensitivity) -> Sheet:
    """Return the columns that differ, a group each, or a sentence where none does; the numbers are of all columns."""
    shown, names = sensitivity.first, list(sensitivity.tables)
    title = f"{shown.title}: what an empty mask costs"
    numbers = pd.DataFrame(list(_records(sensitivity)), columns=COLUMNS)
    if not sensitivity.differ:
        return Sheet(title, " ".join([NOTHING_DIFFERS, *_undefined(sensitivity)]), numbers=numbers)
    top = ["Method", *(f"Mean, {name}" for name in names), "Infinite", "Undefined"]
    top += [f"Difference, {name}" for name in names]
    rows = [line for place in sensitivity.differ for line in _lines(sensitivity, place)]
    groups = [title_of(heads(shown)[place]) for place in sensitivity.differ for _ in shown.methods]
    interval = "" if untested(shown) else " with its 95 % t interval"
    about = ABOUT.format(first=names[0], second=names[1], spread=spread(shown), interval=interval)
    notes = (*(f"{name}: {POLICIES[name]}" for name in names), OWN_CASES, *_undefined(sensitivity))
    return Sheet(title, about, (plain(top, rows, groups=groups),), notes, numbers)


def _lines(sensitivity: Sensitivity, place: int) -> Iterable[list[str]]:
    """Give a line a method: means, counts, and differences where it has a control."""
    tables = sensitivity.tables.values()
    averages = [means(shown) for shown in tables]
    gaps = [iter(differences(shown)) for shown in tables]
    for row, (method, cell) in enumerate(zip(sensitivity.first.methods, sensitivity.counted(place), strict=True)):
        values = [lines[row].entries[place].words for lines in averages]
        beside = [_gap_words(next(lines).entries[place]) if method.control else NOTHING for lines in gaps]
        yield [method.title, *values, str(cell.n_penalised), str(cell.n_undefined), *beside]


def _gap_words(entry: Entry) -> str:
    return " ".join(part.text for part in (entry.number, *entry.asides[:1]) if part.text)


def _undefined(sensitivity: Sensitivity) -> Iterable[str]:
    """Count undefined values of the columns that do not differ."""
    shown = sensitivity.first
    for place, head in enumerate(heads(shown)):
        count = sum(cell.n_undefined for cell in sensitivity.counted(place))
        if count and place not in sensitivity.differ:
            yield f"{name_of(head)}: {count} undefined, in no mean under either policy."


def _records(sensitivity: Sensitivity) -> Iterable[list[object]]:
    for name, shown in sensitivity.tables.items():
        for method, row in zip(shown.methods, shown.cells, strict=True):
            for place, (column, cell) in enumerate(zip(shown.columns, row, strict=True)):
                where = [column.structure, column.metric, column.roi, column.described.unit]
                gap = cell.difference
                against = [None] * 4 if gap is None else [gap.mean, gap.low, gap.high, cell.p_holm]
                what = [method.key, method.title, *where, name, cell.mean, cell.sd_seeds]
                yield [*what, cell.n_penalised, cell.n_undefined, *against, place in sensitivity.differ]


VIEW = View(
    name="empty_mask_sensitivity",
    file="policies_{table}",
    title="Empty masks under two policies",
    caption="What an empty mask costs: the table's policy and a second one, where any value differs.",
    needs=("scores", "ensembles"),
    build=lambda given: sheet(build(given.shown, given.runs, given.settings)),
    folded=True,
    place=60,
)
