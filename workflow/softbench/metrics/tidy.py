"""The columns of all score tables: one row a score, and nothing that a row does not say itself."""

from collections.abc import Mapping

import pandas as pd

COLUMNS = ["experiment", "dataset", "split", "network", "method", "seed", "case", "rater", "structure", "metric"]
COLUMNS += ["roi", "grid", "prediction", "value", "unit"]


def tidy(rows: pd.DataFrame, names: Mapping[str, str], seed: int) -> pd.DataFrame:
    """Return scores in the columns that all tables read.

    Args:
        rows: with case, rater, structure, metric, roi, value, unit; and `grid`, where that is not "full".
        names: experiment, dataset, split, network, method.
        seed: of the run.
    """
    grid = rows["grid"].fillna("full") if "grid" in rows.columns else "full"
    return rows.assign(**names, seed=seed, grid=grid, prediction="raw")[COLUMNS]
