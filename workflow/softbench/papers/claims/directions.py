"""Claims about signs, and about whether two comparisons point the same way."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from softbench.papers.claims.cells import CELL, ROUNDING, Margin, goodness, label, matched, name_place
from softbench.papers.claims.sentences import Claim


def sign(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: the mean itself where the relation is above (zero), its negative where it is below."""
    for index, cell in rows[rows["method"].isin(claim.among)].iterrows():
        name, group = f"{cell['method']}: {label(cell, CELL)}", label(cell, claim.within)
        yield Margin(name, (index,), _side(claim) * values[:, index], group)


def sign_of_best(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: as `sign`, of the method that is best by another metric (`by`) in each of the claim's `groups`.

    The claim's two metrics are `by` and the one that has the sign.
    """
    (signed,) = set(claim.metrics or ()) - {claim.by}
    keys, best = [key for key in CELL if key != "metric"], goodness(rows, values)
    for methods in claim.groups:
        for _, cell in rows[rows["method"].isin(methods)].groupby(keys, sort=False):
            wide = _by_metric(cell, (claim.by, signed))
            if wide.empty:
                continue
            by = best[:, wide[claim.by]]
            of_best = values[:, wide[signed]][np.arange(len(values)), by.argmax(axis=1)]
            margin = np.where(np.isfinite(by).all(axis=1), _side(claim) * of_best, np.nan)
            name = f"best of {', '.join(methods)}: {label(cell.iloc[0], keys)}, {signed}"
            yield Margin(name, (*wide[claim.by], *wide[signed]), margin, label(cell.iloc[0], claim.within))


def _by_metric(cell: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Return the numbers of rows, a row a method and a column a metric, of the methods that have both."""
    wide = cell.reset_index().pivot(index="method", columns="metric", values="index").reindex(columns=list(metrics))
    return wide.dropna().astype(int)


def _side(claim: Claim) -> int:
    return 1 if claim.relation == "above" else -1


def near(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: the claim's limit minus the distance of the two sides; only how far one lies behind where not_worse."""
    for pair in claim.pairs:
        for _, cell in matched(rows, pair.one, pair.other).iterrows():
            first, second = cell["first"], cell["second"]
            gap = values[:, second] - values[:, first]
            gap = gap if claim.relation == "not_worse" else np.abs(gap)
            margin = claim.limit_of(cell["metric"]) - gap + 2 * ROUNDING  # the limit itself is near
            yield Margin(f"{pair.name}: {name_place(pair, cell, CELL)}", (first, second), margin)


def alike(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: positive where a pair's difference has one sign in two data sets; as large as the smaller one."""
    keys = [key for key in CELL if key not in ("table", "dataset")]
    for pair in claim.pairs:
        for _, cells in matched(rows, pair.one, pair.other).groupby(keys, sort=False):
            gaps = values[:, cells["first"]] - values[:, cells["second"]]
            for first, second in combinations(range(len(cells)), 2):
                pair_of = cells.iloc[[first, second]]
                name = f"{pair.name}: {' and '.join(pair_of['dataset'])}, {name_place(pair, cells.iloc[0], keys)}"
                used = (*pair_of["first"], *pair_of["second"])
                yield Margin(
                    name, used, _agreement(gaps[:, first], gaps[:, second]), label(cells.iloc[0], claim.within)
                )


def same_order(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: positive where two methods stand in one order by both of the claim's metrics; as `alike`."""
    keys = [key for key in CELL if key != "metric"]
    for _, cell in rows[rows["method"].isin(claim.among)].groupby(keys, sort=False):
        wide, place = _by_metric(cell, claim.metrics or ()), label(cell.iloc[0], keys)
        for left, right in combinations([method for method in claim.among if method in wide.index], 2):
            first, second = wide.loc[left].to_numpy(), wide.loc[right].to_numpy()
            margin = _agreement(*(values[:, first] - values[:, second]).T)
            yield Margin(f"{left} vs {right}: {place}", (*first, *second), margin, label(cell.iloc[0], claim.within))


def _agreement(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the smaller of two differences, negative where their signs differ; (draws,)."""
    return np.sign(first) * np.sign(second) * np.minimum(np.abs(first), np.abs(second))


def mainly(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: the gain in the first of the claim's two regions, or by how much it exceeds the other if less."""
    here, elsewhere = claim.rois or ()
    keys = [key for key in CELL if key != "roi"]
    for pair in claim.pairs:
        sides = [matched(rows[rows["roi"] == roi], pair.one, pair.other) for roi in (here, elsewhere)]
        for _, cell in sides[0].merge(sides[1], on=keys, suffixes=("", "_elsewhere")).iterrows():
            used = tuple(cell[name] for name in ("first", "second", "first_elsewhere", "second_elsewhere"))
            inside, outside = (values[:, used[i]] - values[:, used[i + 1]] for i in (0, 2))
            name = f"{pair.name}: {name_place(pair, cell, keys)}"
            yield Margin(name, used, np.minimum(inside, inside - outside), label(cell, claim.within))
