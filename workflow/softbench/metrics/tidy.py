"""The columns of all score tables: one row a score, and nothing that a row does not say itself."""

from collections.abc import Mapping

import pandas as pd

COLUMNS = ["experiment", "dataset", "split", "network", "method", "seed", "case", "rater", "structure", "metric"]
COLUMNS += ["roi", "grid", "prediction", "value", "unit"]


def tidy(rows: pd.DataFrame, names: Mapping[str, str], seed: int) -> pd.DataFrame:
    """Return scores in the columns that all tables read; `names` gives experiment, dataset, split, network, method."""
    return rows.assign(**names, seed=seed, grid="full", prediction="raw")[COLUMNS]
