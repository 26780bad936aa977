"""From a table of means to the cells that a claim is tested on, each with a margin, positive where the claim holds.

The kinds of tests cut a claim into cells, of the rows that it speaks of: here those that compare methods, in curves.py
and directions.py the others; kinds.py has them all. Values come as (draws, rows), so that the same lines test the
printed means (one draw) and bootstrap draws of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.papers.claims.sentences import Claim, Pair

CELL = ["table", "dataset", "arm", "rater", "structure", "metric", "roi"]
NEEDED = ["table", "dataset", "structure", "metric", "method", "mean"]
DEFAULTS: dict[str, Any] = {"arm": "", "rater": 0, "roi": "all", "sd": np.nan, "n": np.nan, "over": "none"}
DEFAULTS |= {"runs": "", "by_seed": None, "unprinted": False}
NEAREST_ZERO = ("rd",)  # signed, so the register calls neither direction better


def complete(means: pd.DataFrame) -> pd.DataFrame:
    """Return a table of means with the columns that were left out, in an order of its own.

    Raises: InputError: if a column that is needed is missing, or two rows are the mean of the same thing.
    """
    missing = [name for name in NEEDED if name not in means]
    if missing:
        raise InputError(f"the table of means lacks the column(s) {', '.join(missing)}; it has {', '.join(means)}.")
    means = means.assign(**{name: value for name, value in DEFAULTS.items() if name not in means})
    if "better" not in means:
        means["better"] = [_better(str(metric)) for metric in means["metric"]]
    twice = means[means.duplicated([*CELL, "method", "unprinted"])]
    if len(twice):
        where = ", ".join(f"{name} {twice.iloc[0][name]}" for name in [*CELL, "method"])
        raise InputError(f"the table of means holds two rows for {where}. Keep one network, grid and prediction.")
    return means.reset_index(drop=True)


def _better(metric: str) -> str:
    from softbench.metrics import catalogue

    return "zero" if metric in NEAREST_ZERO else catalogue.describe(metric).better


def choose(means: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    """Return the rows that a claim speaks of, numbered anew: those of tables, or those that no table prints."""
    means = means[means["unprinted"].astype(bool) == bool(claim.unprinted)]
    wanted = {
        "table": claim.tables, "dataset": claim.datasets, "metric": claim.metrics, "structure": claim.structures,
        "arm": claim.arms, "roi": claim.rois,
    }  # fmt: skip
    for column, values in wanted.items():
        if values is not None:
            means = means[means[column].isin(values)]
    if claim.metrics is None:
        means = means[means["better"] != "neither"]
    return means.reset_index(drop=True)


def goodness(rows: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Return values (draws, rows) such that more is better in every row.

    Raises: InputError: for a metric of which neither direction is better.
    """
    better = rows["better"].to_numpy()
    odd = sorted(set(rows["metric"][~np.isin(better, ["higher", "lower", "zero"])]))
    if odd:
        raise InputError(f"neither direction is better for the metric(s) {', '.join(odd)}: no claim can be about them.")
    return np.where(better == "higher", values, -np.where(better == "zero", np.abs(values), values))


def matched(rows: pd.DataFrame, one: Mapping[str, Any], other: Mapping[str, Any]) -> pd.DataFrame:
    """Return the pairs of rows that agree in all that the two sides leave open.

    Returns: the columns of `CELL` (of the first side), `first` and `second` (row numbers).
    Raises: InputError: if a row of one side matches several of the other.
    """
    open_keys = [name for name in CELL if name not in one and name not in other]
    sides = [_side(rows, side) for side in (one, other)]
    for side, chosen in zip((one, other), sides, strict=True):
        if chosen.duplicated(open_keys).any():
            raise InputError(
                f"{dict(side)} is not one row for each {', '.join(open_keys)}. Name the table, or the arm."
            )
    first = sides[0][CELL].assign(first=sides[0].index)
    second = sides[1][open_keys].assign(second=sides[1].index)
    return first.merge(second, on=open_keys, how="inner")


def _side(rows: pd.DataFrame, side: Mapping[str, Any]) -> pd.DataFrame:
    for column, value in side.items():
        rows = rows[rows[column].isin(value if isinstance(value, list) else [value])]
    return rows


