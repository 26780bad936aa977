"""Distance to the truth beside calibration, as a table in CSV, Markdown or HTML."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from softbench.tables.given import Given
from softbench.tables.layout import heads, means, title_of
from softbench.tables.rounding import NOTHING, number
from softbench.tables.sheet import Sheet, plain
from softbench.tables.truth import DISTANCES, FEWEST, Rank, Truth, build, records
from softbench.tables.view import View
from softbench.tables.views import soft_label_quality
from softbench.tables.wording import spread

COLUMNS = ["kind", "name", "soft_label", "column", "value", "sd_over_seeds", "n"]
NAMES = {"kl": "KL", "brier": "Brier"}
ABOUT = (
    "Left: how far each soft label is from the true class probabilities, which phantoms know: the mean over all cases "
    "of the data set, before anything is trained. Right: the networks that learnt it by plain cross-entropy; each "
    "cell: {spread}. Lower is better everywhere."
)
READ = (
    "Rank correlations are over {count} methods: 1 where the soft labels nearer to the truth make the "
    "better calibrated networks, −1 where the reverse. They describe these methods; methods and seeds are few, and "
    "several methods are variants of one idea."
)
EXACT = (
    "p is the share of all orders of the methods that would give a tau as far from 0; it is a description, not a test, "
    "and is left out where values tie."
)


def sheet(truth: Truth) -> Sheet:
    """Return methods by distances and calibration, and below them the rank correlations."""
    shown = truth.table
    methods, ranked = list(_methods(truth)), list(_ranks(truth))
    top = ["Soft label of", *(soft_label_quality.COLUMNS[name][0] for name in DISTANCES), *map(title_of, heads(shown))]
    groups = ["Methods"] * len(methods) + ["Rank correlation with the distance to the truth"] * len(ranked)
    grid = plain(top, [*methods, *ranked], groups=groups)
    numbers = pd.DataFrame(list(records(truth)), columns=COLUMNS)
    title = f"{shown.title}: distance to the truth, and calibration"
    return Sheet(title, ABOUT.format(spread=spread(shown)), (grid,), tuple(_notes(truth)), numbers)


def _methods(truth: Truth) -> Iterable[list[str]]:
    for line, method in zip(means(truth.table), truth.table.methods, strict=True):
        row = truth.distances.loc[method.key]
        far = [number(float(row[name]), soft_label_quality.COLUMNS[name][1]) for name in DISTANCES]
        yield [line.title, *far, *(entry.words for entry in line.entries)]


def _ranks(truth: Truth) -> Iterable[list[str]]:
    """Give two lines a distance, tau and rho, each below the heads of the columns that it is with; none of too few."""
    places = range(len(truth.table.columns))
    for name in DISTANCES if _counts(truth)[-1] >= FEWEST else ():
        found = [truth.ranks[name, place] for place in places]
        blank = [""] * len(DISTANCES)
        yield [f"Kendall's tau-b, {NAMES[name]}", *blank, *map(_tau, found)]
        yield [f"Spearman's rho, {NAMES[name]}", *blank, *(number(one.rho, 2, signed=True) for one in found)]


def _counts(truth: Truth) -> list[int]:
    """Return over how many methods the rank correlations are, ascending."""
    return sorted({one.methods for one in truth.ranks.values()})


def _tau(one: Rank) -> str:
    text = number(one.tau, 2, signed=True)
    return text if text == NOTHING or one.p != one.p else f"{text} (p {one.p:.2g})"


def _notes(truth: Truth) -> Iterable[str]:
    counts = _counts(truth)
    if counts[-1] < FEWEST:
        yield f"No rank correlation: it needs {FEWEST} methods, and there are {counts[-1]}."
        return
    yield READ.format(count=" to ".join(map(str, dict.fromkeys([counts[0], counts[-1]]))))
    yield EXACT


def view(given: Given) -> Sheet:
    """Return the sheet of a table on phantoms."""
    of_truth = given.needs["truth"]
    settings = {**given.settings, "columns": of_truth["columns"]}
    stores = {row["soft_label"]: Path(row["manifest"]).parent for row in of_truth["rows"]}
    return sheet(build(given.runs, settings, of_truth["rows"], stores))


def without_truth(given: Given) -> str:
    """Say why a table's soft labels cannot be compared with the truth."""
    return str(given.needs["truth"]["missing"])


VIEW = View(
    name="truth",
    title="Distance to the truth and calibration",
    caption="How far each soft label is from the true probabilities of the phantom, beside the calibration of its "
    "network.",
    needs=("scores", "ensembles", "truth"),
    applies=without_truth,
    build=view,
    place=70,
)
