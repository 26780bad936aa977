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
from softbench.tables.assemble import Runs, table
from softbench.tables.parts import Table
from softbench.tables.views import soft_label_quality

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
    shown = table(runs, {**settings, "methods": methods})
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
    """Give the lines of `truth_forms.COLUMNS`: distances and calibration of each method, then the rank correlations."""
    shown = truth.table
    names = [f"{column.metric} {column.roi}" for column in shown.columns]
    for method, cells in zip(shown.methods, shown.cells, strict=True):
        who = ["method", method.key, truth.soft_labels[method.key]]
        for name in DISTANCES:
            yield [*who, f"distance to truth: {name}", truth.distances.loc[method.key, name], None, None]
        for name, cell in zip(names, cells, strict=True):
            yield [*who, name, cell.mean, cell.sd_seeds, cell.n_seeds]
    for (distance, place), one in truth.ranks.items():
        for kind, value in (("kendall_tau_b", one.tau), ("spearman_rho", one.rho), ("p_exact_descriptive", one.p)):
            yield [kind, f"distance to truth: {distance}", None, names[place], value, None, one.methods]
