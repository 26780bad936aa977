"""Which cases a picture shows: by a rule that is fixed before anybody looks, never by hand."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from softbench.errors import InputError
from softbench.tables.rounding import digits, number

VERSION = 2
QUANTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
WORDS = {"lower_quartile": "lower quartile", "median": "median", "upper_quartile": "upper quartile"}
FOREGROUND = "foreground"  # all classes but background: not scored as such, so the mean over structures stands for it


@dataclass(frozen=True)
class Choice:
    """A case, the rule that chose it (see `QUANTILES`), its DSC, and among how many cases it was chosen."""

    case: str
    rule: str
    dsc: float
    cases: int


def dsc_by_case(
    scores: pd.DataFrame,
    method: str,
    structure: str = FOREGROUND,
    seed: int | None = None,
    prediction: str = "raw",
) -> pd.Series:
    """Return a method's DSC of each test case, on the full grid: the mean over raters, seeds and structures.

    Args:
        scores: the tidy table of one experiment and network.
        method: its key.
        structure: one that was scored, or "foreground": the mean over all.
        seed: this one alone; None: all.
        prediction: of runs, "raw"; of ensembles, which have no seed, "ensemble".
    Returns: DSC by case, sorted by case; undefined values (both masks empty) enter no mean, and a case without any
        defined value is left out.
    """
    dsc = (scores["metric"] == "dsc") & (scores["grid"] == "full") & (scores["prediction"] == prediction)
    rows = scores[dsc & (scores["method"] == method) & (scores["case"] != "pooled")]
    if structure != FOREGROUND:
        rows = rows[rows["structure"] == structure]
    if seed is not None:
        rows = rows[rows["seed"] == seed]
    return rows.groupby("case", observed=True)["value"].mean().dropna().sort_index()


def choose(dsc: pd.Series, rules: Sequence[str]) -> list[Choice]:
    """Return the case of each rule: that at a quantile of the cases by DSC, the lower where it lies between two.

    Args:
        dsc: by case; equal values are ordered by the case's name.
        rules: keys of `QUANTILES`.
    Raises: InputError: if there is no case.
    """
    if dsc.empty:
        raise InputError("no test case has a DSC, so none can be chosen to be shown. Is the structure in the data?")
    ordered = dsc.reset_index().sort_values([dsc.name or "value", "case"], ignore_index=True)
    places = {rule: int(QUANTILES[rule] * (len(ordered) - 1)) for rule in rules}
    return [
        Choice(str(ordered["case"][n]), rule, float(ordered.iloc[n, 1]), len(ordered)) for rule, n in places.items()
    ]


def words(choice: Choice, by: str, where: str) -> str:
    """Say which case was chosen, and how."""
    return (
        f"{where}: {choice.case}, at the {WORDS[choice.rule]} of the DSC over {choice.cases} test cases "
        f"({number(choice.dsc, digits('dsc', '1'))}; {by})"
    )
