"""What a table says in a few sentences: which methods differ from their control beyond noise, and in which columns."""

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from softbench.metrics import catalogue
from softbench.tables.layout import REGIONS

NONE = "none"


@dataclass(frozen=True)
class Answer:
    """Verdicts of one table: a line of `better` or `worse` names methods and their columns; `quiet` ones have neither.

    `tests` is the size of Holm's family; 0 where one run per method, or ensembles, allow no test.
    """

    methods: int
    seeds: int
    tests: int
    better: tuple[str, ...]
    worse: tuple[str, ...]
    quiet: tuple[str, ...]


def answer(numbers: pd.DataFrame) -> Answer:
    """Read the answer from the csv of a table (`tables.scores.COLUMNS`): what is beyond noise there, and nothing else.

    A method is compared where it has a control. Better and worse are read off the sign of the difference.
    """
    compared = numbers[numbers["control"].notna() & numbers["difference"].notna()]
    tested = compared[compared["p_holm"].notna()]
    sure = tested[tested["beyond_noise"].astype(bool) & (tested["better"] != "neither")]
    up = (sure["difference"] > 0) == (sure["better"] == "higher")
    names = _names(numbers)
    titles = list(dict.fromkeys(tested["title"]))
    return Answer(
        methods=compared["method"].nunique(),
        seeds=int(compared["n_seeds"].max()) if len(compared) else 0,
        tests=len(tested),
        better=_lines(sure[up], names),
        worse=_lines(sure[~up], names),
        quiet=tuple(title for title in titles if title not in set(sure["title"])),
    )


def _names(numbers: pd.DataFrame) -> dict[tuple[str, str, str], str]:
    """Return a name for each column: the metric, with region and structure where the table has several."""
    columns = list(dict.fromkeys(_place(row) for row in numbers.to_dict("records")))
    structures = {structure for structure, _, _ in columns} - {"all"}
    names = {}
    for structure, metric, roi in columns:
        regions = {other[2] for other in columns if other[1] == metric}
        region = f" ({REGIONS.get(roi, roi)})" if regions != {"all"} else ""
        of = f"{structure} " if len(structures) > 1 and structure != "all" else ""
        names[structure, metric, roi] = of + catalogue.describe(metric).name + region
    return names


def _place(row: dict[object, str]) -> tuple[str, str, str]:
    return row["structure"], row["metric"], row["roi"]


def _lines(rows: pd.DataFrame, names: dict[tuple[str, str, str], str]) -> tuple[str, ...]:
    """Return a line for each set of columns that methods share: "LS (0.1), LS (0.2): NLL, Brier"."""
    columns: dict[str, list[str]] = {}
    for row in rows.to_dict("records"):
        columns.setdefault(row["title"], []).append(names[_place(row)])
    methods: dict[str, list[str]] = {}
    for title, found in columns.items():
        methods.setdefault(_join(found), []).append(title)
    return tuple(f"{_join(titles)}: {found}" for found, titles in methods.items())


def _join(words: Iterable[str]) -> str:
    return ", ".join(words)
