"""How much surface (mm², or mm of outline in 2-D) passes between the 8 (or 4) voxel centres around a corner.

Marching cubes with vertices half way between voxel centres, derived here from geometry alone:
a cell's surface depends on which of its corners are inside, and so does a table of 256 (16) areas.
"""

from functools import cache
from itertools import product

import numpy as np

VERSION = 1

Corner = tuple[int, ...]


def corners(dims: int) -> list[Corner]:
    """Return the corners of a cell in the order of the bits of its code: corner k weighs 2**k."""
    return list(product((0, 1), repeat=dims))


def surfel_areas(spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Tabulate the surface that each neighbour code carries.

    Args:
        spacing_mm: three or two numbers, mm.
    Returns: (256,) mm² in 3-D, (16,) mm in 2-D; 0 for the codes "all outside" and "all inside".
    Source: surfels of DeepMind's surface-distance (Nikolov et al. 2018), as their own table defines them.
        Departures: float64, and no list of numbers is copied; tests compare all codes at several spacings.
    """
    spacing = np.asarray(spacing_mm, np.float64)
    # A triangle's area vector has its shadow on the planes as components, so each stretches with two spacings.
    stretch = spacing if len(spacing) == 2 else spacing.prod() / spacing
    areas: np.ndarray = np.linalg.norm(_unit_vectors(len(spacing)) * stretch, axis=-1).sum(axis=-1)
    return areas


@cache
def _unit_vectors(dims: int) -> np.ndarray:
    """Return, for every code, the vectors of its pieces at unit spacing: (codes, 4, dims), filled up with zeros."""
    cell = corners(dims)
    table = np.zeros((2 ** len(cell), 4, dims))
    for code in range(len(table)):
        inside = {corner for bit, corner in enumerate(cell) if code >> bit & 1}
        # The surface of a few inside corners is that of a few outside corners, so the smaller set is walled off.
        fewer = inside if 2 * len(inside) <= len(cell) else set(cell) - inside
        vectors = [vector for group in _groups(fewer) for vector in _patch(group)]
        if vectors:
            table[code, : len(vectors)] = vectors
    return table


def _neighbours(corner: Corner) -> list[Corner]:
    return [tuple(v ^ (i == axis) for i, v in enumerate(corner)) for axis in range(len(corner))]


def _groups(members: set[Corner]) -> list[frozenset[Corner]]:
    """Split corners into groups that cell edges join; corners across a diagonal stay apart."""
    left, groups = set(members), []
    while left:
        group, queue = set(), [min(left)]
        while queue:
            corner = queue.pop()
            if corner in left:
                left.remove(corner)
                group.add(corner)
                queue += _neighbours(corner)
        groups.append(frozenset(group))
    return groups


@cache
def _patch(group: frozenset[Corner]) -> np.ndarray:
    """Return the vectors of the surface around one group: a line (1, 2), or triangles (n, 3) by their area vectors.

    A bent loop can be filled in several ways; the table that this follows takes the one of largest area.
    """
    loop = _loop(group)
    if loop.shape[1] == 2:
        line: np.ndarray = loop[1:] - loop[:1]
        return line
    a, b, c = np.moveaxis(loop[np.array(_fillings(tuple(range(len(loop)))))], 2, 0)
    fillings = np.cross(b - a, c - a) / 2
    largest = np.linalg.norm(fillings, axis=-1).sum(axis=-1).round(9).argmax()  # rounded: ties go to the first
    triangles: np.ndarray = fillings[largest]
    return triangles


def _loop(group: frozenset[Corner]) -> np.ndarray:
    """Return the middles of the cell edges that leave a group, in the order of the loop around it: (n, dims)."""
    left = [(corner, other) for corner in sorted(group) for other in _neighbours(corner) if other not in group]
    loop = [left.pop(0)]
    while left:
        following = next(edge for edge in left if _on_one_face(loop[-1], edge))
        left.remove(following)
        loop.append(following)
    middles: np.ndarray = np.array(loop, np.float64).mean(axis=1)
    return middles


def _on_one_face(first: tuple[Corner, Corner], second: tuple[Corner, Corner]) -> bool:
    if len(first[0]) == 2:
        return True
    return any(len(set(values)) == 1 for values in zip(*first, *second, strict=True))


def _fillings(polygon: tuple[int, ...]) -> list[list[tuple[int, int, int]]]:
    """Return all ways to fill a polygon with triangles between its corners."""
    if len(polygon) < 3:
        return [[]]
    first, last = polygon[0], polygon[-1]
    return [
        [*left, *right, (first, polygon[k], last)]
        for k in range(1, len(polygon) - 1)
        for left in _fillings(polygon[: k + 1])
        for right in _fillings(polygon[k:])
    ]
