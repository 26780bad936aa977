"""The differences to the controls of a table, a line each."""

from collections.abc import Sequence

import pandas as pd

from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.results.shown import Shown
from softbench.tables import forms
from softbench.tables.layout import ARROWS, REGIONS
from softbench.tables.sheet import Entry, Grid, Head, Line, Sheet, Text, digits, interval, number, p_value

VERSION = None  # shows numbers
COLUMNS = ("method", "title", "control", "structure", "metric", "roi", "unit", "better")
GAP = ("difference", "difference_low", "difference_high", "p", "p_holm", "detectable", "beyond_noise")
HEADS = ("Difference", "95 % interval", "p", "p after Holm", "Detectable")
CAPTION = (
    "Method minus its control, paired over seeds and over the cases defined in both, with its 95 % t interval over "
    "seeds; p of the paired t test; p after Holm's adjustment for all differences of the table. Bold where that is below "
    "0.05. Detectable: the difference that so many seeds find 4 times in 5. A dash: not known, as of a single seed."
)


def differences(table: Shown, methods: Sequence[str] | None = None, metrics: Sequence[str] | None = None) -> Shown:
    """Return the differences of a table of methods; all where no method or metric is named.

    Raises: InputError: if the table has no difference, or none of a method or metric that is named.
    """
    frame = table.frame[table.frame["difference"].notna()]
    if frame.empty:
        raise InputError(f"{table.title} has no differences: no method has a control that it can be compared with.")
    for column, wanted in (("method", methods), ("metric", metrics)):
        known = list(dict.fromkeys(frame[column]))
        if unknown := [name for name in wanted or () if name not in known]:
            raise InputError(
                f"there is no difference of the {column} {', '.join(unknown)}; there is of {', '.join(known)}."
            )
        frame = frame[frame[column].isin(known if wanted is None else wanted)]
    frame = frame[[*COLUMNS, *GAP]].reset_index(drop=True)
    titles = dict(zip(table.frame["method"], table.frame["title"], strict=True))
    title = f"Differences: {table.title}"
    lines = tuple(_line(row, titles) for _, row in frame.iterrows())
    grid = Grid(tuple(Head(head) for head in HEADS), lines)
    return Shown(title, CAPTION, frame, forms.text(Sheet(title, CAPTION, (grid,)), ".html"))


def _line(row: pd.Series, titles: dict[str, str]) -> Line:
    """Return a difference in words; lines of one metric, structure and region stand together."""
    decimals = digits(row["metric"], row["unit"])
    words = (
        number(row["difference"], decimals, signed=True),
        interval(row["difference_low"], row["difference_high"], decimals),
        p_value(row["p"]),
        p_value(row["p_holm"]),
        number(row["detectable"], decimals),
    )
    first, *others = (Text(word) for word in words)
    is_bold = row["beyond_noise"] is not pd.NA and bool(row["beyond_noise"])
    entries = tuple(Entry(text) for text in (Text(first.text, bold=is_bold), *others))
    return Line(row["title"], entries, f"vs {titles.get(row['control'], row['control'])}", _column(row))


def _column(row: pd.Series) -> str:
    """Return what was measured: "kidney HD95 (mm) ↓"."""
    metric = catalogue.describe(row["metric"])
    structure = "" if row["structure"] == "all" else f"{row['structure']} "
    region = "" if row["roi"] == "all" else f", {REGIONS.get(row['roi'], row['roi'])}"
    unit = "" if metric.unit in ("", "1") else f" ({metric.unit})"
    return f"{structure}{metric.name}{region}{unit} {ARROWS[metric.better]}".strip()