def label(cell: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return the name of a cell: the values of these columns that tell it from others; its data set, not its table."""
    named = [key for key in keys if key != "table" and cell[key] not in ("", 0, "all")]
    return ", ".join(f"annotation set {cell[key]}" if key == "rater" else str(cell[key]) for key in named)


ROUNDING = 1e-9  # below it two means are equal: a billionth of a share or mm, far below printed digits


@dataclass(frozen=True)
class Margin:
    """A cell that a claim was cut into: its `margin` (draws,), NaN where a mean is missing, and the rows behind it.

    size: for gains, how far the gain lies inside the claimed range (negative outside); else the margin.
    """

    name: str
    used: tuple[int, ...]
    margin: np.ndarray
    group: str = ""
    size: np.ndarray | None = None


@dataclass(frozen=True)
class Cells:
    """What a claim was tested on, a column each: `margins` and `sizes` are (draws, cells), see `Margin`."""

    names: tuple[str, ...]
    groups: tuple[str, ...]
    used: tuple[tuple[int, ...], ...]
    margins: np.ndarray
    sizes: np.ndarray

    def only(self, kept: np.ndarray) -> "Cells":
        """Return some of the cells, those where `kept` is true."""
        chosen = np.flatnonzero(kept)
        names, groups = tuple(self.names[i] for i in chosen), tuple(self.groups[i] for i in chosen)
        used = tuple(self.used[i] for i in chosen)
        return Cells(names, groups, used, self.margins[:, chosen], self.sizes[:, chosen])


def best(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: the best of the claim's methods minus the best of the others that it is compared with."""
    rows = rows[rows["method"].isin((*claim.among, *claim.method))]
    for _, cell in rows.groupby(CELL, sort=False):
        own = cell["method"].isin(claim.method)
        if own.any() and not own.all():
            margin = values[:, cell.index[own]].max(axis=1) - values[:, cell.index[~own]].max(axis=1)
            first = cell.iloc[0]
            yield Margin(label(first, CELL), tuple(cell.index), margin, label(first, claim.within))


def compare(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: one side minus the other; the other way round where the relation is worse or not_better."""
    sign = 1 if claim.relation == "better" else -1
    for pair in claim.pairs:
        for _, cell in matched(rows, pair.one, pair.other).iterrows():
            first, second = cell["first"], cell["second"]
            margin, group = (
                sign * (values[:, first] - values[:, second]),
                label({**cell, "pair": pair.name}, claim.within),
            )
            yield Margin(f"{pair.name}: {name_place(pair, cell, CELL)}", (first, second), margin, group)


def gain(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: the mean over structures of one side minus the other; size: how far it lies within the claimed range."""
    for pair in claim.pairs:
        for place, used, gains in _gains(rows, values, pair):
            inside = np.minimum(gains - pair.low, pair.high - gains) + 2 * ROUNDING  # the ends belong to the range
            yield Margin(f"{pair.name}: {place}", used, gains, size=inside)


def growing(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: the gain of a pair minus that of the pair before it."""
    for before, after in pairwise(claim.pairs):
        earlier = {place: (used, gains) for place, used, gains in _gains(rows, values, before)}
        for place, used, gains in _gains(rows, values, after):
            if place in earlier:
                yield Margin(f"{after.name}: {place}", (*earlier[place][0], *used), gains - earlier[place][1])


def ranks_differ(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: +1 where the methods stand in another order than in the first cell, -1 where in the same."""
    orders = []
    for _, cell in rows[rows["method"].isin(claim.among)].groupby(CELL, sort=False):
        of_method = cell.reset_index().set_index("method")["index"].reindex(list(claim.among))
        if of_method.notna().all() and np.isfinite(values[:, of_method.astype(int)]).all():
            used = tuple(of_method.astype(int))
            orders.append((label(cell.iloc[0], CELL), used, np.argsort(-values[:, used], axis=1, kind="stable")))
    for name, used, order in orders[1:]:
        yield Margin(name, (*orders[0][1], *used), np.where((order != orders[0][2]).any(axis=1), 1.0, -1.0))


def _gains(rows: pd.DataFrame, values: np.ndarray, pair: Pair) -> list[tuple[str, tuple[int, ...], np.ndarray]]:
    """Return a pair's gain, the mean over structures, with its place and rows; one a data set, arm, rater, metric."""
    keys = [key for key in CELL if key != "structure"]
    gains_of_pairs = []
    for _, cells in matched(rows, pair.one, pair.other).groupby(keys, sort=False):
        gains = (values[:, cells["first"]] - values[:, cells["second"]]).mean(axis=1)
        gains_of_pairs.append((name_place(pair, cells.iloc[0], keys), (*cells["first"], *cells["second"]), gains))
    return gains_of_pairs


def name_place(pair: Pair, cell: pd.Series, keys: Sequence[str]) -> str:
    """Return where a pair is compared: the columns that its sides leave open."""
    return label(cell, [key for key in keys if key not in {*pair.one, *pair.other}])
