"""Which settings were tried for each tuned method, which was chosen, and what the best of fewer would have been."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from softbench.tables import tuning_records
from softbench.tables.sheet import NOTHING, Grid, Sheet, number, plain
from softbench.tables.tuning_records import Tuned
from softbench.tables.view import Given, View

VERSION = 1
DIGITS = 4
ABOUT = (
    "Each setting was trained on seeds that no result uses ({seeds}). The one with the best mean {criterion} on "
    "validation cases was chosen (✓), and then trained anew on the seeds of the experiment. Test cases decided nothing."
)
OF_CURVE = (
    "The expected best of n of the settings, drawn without replacement and chosen on validation cases: its validation "
    "value / the test value of the same setting. A method that leads only at a large n leads by more tries. Both "
    "values are of the networks that chose, so that a best of many looks better than it is, on test cases too; the "
    "results in the tables are of networks that were trained anew."
)
FEW = "Each value is the mean over {seeds} seeds: small differences between settings are noise."
OF_ONE = "There is one seed a setting: small differences between settings are noise."
COLUMNS = ["experiment", "network", "method", "title", "setting", "criterion", "validation", "test", "chosen", "reason"]


def build(given: Given) -> Sheet:
    """Return a line a setting, and a line a method with its best of n."""
    methods = tuning_records.read(given.needs["tuning"])
    seeds = sorted({seed for method in methods for seed in method.record["seeds"]})
    words = {"seeds": ", ".join(map(str, seeds)), "criterion": tuning_records.criterion(methods)}
    fewest = min(len(method.record["seeds"]) for method in methods)
    notes = [FEW.format(seeds=fewest) if fewest > 1 else OF_ONE, *_failures(methods)]
    grids = (_settings(methods), _curve(methods))
    return Sheet(f"Tuning: {given.title}", ABOUT.format(**words), grids, tuple(notes), _numbers(methods))


def _settings(methods: Sequence[Tuned]) -> Grid:
    rows, groups = [], []
    for method in methods:
        for one in method.record["tried"]:
            mark = "✓" if one["key"] == method.record["chosen"] else ""
            rows.append([tuning_records.say(one["setting"]), _number(one["validation"]), _number(one["test"]), mark])
            groups.append(f"{method.title}: {method.tries} settings")
    return plain(["Setting", "Validation", "Test", "Chosen"], rows, groups=groups, title="Settings that were tried")


def _curve(methods: Sequence[Tuned]) -> Grid:
    most = max(method.tries for method in methods)
    rows = []
    for method in methods:
        cells = [f"{_number(row['validation'])} / {_number(row['test'])}" for row in method.record["curve"]]
        rows.append([method.title, *cells, *[NOTHING] * (most - len(cells))])
    heads = ["Method", *(f"Best of {n}" for n in range(1, most + 1))]
    return plain(heads, rows, title="Expected best of n settings", about=OF_CURVE)


def _number(value: float | None) -> str:
    return NOTHING if value is None else number(value, DIGITS)


def _failures(methods: Sequence[Tuned]) -> list[str]:
    failed = (
        f"{method.title}, {tuning_records.say(one['setting'])}: {one['reason']}; it could not be chosen."
        for method in methods
        for one in method.record["tried"]
        if one["reason"]
    )
    return list(failed)


def _numbers(methods: Sequence[Tuned]) -> pd.DataFrame:
    """Return a row a setting that was tried, unrounded."""
    rows: list[list[Any]] = [
        [
            *(method.experiment, method.network, method.method, method.title),
            *(tuning_records.say(one["setting"]), method.record["criterion"], one["validation"], one["test"]),
            *(one["key"] == method.record["chosen"], one["reason"]),
        ]
        for method in methods
        for one in method.record["tried"]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def applies(given: Given) -> str:
    """Say why there is none, where nothing was chosen."""
    return "" if given.needs["tuning"] else tuning_records.NONE


VIEW = View(
    name="tuning",
    title="Tuning",
    caption="The settings that were tried for each tuned method, on seeds of their own; which was chosen on validation "
    "cases; and the expected best of fewer settings.",
    needs=("tuning",),
    applies=applies,
    build=build,
    place=36,
)
