"""The last step of SLIC: pieces that hang together, small ones given to a neighbour."""

import numba
import numpy as np

VERSION = 1
STEPS = ((0, 0, 1), (0, 0, -1), (0, 1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, 0))  # the order decides ties


@numba.njit(cache=True)
def connect(owners, smallest, largest):  # type: ignore[no-untyped-def]
    """Return segments that hang together by faces, numbered from 1 in the order of their first voxels.

    Args:
        owners: (D, H, W) int32, which cluster a voxel belongs to.
        smallest: pieces with fewer voxels join the neighbour that the search of the piece saw last.
        largest: a piece that grows to this many voxels is cut off there, and the rest is a piece of its own.
    Returns: (D, H, W) int32, from 1. A first piece that is too small has no neighbour yet, and the next one joins it.
    Source: Achanta et al. 2012, as scikit-image 0.26 carries it out. Departures: none.
    """
    segments = np.zeros(owners.shape, np.int32)
    found = np.empty((largest, 3), np.int64)
    number = np.int32(1)
    for start in np.ndindex(owners.shape):
        if segments[start] > 0:
            continue
        size, neighbour = _piece(owners, segments, start, number, found)
        if size >= smallest:
            number += np.int32(1)
            continue
        for i in range(size):
            segments[found[i, 0], found[i, 1], found[i, 2]] = neighbour
    return segments


@numba.njit(cache=True)
def _piece(owners, segments, start, number, found):  # type: ignore[no-untyped-def]
    """Number the piece around a voxel, breadth first; return its size and the last other segment that it touched."""
    segments[start] = number
    found[0, 0], found[0, 1], found[0, 2] = start
    size, visited, neighbour = 1, 0, number
    while visited < size < len(found):
        for step in STEPS:
            z, y, x = found[visited, 0] + step[0], found[visited, 1] + step[1], found[visited, 2] + step[2]
            if not (0 <= z < owners.shape[0] and 0 <= y < owners.shape[1] and 0 <= x < owners.shape[2]):
                continue
            if segments[z, y, x] == 0 and owners[z, y, x] == owners[start]:
                segments[z, y, x] = number
                found[size, 0], found[size, 1], found[size, 2] = z, y, x
                size += 1
                if size >= len(found):
                    break
            elif segments[z, y, x] > 0 and segments[z, y, x] != number:
                neighbour = segments[z, y, x]
        visited += 1
    return size, neighbour
