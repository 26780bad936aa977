"""Where the surface of a mask runs: 64 voxels at a time, from bits to lists of places. Compiled.

A mask becomes bits along its last axis, and so do its surfaces. Only their elements are then written out: a list is far
shorter than a volume, however far apart the ends of a mask lie.
All that is compiled stays in this one file, as in `soft_labels.raster`.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit

VERSION = 1
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
    the corner before a place are inside, bit by bit in the order of `surfel_areas.corners`.
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
