"""The kinds of tests: each turns a table of means into cells with a margin, positive where the claim holds in the cell.

Values come as (draws, rows), so that the same lines test the printed means (one draw) and bootstrap draws of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from softbench.papers.claims import rows as rows_of
from softbench.papers.claims.rows import CELL, label
from softbench.papers.claims.sentences import Claim, Pair

ROUNDING = 1e-9  # below it two means are equal: a billionth of a share or mm, far below printed digits


@dataclass(frozen=True)
class Cells:
    """What a claim was tested on.

    `names` and `groups`: one a cell; `used`: the rows behind each cell; `margins` (draws, cells), NaN where a mean is
    missing; `sizes`: for gains, how far the gain lies inside the claimed range (negative outside), else the margins.
    """

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


def best(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Cells:
    """Margin: the best of the claim's methods minus the best of the others that it is compared with."""
    rows = rows[rows["method"].isin((*claim.among, *claim.method))]
    names, groups, used, margins = [], [], [], []
    for _, cell in rows.groupby(CELL, sort=False):
        own = cell["method"].isin(claim.method)
        if own.any() and not own.all():
            names.append(label(cell.iloc[0], CELL))
            groups.append(label(cell.iloc[0], claim.within))
            used.append(tuple(cell.index))
            margins.append(values[:, cell.index[own]].max(axis=1) - values[:, cell.index[~own]].max(axis=1))
    return _cells(names, groups, used, margins, len(values))


def compare(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Cells:
    """Margin: one side minus the other; the other way round where the relation is worse or not_better."""
    sign = 1 if claim.relation == "better" else -1
    names, groups, used, margins = [], [], [], []
    for pair in claim.pairs:
        for _, cell in rows_of.matched(rows, pair.one, pair.other).iterrows():
            names.append(f"{pair.name}: {_place(pair, cell, CELL)}")
            groups.append(label({**cell, "pair": pair.name}, claim.within))
            used.append((cell["first"], cell["second"]))
            margins.append(sign * (values[:, cell["first"]] - values[:, cell["second"]]))
    return _cells(names, groups, used, margins, len(values))


def gain(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Cells:
    """Margin: the mean over structures of one side minus the other; size: how far it lies within the claimed range."""
    names, used, margins, sizes = [], [], [], []
    for pair in claim.pairs:
        for place, members, gains in _gains(rows, values, pair):
            names.append(f"{pair.name}: {place}")
            used.append(members)
            margins.append(gains)
            sizes.append(np.minimum(gains - pair.low, pair.high - gains) + 2 * ROUNDING)  # the ends belong to the range
    return _cells(names, [""] * len(names), used, margins, len(values), sizes)


def growing(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Cells:
    """Margin: the gain of a pair minus that of the pair before it."""
    names, used, margins = [], [], []
    for before, after in pairwise(claim.pairs):
        earlier = {place: (members, gains) for place, members, gains in _gains(rows, values, before)}
        for place, members, gains in _gains(rows, values, after):
            if place in earlier:
                names.append(f"{after.name}: {place}")
                used.append((*earlier[place][0], *members))
                margins.append(gains - earlier[place][1])
    return _cells(names, [""] * len(names), used, margins, len(values))


def ranks_differ(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Cells:
    """Margin: +1 where the methods stand in another order than in the first cell, -1 where in the same."""
    names, used, orders = [], [], []
    for _, cell in rows[rows["method"].isin(claim.among)].groupby(CELL, sort=False):
        of_method = cell.reset_index().set_index("method")["index"].reindex(list(claim.among))
        if of_method.notna().all() and np.isfinite(values[:, of_method.astype(int)]).all():
            names.append(label(cell.iloc[0], CELL))
            used.append(tuple(of_method.astype(int)))
            orders.append(np.argsort(-values[:, of_method.astype(int)], axis=1, kind="stable"))
    margins = [np.where((order != orders[0]).any(axis=1), 1.0, -1.0) for order in orders[1:]]
    used = [(*used[0], *one) for one in used[1:]]
    return _cells(names[1:], [""] * len(margins), used, margins, len(values))


KINDS: dict[str, Callable[[pd.DataFrame, np.ndarray, Claim], Cells]] = {
    "best": best, "compare": compare, "gain": gain, "growing": growing, "ranks_differ": ranks_differ,
}  # fmt: skip


def _gains(rows: pd.DataFrame, values: np.ndarray, pair: Pair) -> list[tuple[str, tuple[int, ...], np.ndarray]]:
    """Return a pair's gain, the mean over structures, with its place and rows; one a data set, arm, rater, metric."""
    keys = [key for key in CELL if key != "structure"]
    found = []
    for _, cells in rows_of.matched(rows, pair.one, pair.other).groupby(keys, sort=False):
        gains = (values[:, cells["first"]] - values[:, cells["second"]]).mean(axis=1)
        found.append((_place(pair, cells.iloc[0], keys), (*cells["first"], *cells["second"]), gains))
    return found


def _place(pair: Pair, cell: pd.Series, keys: Sequence[str]) -> str:
    """Return where a pair is compared: the columns that its sides leave open."""
    return label(cell, [key for key in keys if key not in {*pair.one, *pair.other}])


def _cells(
    names: Sequence[str],
    groups: Sequence[str],
    used: Sequence[tuple[int, ...]],
    margins: Sequence[np.ndarray],
    draws: int,
    sizes: Sequence[np.ndarray] | None = None,
) -> Cells:
    matrix = _matrix(margins, draws)
    return Cells(tuple(names), tuple(groups), tuple(used), matrix, matrix if sizes is None else _matrix(sizes, draws))


def _matrix(columns: Sequence[np.ndarray], draws: int) -> np.ndarray:
    return np.stack(columns, axis=1) if columns else np.empty((draws, 0))
