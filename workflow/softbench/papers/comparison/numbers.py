"""The two numbers of a cell: ours by its place, and the printed one in our unit."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from softbench.errors import InputError
from softbench.papers import published
from softbench.papers.comparison.parts import Ours, Printed
from softbench.papers.published import PublishedTable

VERSION = 2
PLACE = ["method", "structure", "metric", "roi", "rater"]
NUMBERS = ["mean", "sd_seeds", "n_seeds", "sd_cases", "n_cases", "n_undefined", "n_penalised"]
Found = Mapping[tuple[str, str, str, str, int], Ours]  # by `PLACE`


def lookup(results: pd.DataFrame | None) -> Found:
    """Return our means by method, structure, metric, region and annotation set; none where nothing was run.

    Raises: InputError: if a column is missing.
    """
    if results is None:
        return {}
    if missing := [name for name in (*PLACE, *NUMBERS) if name not in results]:
        raise InputError(f"`results` lack the column(s) {', '.join(missing)}. Make them with `beside_results.results`.")
    return {
        (str(row["method"]), str(row["structure"]), str(row["metric"]), str(row["roi"]), int(row["rater"])): _ours(row)
        for row in results.to_dict("records")
    }


def _ours(row: Mapping[Hashable, Any]) -> Ours:
    spreads = float(row["sd_seeds"]), int(row["n_seeds"]), float(row["sd_cases"]), int(row["n_cases"])
    counts = int(row["n_undefined"]), int(row["n_penalised"])
    return Ours(float(row["mean"]), *spreads, *counts, row.get("by_seed", {}), row.get("runs", ""))


def value_of(table: PublishedTable, cell: published.PrintedCell) -> Printed:
    """Return a printed number in our unit, with half a unit of its last digit and the counts behind it."""
    mean, sd = table.in_our_units(cell)
    half_unit = Decimal(5).scaleb(-1 - decimals_of(cell)) * table.metric_of(cell).factor
    seeds = table.count_behind(cell) if table.over == "seeds" else None
    return Printed(mean, sd, float(half_unit), seeds or 1, table.datasets[cell.place.dataset].test)


def decimals_of(cell: published.PrintedCell, part: Literal["mean", "sd"] = "mean") -> int:
    """Return with how many decimals a number is printed; 0 where it is lost."""
    lost = cell.printed == published.tables.LOST
    return 0 if lost else -int(Decimal(cell.text(part)).as_tuple().exponent)
