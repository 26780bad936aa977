"""Where the surface of a mask runs, 64 voxels at a time (compiled), and how much area passes at each place.

A mask becomes bits along its last axis, and so do its surfaces. Only their elements are then written out: a list is far
shorter than a volume, however far apart the ends of a mask lie.
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numba import njit

VERSION = 1
Corner = tuple[int, ...]
WORD = 64
ONE, TOP, SIX_BITS = np.uint64(1), np.uint64(WORD - 1), np.uint64(WORD - 6)
# A de Bruijn sequence: times each power of two, it shows another pattern in its top six bits.
SEQUENCE = np.uint64(0x03F79D71B4CB0A89)
BIT_OF = np.argsort((SEQUENCE << np.arange(WORD, dtype=np.uint64)) >> SIX_BITS)
compiled = njit(cache=True, error_model="numpy", nogil=True)


@dataclass(frozen=True, eq=False)
class Elements:
    """The voxels, or the surfels, of one mask's surface.

    `bits` (slices, rows, words) uint64: element w of a row is bit w % 64 of word w // 64; a 2-D mask is one slice.
    `places` (n, 3) int32: slice, row, w of each, in this order. `codes` (n,) uint8: which of the 8 (4) voxels around
    the corner before a place are inside, bit by bit in the order of `corners`.
    """

    bits: np.ndarray
    places: np.ndarray
    codes: np.ndarray


def scan(mask: np.ndarray) -> tuple[Elements, Elements]:
    """Return the surface voxels of a mask (D, H, W) or (H, W) bool, and its surfels."""
    deep = mask.ndim - 2  # in 2-D, the single slice is its own neighbour above and below
    bits = _pack(mask)
    voxels, surfels = np.zeros_like(bits), np.zeros_like(bits)
    _mark(bits, deep, voxels, surfels)
    return _list(bits, voxels, deep), _list(bits, surfels, deep)


def scan_plain(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the places (n, dims) of surface voxels and of surfels, and the surfels' codes, by erosion and shifts."""
    from scipy.ndimage import binary_erosion

    padded, codes = np.pad(mask, 1).astype(np.uint8), np.zeros([n + 1 for n in mask.shape], np.uint8)
    for bit, corner in enumerate(corners(mask.ndim)):
        codes += padded[tuple(slice(c, n + 1 + c) for c, n in zip(corner, mask.shape, strict=True))] << bit
    surfels = np.argwhere((codes > 0) & (codes < 2**2**mask.ndim - 1))
    return np.argwhere(mask & ~binary_erosion(mask)), surfels, codes[tuple(surfels.T)]


def list_voxels(mask: np.ndarray) -> Elements:
    """Return the True voxels of a mask (D, H, W) or (H, W) bool as elements, to measure distances between sets."""
    bits = _pack(mask)
    return _list(bits, bits, mask.ndim - 2)


def _pack(mask: np.ndarray) -> np.ndarray:
    """Return a mask's bits; a zero stands before and behind each axis, but on the last only behind."""
    packed = np.packbits(mask, axis=-1, bitorder="little")
    words = np.zeros((*(n + 2 for n in mask.shape[:-1]), mask.shape[-1] // WORD + 1), "<u8")
    words.view(np.uint8)[(*(slice(1, -1),) * (mask.ndim - 1), slice(packed.shape[-1]))] = packed
    return words.reshape(-1, *words.shape[-2:])


def _list(bits: np.ndarray, marked: np.ndarray, deep: int) -> Elements:
    count = int(np.bitwise_count(marked).sum(dtype=np.int64))
    elements = Elements(marked, np.empty((count, 3), np.int32), np.empty(count, np.uint8))
    _write(bits, marked, deep, elements.places, elements.codes)
    return elements


@compiled
def _mark(bits: np.ndarray, deep: int, voxels: np.ndarray, surfels: np.ndarray) -> None:
    """Mark the voxels with a face neighbour outside, and the corners with voxels inside and outside around them.

    Corner (i, j, w) lies before voxel (i, j, w) on every axis: between it and voxel (i - 1, j - 1, w - 1).
    """
    slices, rows, words = bits.shape
    for i in range(deep, slices):
        for j in range(1, rows):
            any_before = all_before = np.uint64(0)
            for k in range(words):
                here, left, above = bits[i, j, k], bits[i, j - 1, k], bits[i - deep, j, k]
                either = here | left | above | bits[i - deep, j - 1, k]
                every = here & left & above & bits[i - deep, j - 1, k]
                if either | any_before >> TOP:
                    inside = every & (every << ONE | all_before >> TOP)
                    surfels[i, j, k] = (either | either << ONE | any_before >> TOP) & ~inside
                if here:
                    before = bits[i, j, k - 1] >> TOP if k else np.uint64(0)
                    behind = bits[i, j, k + 1] << TOP if k + 1 < words else np.uint64(0)
                    along = (here << ONE | before) & (here >> ONE | behind)
                    voxels[i, j, k] = here & ~(along & left & bits[i, j + 1, k] & above & bits[i + deep, j, k])
                any_before, all_before = either, every


@compiled
def _write(bits: np.ndarray, marked: np.ndarray, deep: int, places: np.ndarray, codes: np.ndarray) -> None:
    """Write the place of each marked bit, and the code of the corner there."""
    slices, rows, words = bits.shape
    n = 0
    for i in range(slices):
        for j in range(rows):
            for k in range(words):
                left = marked[i, j, k]
                while left:
                    lowest = left & (~left + ONE)
                    bit = BIT_OF[(lowest * SEQUENCE) >> SIX_BITS]
                    places[n, 0], places[n, 1], places[n, 2] = i, j, WORD * k + bit
                    codes[n] = _code(bits, i, j, k, np.uint64(bit), deep)
                    left ^= lowest
                    n += 1


@compiled
def _code(bits: np.ndarray, i: int, j: int, k: int, bit: np.uint64, deep: int) -> np.uint64:
    """Return the voxels around a corner, two a row; in 2-D only the two rows there are."""
    code = _pair(bits, i, j - 1, k, bit) | _pair(bits, i, j, k, bit) << np.uint64(2)
    if deep:
        code = _pair(bits, i - 1, j - 1, k, bit) | _pair(bits, i - 1, j, k, bit) << np.uint64(2) | code << np.uint64(4)
    return code


@compiled
def _pair(bits: np.ndarray, i: int, j: int, k: int, bit: np.uint64) -> np.uint64:
    """Return the voxels before (1) and behind (2) a corner in a row."""
    if bit:
        return bits[i, j, k] >> (bit - ONE) & np.uint64(3)
    before = bits[i, j, k - 1] >> TOP if k else np.uint64(0)
    return before | (bits[i, j, k] & ONE) << ONE


def corners(dims: int) -> list[Corner]:
    """Return the corners of a cell in the order of the bits of its code: corner k weighs 2**k."""
    return list(product((0, 1), repeat=dims))


def surfel_areas(spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Tabulate the surface that passes between the 8 (or 4) voxel centres around a corner, by their code.

    Marching cubes with vertices half way between voxel centres, derived from geometry alone.

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
    left = [
        (corner, neighbour) for corner in sorted(group) for neighbour in _neighbours(corner) if neighbour not in group
    ]
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
