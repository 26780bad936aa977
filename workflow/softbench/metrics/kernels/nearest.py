"""Distance from the elements of one surface to the nearest of another: exact, and only where it is asked for. Compiled.

Most elements of a good prediction lie a few steps from the reference: those look for it in the bits around them
(`_look_around`). The others search by blocks (`squared_distances`): both sets are cut into blocks of about equal sides
in mm, and blocks into groups. A search for all places of a block leaves out the blocks that lie further away than
another one reaches; a search for one place starts from what the one before it found, and leaves out the blocks that lie
further away than that.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numba import njit

from softbench.metrics.kernels.surface_scan import WORD, Elements

VERSION = 1
STEPS = 3  # slices and rows to look at on each side; measured: 2 is slower for short distances, 5 for long ones
HALF, SIX = WORD // 2, 6  # 2**6 bits are a word
ONE, TOP = np.uint64(1), np.uint64(WORD - 1)
DOUBLINGS = 6  # a block holds up to 2**6 places; measured: 4 and 8 are slower
GROUP = 2  # a group is 2**2 blocks long on each axis
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


def distances_plain(start: Elements, goal: Elements, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return the same by scipy's k-d tree."""
    from scipy.spatial import KDTree

    of_start, of_goal = (elements.places[:, -len(spacing_mm) :] * spacing_mm for elements in (start, goal))
    found: np.ndarray = KDTree(of_goal).query(of_start)[0]
    return found


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


