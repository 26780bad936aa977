"""Which rows of the tidy scores belong together: one value for each method, seed and case, and never a mixture."""

import pandas as pd

from softbench.checks import require_one_of
from softbench.errors import InputError

OVER = ("cases", "pooled")
CELL = ["method", "structure", "metric", "roi"]
CIRCUMSTANCES = ("experiment", "dataset", "split", "network", "grid", "prediction")


def choose(scores: pd.DataFrame, over: str = "cases") -> pd.DataFrame:
    """Return the rows of single cases, or those pooled over cases, with every column that a summary needs.

    Args:
        scores: the tidy table; a missing `structure` or `roi` counts as "all", a missing `penalised` as False.
        over: "cases", or "pooled" for the rows whose case is `pooled`.
    Returns: a new table.
    Raises: InputError: if the rows mix experiments, data sets, networks, grids or predictions.
    """
    require_one_of("over", over, OVER)
    rows = scores[(scores["case"] == "pooled") == (over == "pooled")]
    for name in CIRCUMSTANCES:
        found = sorted(rows[name].astype(str).unique()) if name in rows.columns else []
        if len(found) > 1:
            raise InputError(f"`scores` mix several values of `{name}`: {', '.join(found)}. Select one first.")
    absent = {"structure": "all", "roi": "all", "penalised": False}
    return rows.assign(**{name: value for name, value in absent.items() if name not in rows.columns})


def by_case(rows: pd.DataFrame) -> pd.Series:
    """Return one value for each method, structure, metric, roi, seed and case: the mean over its defined raters."""
    keys = [*CELL, "seed", "case"]
    return rows.groupby(keys, observed=True, dropna=False)["value"].mean()
