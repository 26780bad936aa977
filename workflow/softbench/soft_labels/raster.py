"""Geodesic distance by raster scans, compiled: all voxels of a row are relaxed together, all classes in one pass.

A forward sweep visits the rows (d, h) in order. A voxel looks at 13 of its 26 neighbours: 12 lie in five other rows,
which do not change during the visit, so a whole row is compared at once; one lies in its own row and makes a chain.
The backward sweep is the forward sweep of the volume turned about its centre. The costs of the steps into a row are
computed once a visit and serve all classes. A row is passed over where neither it nor the five rows that it looks at
changed since its last visit in the same direction, because then nothing can come of it.

Volumes have a margin of one voxel at the distance FAR, so no neighbour needs a test. All that is compiled stays in this
one file, because numba keeps the machine code (beside it, or in NUMBA_CACHE_DIR) until this file changes, and no other.
"""

from collections.abc import Sequence

import numpy as np
from numba import njit

VERSION = 1
FAR = np.float32(1e10)  # GeodisTK's distance of what no path has reached
FLOOR = 1e-5  # GeodisTK's floor under a difference of intensity
TOGETHER = 4  # classes whose chains along a row run interleaved: one alone would wait for each addition
# The neighbours (dd, dh, dw) of a forward sweep, as GeodisTK has them. Rows (1, -1) and (1, 0) are not visited yet:
# this is not the causal half of the neighbourhood, which is why four sweeps fall short of the minimum.
STEPS = (
    (-1, -1, -1), (-1, -1, 0), (-1, -1, 1), (-1, 0, -1), (-1, 0, 0), (0, -1, -1), (0, -1, 0), (0, -1, 1),
    (1, -1, -1), (1, -1, 0), (1, -1, 1), (1, 0, -1), (0, 0, -1),
)  # fmt: skip
ROWS = ((-1, -1), (-1, 0), (0, -1), (1, -1), (1, 0))
# Division follows IEEE 754, and no arithmetic is reordered.
compiled = njit(cache=True, error_model="numpy", nogil=True)


def scan(
    channels: np.ndarray,
    seeds: np.ndarray,
    spacing_mm: Sequence[float],
    *,
    iterations: int,
    euclidean: bool,
    gamma: float,
) -> np.ndarray:
    """Return the distance of every voxel to the seeds of each class.

    Args:
        channels: (M, D, H, W) float32, finite; intensities differ by their L2 norm over channels.
        seeds: (K, D, H, W) bool.
        spacing_mm: (D, H, W).
        iterations: pairs of a forward and a backward sweep; they end early where nothing changes any more.
        euclidean: whether a step costs sqrt(mm^2 + (gamma dI)^2); else mm (dI + 1e-5), rounded as GeodisTK rounds it.
        gamma: weight of intensity in the Euclidean cost.
    Returns: (K, D, H, W) float32; FAR for a class without seeds.
    """
    margin = ((0, 0), (1, 1), (1, 1), (1, 1))
    distance = np.full([len(seeds), *(n + 2 for n in seeds.shape[1:])], FAR)
    distance[:, 1:-1, 1:-1, 1:-1][seeds] = 0
    changed = np.pad(seeds.any(axis=-1), margin[:-1]).astype(np.int64)
    d2, h2, w2 = (np.abs(STEPS, dtype=np.float32) * np.square(spacing_mm, dtype=np.float32)).T
    lengths = np.sqrt(d2 + h2 + w2)
    _iterate(distance, np.pad(channels, margin), lengths, iterations, euclidean, np.float32(gamma), changed)
    return np.ascontiguousarray(distance[:, 1:-1, 1:-1, 1:-1])


@compiled
def _iterate(
    distance: np.ndarray, image: np.ndarray, lengths: np.ndarray, iterations: int, euclidean: bool, gamma: np.float32,
    changed: np.ndarray,
) -> None:  # fmt: skip
    """Sweep forth and back; `changed` and `visited` hold the times of a row's last change and visits on one clock."""
    visited = np.zeros((2, *changed.shape), np.int64)
    clock = np.array([1, 0])  # now, and the time of the last change anywhere
    for _ in range(iterations):
        before = clock[0]
        for way in range(2):
            _sweep(distance, image, lengths, euclidean, gamma, 1 - 2 * way, changed, visited[way], clock)
        if clock[1] <= before:
            break


@compiled
def _sweep(
    distance: np.ndarray, image: np.ndarray, lengths: np.ndarray, euclidean: bool, gamma: np.float32, sign: int,
    changed: np.ndarray, visited: np.ndarray, clock: np.ndarray,
) -> None:  # fmt: skip
    """Visit all rows once, forward (`sign` 1) or backward (-1)."""
    classes, depth, height, width = distance.shape
    steps = np.empty((len(STEPS), width - 2), np.float32)
    best = np.empty((TOGETHER, width - 2), np.float32)
    due = np.empty(classes, np.int64)
    for i in range(1, depth - 1):
        d = i if sign > 0 else depth - 1 - i
        for j in range(1, height - 1):
            h = j if sign > 0 else height - 1 - j
            count = _find_due(d, h, sign, changed, visited, due)
            if count:
                _cost(image, d, h, lengths, euclidean, gamma, sign, steps)
            for first in range(0, count, TOGETHER):
                group = due[first : min(first + TOGETHER, count)]
                _relax(distance, d, h, sign, group, steps, best, changed, visited, clock)


@compiled
def _find_due(d: int, h: int, sign: int, changed: np.ndarray, visited: np.ndarray, due: np.ndarray) -> int:
    """Write the classes whose row (d, h), or one that it looks at, changed since its last visit; return how many."""
    count = 0
    for k in range(len(changed)):
        latest = changed[k, d, h]
        for dd, dh in ROWS:
            latest = max(latest, changed[k, d + sign * dd, h + sign * dh])
        if latest > visited[k, d, h]:
            due[count] = k
            count += 1
    return count