def squared_distances(start: np.ndarray, goal: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return the squared distance in mm² from each place of `start` to the nearest one of `goal`.

    Args:
        start, goal: (n, 3) integers from 0 on, n > 0: places on one grid, in steps.
        spacing_mm: the length of a step along each axis, or along the last two where the first is not used.
    Returns: (n,) float64, exact.
    """
    squares, shifts = np.empty(len(start)), _shifts(spacing_mm)
    spacing = np.array((1.0, *spacing_mm)[-3:])
    order, places, start_firsts, _, start_boxes, _ = _cut(start, shifts)
    _, goals, firsts, group_firsts, boxes, group_boxes = _cut(goal, shifts)
    _search(order, places, start_firsts, start_boxes, goals, firsts, group_firsts, boxes, group_boxes, spacing, squares)
    return squares


def _shifts(spacing_mm: Sequence[float]) -> np.ndarray:
    """Return the sides of a block in places, as powers of two, so that they are of about equal length in mm."""
    sides, shifts = np.array(spacing_mm, np.float64), np.zeros(3, np.int64)
    for _ in range(DOUBLINGS):
        shortest = sides.argmin()
        sides[shortest] *= 2
        shifts[shortest - len(sides)] += 1
    return shifts


@compiled
def _cut(places: np.ndarray, shifts: np.ndarray) -> tuple:
    """Sort places by group and block.

    Returns: the order (n,); the sorted places (6, n), each as a box of its own; where each block begins among them, and
        each group among the blocks, with the end last; the boxes (lowest corner, highest corner) of the places of each
        block, and of each group, (6, blocks). Places are float64, to compute with.
    """
    keys, size = _keys(places, shifts)
    starts = np.zeros(size + 1, np.int64)
    for key in keys:
        starts[key + 1] += 1
    occupied = np.flatnonzero(starts[1:])
    starts = np.cumsum(starts)
    group_of = occupied >> (3 * GROUP)
    group_firsts = np.append(np.append(0, np.flatnonzero(np.diff(group_of)) + 1), len(occupied))
    firsts = np.append(starts[occupied], len(places))
    order, at = np.empty(len(places), np.int64), np.empty((6, len(places)))
    for n in range(len(places)):
        to = starts[keys[n]]
        starts[keys[n]] += 1
        order[to] = n
        for axis in range(3):
            at[axis, to] = at[axis + 3, to] = places[n, axis]
    boxes = _boxes(at, firsts)
    return order, at, firsts, group_firsts, boxes, _boxes(boxes, group_firsts)


@compiled
def _keys(places: np.ndarray, shifts: np.ndarray) -> tuple:
    """Return the number of each place's block, group by group, and how many numbers there are."""
    counts = np.ones(3, np.int64)
    for n in range(len(places)):
        for axis in range(3):
            counts[axis] = max(counts[axis], (places[n, axis] >> (shifts[axis] + GROUP)) + 1)
    keys = np.empty(len(places), np.int64)
    for n in range(len(places)):
        group = block = 0
        for axis in range(3):
            cell = places[n, axis] >> shifts[axis]
            group = group * counts[axis] + (cell >> GROUP)
            block = block << GROUP | (cell & (2**GROUP - 1))
        keys[n] = group << (3 * GROUP) | block
    return keys, counts[0] * counts[1] * counts[2] << (3 * GROUP)


@compiled
def _boxes(inner: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Return the boxes around runs of boxes, (6, runs)."""
    boxes = np.empty((6, len(firsts) - 1))
    for run in range(len(firsts) - 1):
        for axis in range(3):
            low, high = inner[axis, firsts[run]], inner[axis + 3, firsts[run]]
            for n in range(firsts[run] + 1, firsts[run + 1]):
                low, high = min(low, inner[axis, n]), max(high, inner[axis + 3, n])
            boxes[axis, run], boxes[axis + 3, run] = low, high
    return boxes


@compiled
def _search(
    order: np.ndarray, start: np.ndarray, start_firsts: np.ndarray, start_boxes: np.ndarray, goal: np.ndarray,
    firsts: np.ndarray, group_firsts: np.ndarray, boxes: np.ndarray, group_boxes: np.ndarray, spacing: np.ndarray,
    squares: np.ndarray,
) -> None:  # fmt: skip
    """Write the squared distance from each place of `start` to the nearest of `goal`."""
    found, near, gaps = np.empty(boxes.shape[1], np.int64), np.empty_like(boxes), np.empty(boxes.shape[1])
    s0, s1, s2 = spacing[0], spacing[1], spacing[2]
    nearest = 0
    for block in range(start_boxes.shape[1]):
        count = _find_blocks(start_boxes, block, boxes, group_boxes, group_firsts, spacing, found, gaps)
        for b in range(count):
            near[:, b] = boxes[:, found[b]]
        for n in range(start_firsts[block], start_firsts[block + 1]):
            a0, a1, a2 = start[0, n], start[1, n], start[2, n]
            best = _square(goal, nearest, a0, a1, a2, s0, s1, s2)
            for b in range(count):
                gaps[b] = _gap_of_place(near, b, a0, a1, a2, s0, s1, s2)
            for b in range(count):
                if gaps[b] < best:
                    for m in range(firsts[found[b]], firsts[found[b] + 1]):
                        square = _square(goal, m, a0, a1, a2, s0, s1, s2)
                        if square < best:
                            best, nearest = square, m
            squares[order[n]] = best


@compiled
def _find_blocks(
    start: np.ndarray, a: int, boxes: np.ndarray, group_boxes: np.ndarray, group_firsts: np.ndarray,
    spacing: np.ndarray, found: np.ndarray, gaps: np.ndarray,
) -> int:  # fmt: skip
    """Write the blocks that may hold the nearest place of a place in box `a` of `start`; return how many."""
    limit = np.inf
    for group in range(group_boxes.shape[1]):
        limit = min(limit, _reach(start, a, group_boxes, group, spacing))
    count = 0
    for group in range(group_boxes.shape[1]):
        if _gap(start, a, group_boxes, group, spacing) <= limit:
            for block in range(group_firsts[group], group_firsts[group + 1]):
                gap = _gap(start, a, boxes, block, spacing)
                if gap <= limit:
                    limit = min(limit, _reach(start, a, boxes, block, spacing))
                    found[count], gaps[count] = block, gap
                    count += 1
    kept = 0
    for n in range(count):
        if gaps[n] <= limit:
            found[kept] = found[n]
            kept += 1
    return kept


@compiled
def _gap(start: np.ndarray, a: int, boxes: np.ndarray, b: int, spacing: np.ndarray) -> float:
    """Return the smallest squared distance between a place in one box and one in another."""
    total = 0.0
    for axis in range(3):
        steps = _larger(_larger(boxes[axis, b] - start[axis + 3, a], start[axis, a] - boxes[axis + 3, b]), 0.0)
        total += (steps * spacing[axis]) ** 2
    return total


@compiled
def _reach(start: np.ndarray, a: int, boxes: np.ndarray, b: int, spacing: np.ndarray) -> float:
    """Return the largest squared distance between a place in one box and one in another."""
    total = 0.0
    for axis in range(3):
        steps = _larger(boxes[axis + 3, b] - start[axis, a], start[axis + 3, a] - boxes[axis, b])
        total += (steps * spacing[axis]) ** 2
    return total


@compiled
def _gap_of_place(boxes: np.ndarray, b: int, a0: float, a1: float, a2: float, s0: float, s1: float, s2: float) -> float:
    """Return the smallest squared distance between a place and one in a box: numbers alone, so that loops are fast."""
    d0 = _larger(_larger(boxes[0, b] - a0, a0 - boxes[3, b]), 0.0) * s0
    d1 = _larger(_larger(boxes[1, b] - a1, a1 - boxes[4, b]), 0.0) * s1
    d2 = _larger(_larger(boxes[2, b] - a2, a2 - boxes[5, b]), 0.0) * s2
    return d0 * d0 + d1 * d1 + d2 * d2


@compiled
def _square(places: np.ndarray, n: int, a0: float, a1: float, a2: float, s0: float, s1: float, s2: float) -> float:
    """Return the squared distance between a place and one of a list."""
    d0, d1, d2 = (places[0, n] - a0) * s0, (places[1, n] - a1) * s1, (places[2, n] - a2) * s2
    return d0 * d0 + d1 * d1 + d2 * d2


@compiled
def _larger(first: float, second: float) -> float:
    return first if first > second else second
