"""Does a soft label nearer to the truth make a better calibrated network? Phantoms, whose truth is known, can tell.

What a soft label is like before training stands beside the networks that learnt it by plain cross-entropy.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import stats

from softbench.statistics import agreement
from softbench.tables.assemble import Runs, build_table
from softbench.tables.cells import Table
from softbench.tables.layout import heads, means, title_of
from softbench.tables.sheet import NOTHING, Sheet, number, plain
from softbench.tables.view import Given, View
from softbench.tables.views import soft_label_quality
from softbench.tables.wording import spread

VERSION = 1
DISTANCES = ("kl", "brier")  # columns of quality.parquet
FEWEST = 3  # methods: two are always in perfect order, or in reverse


@dataclass(frozen=True)
class Rank:
    """How alike two orders of methods are.

    Kendall's tau-b, Spearman's rho, over how many methods, and the share of all orders that give a tau as far from 0.
    """

    tau: float = math.nan
    rho: float = math.nan
    methods: int = 0
    p: float = math.nan


@dataclass(frozen=True)
class Truth:
    """What soft labels and networks are like, side by side.

    `distances`: (methods, `DISTANCES`) of each method's soft label; `table`: the networks' calibration, the same rows;
    `ranks`: (distance, place of a column) -> how alike both order the methods.
    """

    soft_labels: Mapping[str, str]  # method -> soft label
    distances: pd.DataFrame
    table: Table
    ranks: Mapping[tuple[str, int], Rank]


def build(
    runs: Runs, settings: Mapping[str, Any], rows: Sequence[Mapping[str, str]], stores: Mapping[str, Path]
) -> Truth:
    """Put what soft labels and networks are like side by side.

    Args:
        runs: of the table.
        settings: of the table, as `assemble.table` takes them, with columns of calibration alone.
        rows: `key`, `title` and `soft_label` of the methods that learn their soft label as it is stored.
        stores: soft label -> its folder.
    Returns: distances are means over the cases of the data set, as in the table of soft-label quality; lower is nearer.
    Raises: InputError: as `assemble.table`.
    """
    methods = [{"key": row["key"], "title": row["title"]} for row in rows]
    shown = build_table(runs, {**settings, "methods": methods})
    of_label = soft_label_quality.summarise(stores).reindex(columns=list(DISTANCES))
    distances = of_label.loc[[row["soft_label"] for row in rows]].set_axis([row["key"] for row in rows])
    ranks = {
        (name, place): rank(distances[name], pd.Series([row[place].mean for row in shown.cells], distances.index))
        for name in DISTANCES
        for place in range(len(shown.columns))
    }
    return Truth({row["key"]: row["soft_label"] for row in rows}, distances, shown, ranks)


def rank(distance: pd.Series, error: pd.Series) -> Rank:
    """Return the rank correlation of two measures of the same methods.

    Args:
        distance, error: method -> number; a method without both is left out.
    Returns: tau-b and rho are 1 where both order the methods alike, -1 where in reverse; NaN with fewer than three
        methods, or where all have one value. `p` is exact, NaN where values tie.
    Source: Kendall 1945, see `statistics.agreement`; Spearman 1904, scipy.
    """
    both = pd.concat([distance, error], axis=1).dropna()
    tau, count = agreement(distance, error), len(both)
    if count < FEWEST or math.isnan(tau.tau):
        return Rank(methods=count)
    tied = any(both.iloc[:, side].duplicated().any() for side in (0, 1))
    rho = float(stats.spearmanr(both.iloc[:, 0], both.iloc[:, 1]).statistic)
    return Rank(tau.tau, rho, count, math.nan if tied else tau.p)


def records(truth: Truth) -> Iterable[list[object]]:
    """Give the lines of `COLUMNS`: distances and calibration of each method, then the rank correlations."""
    shown = truth.table
    names = [f"{column.metric} {column.roi}" for column in shown.columns]
    for method, cells in zip(shown.methods, shown.cells, strict=True):
        who = ["method", method.key, truth.soft_labels[method.key]]
        for name in DISTANCES:
            yield [*who, f"distance to truth: {name}", truth.distances.loc[method.key, name], None, None]
        for name, cell in zip(names, cells, strict=True):
            yield [*who, name, cell.mean, cell.sd_seeds, cell.n_seeds]
    for (distance, place), correlation in truth.ranks.items():
        values = {
            "kendall_tau_b": correlation.tau,
            "spearman_rho": correlation.rho,
            "p_exact_descriptive": correlation.p,
        }
        for kind, value in values.items():
            yield [kind, f"distance to truth: {distance}", None, names[place], value, None, correlation.methods]


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
    methods, ranked = list(_methods(truth)), list(_rank_lines(truth))
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


def _rank_lines(truth: Truth) -> Iterable[list[str]]:
    """Give two lines a distance, tau and rho, each below the heads of the columns that it is with; none of too few."""
    places = range(len(truth.table.columns))
    for name in DISTANCES if _counts(truth)[-1] >= FEWEST else ():
        correlations = [truth.ranks[name, place] for place in places]
        blank = [""] * len(DISTANCES)
        yield [f"Kendall's tau-b, {NAMES[name]}", *blank, *map(_tau, correlations)]
        rhos = (number(correlation.rho, 2, signed=True) for correlation in correlations)
        yield [f"Spearman's rho, {NAMES[name]}", *blank, *rhos]


def _counts(truth: Truth) -> list[int]:
    """Return over how many methods the rank correlations are, ascending."""
    return sorted({correlation.methods for correlation in truth.ranks.values()})


def _tau(correlation: Rank) -> str:
    text = number(correlation.tau, 2, signed=True)
    return text if text == NOTHING or correlation.p != correlation.p else f"{text} (p {correlation.p:.2g})"


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


VIEW = View(
    name="truth",
    title="Distance to the truth and calibration",
    caption="How far each soft label is from the true probabilities of the phantom, beside the calibration of its "
    "network.",
    needs=("scores", "ensembles", "truth"),
    applies=lambda given: str(given.needs["truth"]["missing"]),
    build=view,
    place=70,
)