@compiled
def _cost(
    image: np.ndarray, d: int, h: int, lengths: np.ndarray, euclidean: bool, gamma: np.float32, sign: int,
    steps: np.ndarray,
) -> None:  # fmt: skip
    """Write the costs of the steps from each of the 13 neighbours into row (d, h), (13, W)."""
    width = steps.shape[1]
    for i in range(len(STEPS)):
        dd, dh, dw = STEPS[i]
        first, step = 1 + sign * dw, steps[i]
        step[:] = 0
        for m in range(len(image)):
            there = image[m, d + sign * dd, h + sign * dh, first : first + width]
            _add_difference(image[m, d, h, 1 : 1 + width], there, len(image) == 1, step)
        if len(image) > 1:
            step[:] = np.sqrt(step)
        _add_length(step, lengths[i], euclidean, gamma)


@compiled
def _add_difference(here: np.ndarray, there: np.ndarray, alone: bool, step: np.ndarray) -> None:
    """Write the difference of intensity of a single channel, or add its square to those of the other channels."""
    if alone:
        for w in range(len(step)):
            step[w] = abs(here[w] - there[w])
    else:
        for w in range(len(step)):
            step[w] += (here[w] - there[w]) * (here[w] - there[w])


@compiled
def _add_length(step: np.ndarray, length: np.float32, euclidean: bool, gamma: np.float32) -> None:
    """Turn differences of intensity into the costs of steps of `length` mm."""
    if euclidean:
        for w in range(len(step)):
            step[w] = np.sqrt(length * length + (gamma * step[w]) * (gamma * step[w]))
    else:
        for w in range(len(step)):  # the speed is rounded to float32, as in GeodisTK: distances agree to the last bit
            step[w] = length / np.float32(1.0 / (np.float64(step[w]) + FLOOR))


@compiled
def _relax(
    distance: np.ndarray, d: int, h: int, sign: int, group: np.ndarray, steps: np.ndarray, best: np.ndarray,
    changed: np.ndarray, visited: np.ndarray, clock: np.ndarray,
) -> None:  # fmt: skip
    """Shorten the distances of row (d, h) in a group of classes, and note the times."""
    for g in range(len(group)):
        _look_at_rows(distance[group[g]], d, h, sign, steps, best[g])
    _chain(best, steps[-1], sign)
    for g in range(len(group)):
        k = group[g]
        clock[0] += 1
        visited[k, d, h] = clock[0]
        if _take_over(best[g], distance[k, d, h, 1:-1]):
            changed[k, d, h] = clock[1] = clock[0]


@compiled
def _look_at_rows(volume: np.ndarray, d: int, h: int, sign: int, steps: np.ndarray, best: np.ndarray) -> None:
    """Write the shortest distance of each voxel of a row: its own, or one over a neighbour in another row."""
    n = len(best)
    behind, ahead = 1 - sign, 1 + sign  # where neighbours with dw = -1 and dw = 1 begin, in the sweep's direction
    a, b, c = volume[d - sign, h - sign], volume[d - sign, h], volume[d, h - sign]
    e, f = volume[d + sign, h - sign], volume[d + sign, h]
    a0, a1, a2 = a[behind : behind + n], a[1 : 1 + n], a[ahead : ahead + n]
    b0, b1 = b[behind : behind + n], b[1 : 1 + n]
    c0, c1, c2 = c[behind : behind + n], c[1 : 1 + n], c[ahead : ahead + n]
    e0, e1, e2 = e[behind : behind + n], e[1 : 1 + n], e[ahead : ahead + n]
    f0, own = f[behind : behind + n], volume[d, h, 1 : 1 + n]
    for w in range(n):  # one loop over all twelve, so that the smallest stays in a register
        value = _smaller(own[w], a0[w] + steps[0, w])
        value = _smaller(value, a1[w] + steps[1, w])
        value = _smaller(value, a2[w] + steps[2, w])
        value = _smaller(value, b0[w] + steps[3, w])
        value = _smaller(value, b1[w] + steps[4, w])
        value = _smaller(value, c0[w] + steps[5, w])
        value = _smaller(value, c1[w] + steps[6, w])
        value = _smaller(value, c2[w] + steps[7, w])
        value = _smaller(value, e0[w] + steps[8, w])
        value = _smaller(value, e1[w] + steps[9, w])
        value = _smaller(value, e2[w] + steps[10, w])
        best[w] = _smaller(value, f0[w] + steps[11, w])


@compiled
def _smaller(value: np.float32, path: np.float32) -> np.float32:
    return path if path < value else value


@compiled
def _chain(best: np.ndarray, step: np.ndarray, sign: int) -> None:
    """Let each voxel be reached over its predecessor in the row; rows beyond the group are relaxed to no effect."""
    p0 = p1 = p2 = p3 = FAR
    r0, r1, r2, r3 = best[0], best[1], best[2], best[3]
    for i in range(len(step)):
        w = i if sign > 0 else len(step) - 1 - i
        r0[w] = p0 = _smaller(r0[w], p0 + step[w])
        r1[w] = p1 = _smaller(r1[w], p1 + step[w])
        r2[w] = p2 = _smaller(r2[w], p2 + step[w])
        r3[w] = p3 = _smaller(r3[w], p3 + step[w])


@compiled
def _take_over(best: np.ndarray, row: np.ndarray) -> bool:
    """Copy the new distances into the row; return whether any is shorter."""
    shorter = 0
    for w in range(len(row)):
        shorter += best[w] < row[w]
        row[w] = best[w]
    return shorter > 0
