"""The columns of all score tables: one row a score, and nothing that a row does not say itself."""

from collections.abc import Mapping

import pandas as pd

VERSION = 1
COLUMNS = ["experiment", "dataset", "split", "network", "method", "seed", "case", "rater", "structure", "metric"]
COLUMNS += ["roi", "grid", "prediction", "value", "unit"]


def tidy(rows: pd.DataFrame, names: Mapping[str, str], seed: int | None) -> pd.DataFrame:
    """Return scores in the columns that all tables read.

    Args:
        rows: with case, rater, structure, metric, roi, value, unit; and `grid` and `prediction`, where these are not
            "full" and "raw".
        names: experiment, dataset, split, network, method.
        seed: of the run; None for an ensemble of seeds: the column then holds <NA> (pandas' Int64), as it does where
            ensembles and runs stand in one table.
    """
    usual = {"grid": "full", "prediction": "raw"}
    filled = {name: rows[name].fillna(value) if name in rows.columns else value for name, value in usual.items()}
    seeds = seed if seed is not None else pd.array([pd.NA] * len(rows), dtype="Int64")
    return rows.assign(**names, seed=seeds, **filled)[COLUMNS]
