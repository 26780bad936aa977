"""A table with the scores that it was made of: what its statistics, ranks and pictures of cases start from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from softbench.statistics import apply_policy
from softbench.tables import assemble
from softbench.tables.choice import with_composites
from softbench.tables.layout import heads, name_of
from softbench.tables.parts import Column, Table
from softbench.tables.table import of_column

VERSION = 1
KEPT = ["method", "seed", "case", "structure", "metric", "roi", "value", "penalised"]


@dataclass(frozen=True)
class Evidence:
    """A table with the scores that it was made of: settled by its policy, its composites added."""

    table: Table
    scores: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """The columns' names, as they stand in a sentence."""
        return [name_of(head) for head in heads(self.table)]

    def of_column(self, column: Column) -> pd.DataFrame:
        """Return the scores of one column; that they mix nothing was checked when the table was built."""
        here = of_column(self.scores, column)
        return here.loc[(here["case"] == "pooled") == (column.over == "pooled"), KEPT]


def of(runs: assemble.Runs, settings: Mapping[str, Any]) -> Evidence:
    """Return the table of `assemble.table` with its scores; the arguments and errors are those of that function."""
    table = assemble.table(runs, settings)
    settled = apply_policy(assemble.scores_of(runs, settings), table.policy)
    return Evidence(table, with_composites(settled, table.columns, table.composites))


def patients_of(split: pd.DataFrame) -> dict[str, str] | None:
    """Return test case -> patient of a split; None where every case is a patient of its own."""
    test = split[split["part"] == "test"]
    if test["patient"].is_unique:
        return None
    return dict(zip(test["case"].astype(str), test["patient"].astype(str), strict=True))


def failures(table: Table) -> Iterator[str]:
    """Name the runs that gave no score."""
    titles = {method.key: method.title for method in table.methods}
    if table.failed:
        runs = "; ".join(f"{titles.get(one.method, one.method)}, seed {one.seed}: {one.reason}" for one in table.failed)
        yield f"Failed runs: {len(table.failed)}. {runs.rstrip('.')}."
