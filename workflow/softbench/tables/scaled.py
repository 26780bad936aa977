"""Rows that show a method's runs at their own temperature: where they come from, and what cannot differ."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from softbench.metrics.catalogue import TOLERANT
from softbench.metrics.definitions import DISTANCE, OVERLAP, SURFACE_SHARE

VERSION = 1
TEMPERATURE = "temperature"  # in the column `prediction`
OF_LABEL_MAP = {metric.key for metric in (*OVERLAP, *DISTANCE, *SURFACE_SHARE)}


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


def is_of_label_map(metric: str) -> bool:
    """Whether a metric sees the label map alone, so that a temperature cannot change it.

    One temperature for all classes keeps their order. What is cut at a threshold, and what reads probabilities, can
    change.
    """
    base = metric.partition("@")[0]
    return base in OF_LABEL_MAP or base.rpartition("_")[0] in TOLERANT
