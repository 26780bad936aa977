"""The loops of SLIC over voxels: distances to centres, who wins, and the means; blocks of voxels skip centres far away.

A block of voxels has a range in place and in each channel, so it has a smallest distance to a centre. Where that lies
above the largest distance of the block's voxels to their present centres, the centre cannot win any of them. Bounds are
computed with the operations of the distances, in their order; rounding is monotone, so skipping changes no result.
All compiled functions are in this file, since numba's cache does not notice a change in another one. Their arguments
are those of `slic_clusters.cluster`.
"""

import numba
import numpy as np

VERSION = 1
BLOCK = (4, 4, 4)  # voxels along D, H, W; changes the time, not the result
NOWHERE = np.float32(np.inf)


@numba.njit(cache=True)
def measure(features, centres, owners, metric, blocks):  # type: ignore[no-untyped-def]
    """Return each voxel's distance to its present centre, and the largest one of each block."""
    nearest, farthest = np.empty(owners.shape, np.float32), np.zeros(blocks, np.float32)
    depth, height, width = owners.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                k, block = owners[z, y, x], (z // BLOCK[0], y // BLOCK[1], x // BLOCK[2])
                nearest[z, y, x] = _distance(features, centres, metric, k, z, y, x)
                farthest[block] = max(farthest[block], nearest[z, y, x])
    return nearest, farthest


@numba.njit(cache=True)
def _distance(features, centres, metric, k, z, y, x):  # type: ignore[no-untyped-def]
    """Return the distance from a voxel to a centre; infinite outside its window."""
    for axis, place in enumerate((z, y, x)):
        first, last = _window(centres[k, axis], metric.reach[axis], 1 << 30)
        if not first <= place < last:
            return NOWHERE
    far = _square(metric.spacing[0], centres[k, 0] - np.float32(z))
    far += _square(metric.spacing[1], centres[k, 1] - np.float32(y))
    far += _square(metric.spacing[2], centres[k, 2] - np.float32(x))
    return far * metric.weight + _colour(features[z, y, x], features[z, y, x], centres[k])


@numba.njit(cache=True)
def assign(features, centres, owners, nearest, farthest, ranges, metric):  # type: ignore[no-untyped-def]
    """Let every centre win the voxels that are nearer to it than to all before it; in place."""
    for k in range(len(centres)):
        if not np.isnan(centres[k, 0]):
            _win(k, features, centres[k], owners, nearest, farthest, ranges, metric)


@numba.njit(cache=True)
def _win(k, features, centre, owners, nearest, farthest, ranges, metric):  # type: ignore[no-untyped-def]
    """Let one centre win voxels, block by block of its window; in place."""
    z0, z1 = _window(centre[0], metric.reach[0], owners.shape[0])
    y0, y1 = _window(centre[1], metric.reach[1], owners.shape[1])
    x0, x1 = _window(centre[2], metric.reach[2], owners.shape[2])
    for i in range(z0 // BLOCK[0], (z1 - 1) // BLOCK[0] + 1):
        first, last = max(z0, i * BLOCK[0]), min(z1, (i + 1) * BLOCK[0])
        deep = _square(metric.spacing[0], _gap(centre[0], first, last - 1))
        for j in range(y0 // BLOCK[1], (y1 - 1) // BLOCK[1] + 1):
            top, end = max(y0, j * BLOCK[1]), min(y1, (j + 1) * BLOCK[1])
            flat = deep + _square(metric.spacing[1], _gap(centre[1], top, end - 1))
            for h in range(x0 // BLOCK[2], (x1 - 1) // BLOCK[2] + 1):
                left, right = max(x0, h * BLOCK[2]), min(x1, (h + 1) * BLOCK[2])
                far = (flat + _square(metric.spacing[2], _gap(centre[2], left, right - 1))) * metric.weight
                if far > farthest[i, j, h]:
                    continue
                if far + _colour(ranges[0][i, j, h], ranges[1][i, j, h], centre) > farthest[i, j, h]:
                    continue
                box = (first, last, top, end, left, right)
                _win_in_box(k, features, centre, owners, nearest, box, metric)
                farthest[i, j, h] = _largest(nearest, i * BLOCK[0], j * BLOCK[1], h * BLOCK[2])


@numba.njit(cache=True)
def _win_in_box(k, features, centre, owners, nearest, box, metric):  # type: ignore[no-untyped-def]
    """Let one centre win voxels of one block; in place."""
    first, last, top, end, left, right = box
    for z in range(first, last):
        deep = _square(metric.spacing[0], centre[0] - np.float32(z))
        for y in range(top, end):
            flat = deep + _square(metric.spacing[1], centre[1] - np.float32(y))
            for x in range(left, right):
                far = (flat + _square(metric.spacing[2], centre[2] - np.float32(x))) * metric.weight
                if far > nearest[z, y, x]:
                    continue
                far += _colour(features[z, y, x], features[z, y, x], centre)
                if far < nearest[z, y, x] or (far == nearest[z, y, x] and k < owners[z, y, x]):
                    owners[z, y, x], nearest[z, y, x] = k, far


@numba.njit(cache=True)
def _largest(nearest, z, y, x):  # type: ignore[no-untyped-def]
    """Return the largest distance in the block that starts at a voxel."""
    return nearest[z : z + BLOCK[0], y : y + BLOCK[1], x : x + BLOCK[2]].max()


@numba.njit(cache=True)
def _window(centre, reach, length):  # type: ignore[no-untyped-def]
    """Return the first voxel of a centre's window along an axis, and the one after its last."""
    return int(max(centre - reach, 0)), int(min(centre + reach + np.float32(1), length))


@numba.njit(cache=True)
def _square(spacing, difference):  # type: ignore[no-untyped-def]
    scaled = spacing * difference
    return scaled * scaled


@numba.njit(cache=True)
def _gap(value, first, last):  # type: ignore[no-untyped-def]
    """Return the distance from a value to a range; 0 inside it."""
    low, high = np.float32(first), np.float32(last)
    return max(low - value, value - high, np.float32(0))


@numba.njit(cache=True)
def _colour(low, high, centre):  # type: ignore[no-untyped-def]
    """Return the squared distance from a centre's channels to a range of channels (or to one voxel's)."""
    total = np.float32(0)
    for m in range(len(low)):
        gap = _gap(centre[3 + m], low[m], high[m])
        total += gap * gap
    return total


@numba.njit(cache=True)
def means(features, owners, count):  # type: ignore[no-untyped-def]
    """Return the centres' means over their voxels, (count, 3 + M) float32, summed in array order; NaN where empty."""
    sums, sizes = np.zeros((count, 3 + features.shape[3]), np.float32), np.zeros(count, np.int64)
    for z, y, x in np.ndindex(owners.shape):
        k = owners[z, y, x]
        sizes[k] += 1
        sums[k, 0] += np.float32(z)
        sums[k, 1] += np.float32(y)
        sums[k, 2] += np.float32(x)
        for m in range(features.shape[3]):
            sums[k, 3 + m] += features[z, y, x, m]
    for k in range(count):
        sums[k] /= np.float32(sizes[k]) if sizes[k] else np.float32(np.nan)
    return sums
