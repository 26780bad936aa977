"""Distance from the elements of one surface to the nearest of another: exact, and only where it is asked for. Compiled.

Most elements of a good prediction lie a few steps from the reference: those look for it in the bits around them. The
others search by blocks. All that is compiled here stays in this one file, as in `soft_labels.raster`.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numba import njit

from softbench.metrics.nearest_block import squared_distances
from softbench.metrics.surface_scan import WORD, Elements

VERSION = 1
STEPS = 3  # slices and rows to look at on each side; measured: 2 is slower for short distances, 5 for long ones
HALF, SIX = WORD // 2, 6  # 2**6 bits are a word
ONE, TOP = np.uint64(1), np.uint64(WORD - 1)
compiled = njit(cache=True, error_model="numpy", nogil=True)


def distances(start: Elements, goal: Elements, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return the distance in mm from each element of `start` to the nearest of `goal`, float64.

    Exact; inf where `goal` is empty. `spacing_mm` has three numbers, or two where the masks are 2-D.
    """
    squares = np.full(len(start.places), np.inf)
    if len(goal.places):
        rows, costs, limit = _rows_around(tuple(spacing_mm))
        _look_around(start.places, goal.bits, rows, costs, limit, float(spacing_mm[-1]), squares)
        far = np.flatnonzero(squares == np.inf)
        if len(far):
            squares[far] = squared_distances(start.places[far], goal.places, spacing_mm)
    return np.sqrt(squares, out=squares)


@lru_cache  # masks of one case share a spacing, and small ones are done sooner than this
def _rows_around(spacing_mm: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the rows to look at, nearest first, as steps (n, 2); their squared distances; what is found for certain.

    Anything nearer than the square root of the last lies in one of these rows, less than half a word away.
    """
    around = np.arange(-STEPS, STEPS + 1)
    within = [around if len(spacing_mm) == 3 else np.zeros(1, int), around]
    steps = np.stack(np.meshgrid(*within, indexing="ij"), axis=-1).reshape(-1, 2)
    costs = ((steps * (*(0.0, *spacing_mm)[-3:-1],)) ** 2).sum(axis=1)
    limit = min([(STEPS + 1) * step for step in spacing_mm[:-1]] + [HALF * spacing_mm[-1]]) ** 2
    order = np.argsort(costs, kind="stable")
    order = order[costs[order] < limit]
    return steps[order], costs[order], limit


@compiled
def _look_around(
    places: np.ndarray, goal: np.ndarray, rows: np.ndarray, costs: np.ndarray, limit: float, step_mm: float,
    squares: np.ndarray,
) -> None:  # fmt: skip
    """Write the squared distance from each place to the nearest bit of `goal` where it is below the limit."""
    slices, height, words = goal.shape
    for n in range(len(places)):
        slice_id, row, k = places[n, 0], places[n, 1], places[n, 2] >> SIX
        bit = np.uint64(places[n, 2] & (WORD - 1))
        best = limit
        for r in range(len(rows)):
            if costs[r] >= best:
                break
            i, j = slice_id + rows[r, 0], row + rows[r, 1]
            if 0 <= i < slices and 0 <= j < height:
                behind, before = goal[i, j, k] >> bit, goal[i, j, k] << (TOP - bit)  # seen from the bit, up and down
                if bit and k + 1 < words:
                    behind |= goal[i, j, k + 1] << (TOP - bit + ONE)
                if bit < TOP and k:
                    before |= goal[i, j, k - 1] >> (bit + ONE)
                if behind | before:
                    best = _along(behind, before, costs[r], step_mm, best)
        if best < limit:
            squares[n] = best


@compiled
def _along(behind: np.uint64, before: np.uint64, cost: float, step_mm: float, best: float) -> float:
    """Return the squared distance to the nearest bit of a row, or the best so far where that is smaller."""
    for t in range(HALF):
        square = cost + (t * step_mm) ** 2
        if square >= best:
            break
        if behind >> np.uint64(t) & ONE or before << np.uint64(t) >> TOP:
            return square
    return best
