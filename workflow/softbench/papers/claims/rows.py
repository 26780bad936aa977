"""The rows of a table of means that a claim speaks of, and the matching of rows that are to be compared."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.papers.claims.sentences import Claim

CELL = ["table", "dataset", "arm", "rater", "structure", "metric", "roi"]
NEEDED = ["table", "dataset", "structure", "metric", "method", "mean"]
DEFAULTS: dict[str, Any] = {"arm": "", "rater": 0, "roi": "all", "sd": np.nan, "n": np.nan, "over": "none"}
DEFAULTS |= {"runs": "", "by_seed": None}
NEAREST_ZERO = ("rd",)  # signed, so the register calls neither direction better


def complete(means: pd.DataFrame) -> pd.DataFrame:
    """Return a table of means with the columns that were left out, in an order of its own.

    Raises: InputError: if a column that is needed is missing, or two rows are the mean of the same thing.
    """
    missing = [name for name in NEEDED if name not in means]
    if missing:
        raise InputError(f"the table of means lacks the column(s) {', '.join(missing)}; it has {', '.join(means)}.")
    means = means.assign(**{name: value for name, value in DEFAULTS.items() if name not in means})
    if "better" not in means:
        means["better"] = [_better(str(metric)) for metric in means["metric"]]
    twice = means[means.duplicated([*CELL, "method"])]
    if len(twice):
        where = ", ".join(f"{name} {twice.iloc[0][name]}" for name in [*CELL, "method"])
        raise InputError(f"the table of means holds two rows for {where}. Keep one network, grid and prediction.")
    return means.reset_index(drop=True)


def _better(metric: str) -> str:
    from softbench.metrics import catalogue

    return "zero" if metric in NEAREST_ZERO else catalogue.describe(metric).better


def choose(means: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return the rows that a claim speaks of, numbered anew."""
    wanted = {
        "table": claim.tables, "dataset": claim.datasets, "metric": claim.metrics, "structure": claim.structures,
        "arm": claim.arms,
    }  # fmt: skip
    for column, values in wanted.items():
        if values is not None:
            means = means[means[column].isin(values)]
    if claim.metrics is None:
        means = means[means["better"] != "neither"]
    return means.reset_index(drop=True)


def goodness(rows: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Return values (draws, rows) such that more is better in every row.

    Raises: InputError: for a metric of which neither direction is better.
    """
    better = rows["better"].to_numpy()
    odd = sorted(set(rows["metric"][~np.isin(better, ["higher", "lower", "zero"])]))
    if odd:
        raise InputError(f"neither direction is better for the metric(s) {', '.join(odd)}: no claim can be about them.")
    return np.where(better == "higher", values, -np.where(better == "zero", np.abs(values), values))


def matched(rows: pd.DataFrame, one: Mapping[str, Any], other: Mapping[str, Any]) -> pd.DataFrame:
    """Return the pairs of rows that agree in all that the two sides leave open.

    Returns: the columns of `CELL` (of the first side), `first` and `second` (row numbers).
    Raises: InputError: if a row of one side matches several of the other.
    """
    open_keys = [name for name in CELL if name not in one and name not in other]
    sides = [_side(rows, side) for side in (one, other)]
    for side, chosen in zip((one, other), sides, strict=True):
        if chosen.duplicated(open_keys).any():
            raise InputError(
                f"{dict(side)} is not one row for each {', '.join(open_keys)}. Name the table, or the arm."
            )
    first = sides[0][CELL].assign(first=sides[0].index)
    second = sides[1][open_keys].assign(second=sides[1].index)
    return first.merge(second, on=open_keys, how="inner")


def _side(rows: pd.DataFrame, side: Mapping[str, Any]) -> pd.DataFrame:
    for column, value in side.items():
        rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
    return rows


def label(cell: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return the name of a cell: the values of these columns that tell it from others; its data set, not its table."""
    named = [key for key in keys if key != "table" and cell[key] not in ("", 0, "all")]
    return ", ".join(f"rater {cell[key]}" if key == "rater" else str(cell[key]) for key in named)
