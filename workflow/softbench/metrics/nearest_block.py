"""Distance from places of a grid to the nearest of other places, exact, and fast however far they are. Compiled.

Both sets are cut into blocks of about equal sides in mm, and blocks into groups. A search for all places of a block
passes over the blocks that lie further away than another one reaches; a search for one place starts from what the one
before it found, and passes over the blocks that lie further away than that.
All that is compiled stays in this one file, as in `soft_labels.raster`.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

VERSION = 1
DOUBLINGS = 6  # a block holds up to 2**6 places; measured: 4 and 8 are slower
GROUP = 2  # a group is 2**2 blocks long on each axis
compiled = njit(cache=True, error_model="numpy", nogil=True)


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
