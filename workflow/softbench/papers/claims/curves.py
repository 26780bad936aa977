"""Claims about a curve: means at the values of a parameter, in the order of the claim's `points`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from softbench.papers.claims.cells import CELL, Margin, compare, label
from softbench.papers.claims.sentences import Claim, Pair


def steps(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin: a point minus the one before it, along each curve; the other way round where the relation is worse."""
    pairs = [
        Pair({"method": after}, {"method": before}) for methods in claim.points for before, after in pairwise(methods)
    ]
    return compare(rows, values, replace(claim, pairs=tuple(pairs)))


def peak(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Iterator[Margin]:
    """Margin of a step: how much it rises before the peak, or falls behind it.

    The peak is the claim's method, or else the best point of each curve; then a further cell says whether it lies
    inside: the best of the inner points minus the best of the two ends. A curve that lacks a point has NaN margins.
    """
    for points in claim.points:
        for _, cell in rows[rows["method"].isin(points)].groupby(CELL, sort=False):
            yield from _peak_of_curve(cell, values, points, claim)


def _peak_of_curve(cell: pd.DataFrame, values: np.ndarray, points: Sequence[str], claim: Claim) -> Iterator[Margin]:
    place, group, used = label(cell.iloc[0], CELL), label(cell.iloc[0], claim.within), tuple(cell.index)
    curve = _curve(cell, values, points)
    is_known = np.isfinite(curve).all(axis=1)
    top = np.full(len(curve), points.index(claim.method[0])) if claim.method else curve.argmax(axis=1)
    for step, (before, after) in enumerate(pairwise(points)):
        rise = curve[:, step + 1] - curve[:, step]
        margin = np.where(is_known, np.where(step < top, rise, -rise), np.nan)
        yield Margin(f"{after} vs {before}: {place}", used, margin, group)
    if not claim.method:
        inside = curve[:, 1:-1].max(axis=1) - np.maximum(curve[:, 0], curve[:, -1])
        yield Margin(f"peak inside: {place}", used, np.where(is_known, inside, np.nan), group)


def _curve(cell: pd.DataFrame, values: np.ndarray, points: Sequence[str]) -> np.ndarray:
    """Return the values at the points: (draws, points), NaN where there is no row."""
    row_of = dict(zip(cell["method"], cell.index, strict=True))
    missing = np.full(len(values), np.nan)
    return np.stack([values[:, row_of[point]] if point in row_of else missing for point in points], axis=1)
