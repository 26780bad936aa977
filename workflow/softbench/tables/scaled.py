"""Rows that show a method's runs at their own temperature: where they come from."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

VERSION = 1
TEMPERATURE = "temperature"  # in the column `prediction`


def scaled_rows(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return method -> key of the row that shows it at its own temperature; from a table's settings."""
    return {row["scaled"]: row["key"] for row in settings["methods"] if row.get("scaled")}


def with_scaled(scores: pd.DataFrame, prediction: str, rows: Mapping[str, str]) -> pd.DataFrame:
    """Return the scores of one prediction, and those of `temperature` as methods of their own.

    Args:
        scores: the tidy table with all predictions.
        prediction: the one to show.
        rows: as `scaled_rows` gives them; there may be none.
    Returns: a new table; all rows have that prediction.
    """
    chosen = scores[scores["prediction"] == prediction]
    again = scores[(scores["prediction"] == TEMPERATURE) & scores["method"].isin(rows)]
    if again.empty:
        return chosen
    named = again.assign(method=again["method"].map(rows), prediction=prediction)
    return pd.concat([chosen, named], ignore_index=True)
