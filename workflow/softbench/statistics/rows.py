"""Which rows of the tidy scores belong together: one value for each method, seed and case, and never a mixture."""

from collections.abc import Iterable

import pandas as pd

from softbench.checks import require_one_of
from softbench.errors import InputError

OVER = ("cases", "pooled")
CELL = ["method", "structure", "metric", "roi"]
CIRCUMSTANCES = ("experiment", "dataset", "split", "network", "grid", "prediction")
NO_SEED = -1.0  # stands for the missing seed of an ensemble where a table has a row for each seed


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


def column(
    scores: pd.DataFrame, metric: str, structure: str | None, roi: str, over: str = "cases"
) -> tuple[pd.DataFrame, str]:
    """Return the rows of one metric, structure and region, and the words for them: "dsc of WT (roi all)".

    Raises: InputError: if `structure` is None and several were scored; and as `choose`.
    """
    rows = choose(scores, over)
    rows = rows[(rows["metric"] == metric) & (rows["roi"] == roi)]
    structure = structure if structure is not None else _only_structure(rows, metric)
    return rows[rows["structure"] == structure], f"{metric} of {structure} (roi {roi})"


def _only_structure(rows: pd.DataFrame, metric: str) -> str:
    found = sorted(rows["structure"].astype(str).unique())
    if len(found) != 1:
        raise InputError(f"`structure` must be named for {metric}; scored are: {', '.join(found) or 'none'}.")
    return found[0]


def of_methods(rows: pd.DataFrame, names: Iterable[str], what: str) -> dict[str, pd.Series]:
    """Return each method's values by seed and case, of the rows of one column; `what` names them in the error.

    Raises: InputError: if a method was not scored there.
    """
    wanted = list(dict.fromkeys(names))
    mine = rows[rows["method"].isin(wanted)]
    values = mine.groupby(["method", "seed", "case"], observed=True, dropna=False)["value"].mean()
    found: dict[str, pd.Series] = {}
    whose = values.index.get_level_values("method").astype(str)
    for name in wanted:
        own = values[whose == name]
        if own.empty:
            known = ", ".join(sorted(rows["method"].astype(str).unique())) or "no method"
            raise InputError(f"{what} was not scored for the method {name!r}; it was for {known}.")
        found[name] = own.droplevel("method")
    return found


def seed_by_case(values: pd.Series) -> pd.DataFrame:
    """Return values by seed and case as a table: a row for each seed, a column for each case, NaN where absent."""
    table = values.rename_axis(index=["seed", "case"]).reset_index(name="value")
    table["seed"] = table["seed"].astype(float).fillna(NO_SEED)
    return table.pivot(index="seed", columns="case", values="value").sort_index(axis=0).sort_index(axis=1)
