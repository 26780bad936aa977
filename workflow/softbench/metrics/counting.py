"""Compiled counts that put float32 values in order without sorting them.

The bits of a float32 from 0 to 1, read as an integer, are in the order of the values. Values are counted by their upper
16 bits; where a cut falls into one of these coarse bins, again by their lower 16 bits, where a bin is one exact value.
Within a coarse bin values are evenly spaced, so their sum follows from integers and is exact.
"""

import numpy as np
from numba import njit

VERSION = 1
COARSE = 0x3F80 + 1  # coarse bins: upper halves from 0.0 to 1.0
FINE = 1 << 16
MAGNITUDE = np.uint32(0x7FFFFFFF)  # without the sign: -0.0 is 0.0
LOW = np.uint32(0xFFFF)
NONE = np.uint32(0xFFFFFFFF)
BLOCK = 1024  # values whose places are kept in the fastest cache
SHIFT = np.uint64(40)
ONE = np.uint64(1 << 40)  # a word counts values above this bit and sums their lower halves below it
ROOM = (1 << 24) - 1  # values that fit into a word
compiled = njit(cache=True, error_model="numpy", nogil=True)


@compiled
def count_coarse(
    bits: np.ndarray, y: np.ndarray, mask: np.ndarray | None, target: int, limit: np.uint32, words: np.ndarray
) -> int:
    """Add values to the words of their coarse bin, misses and hits apart; return how many exceed `limit`.

    Two streams have tables of their own: neighbours share a bin, and each addition would wait for the one before.

    Args:
        bits: (n,) uint32, the bits of the values.
        y, mask: (n,) classes, and whether a value counts; None where all do.
        target: the class whose values these are.
        limit: bits of a threshold.
        words: (2, COARSE * 2) uint64, [stream, 2 * bin + hit]; in place.
    """
    half, above = len(bits) // 2, 0
    first, second = words[0], words[1]
    for v in range(half):
        above += _put(bits[v], y[v] == target, True if mask is None else mask[v], limit, first)
        w = v + half
        above += _put(bits[w], y[w] == target, True if mask is None else mask[w], limit, second)
    for v in range(2 * half, len(bits)):
        above += _put(bits[v], y[v] == target, True if mask is None else mask[v], limit, first)
    return above


@compiled
def _put(value: np.uint32, hit: bool, counts: bool, limit: np.uint32, words: np.ndarray) -> int:
    words[np.uint64(2) * _upper(value) + np.uint64(hit)] += np.uint64(counts) * (ONE + np.uint64(value & LOW))
    return int(counts and (value & MAGNITUDE) > limit)


@compiled
def count_fine(
    bits: np.ndarray, y: np.ndarray, mask: np.ndarray | None, target: int, offsets: np.ndarray, counts: np.ndarray
) -> None:
    """Count the values of chosen coarse bins one by one, misses and hits apart.

    Args:
        bits, y, mask, target: as `count_coarse`.
        offsets: (COARSE,) uint32, where the counts of a coarse bin begin; NONE for those not chosen.
        counts: (…,) uint32, [offset + 2 * lower half + hit]; in place.
    """
    places = np.empty(BLOCK, np.uint32)
    for first in range(0, len(bits), BLOCK):
        chosen = np.int64(0)
        for v in range(first, min(first + BLOCK, len(bits))):  # which they are is hard to foretell: no branch here
            places[chosen] = v
            chosen += np.int64((offsets[_upper(bits[v])] != NONE) & (True if mask is None else mask[v]))
        for i in range(chosen):
            place = np.int64(places[i])
            low = 2 * np.uint64(bits[place] & LOW) + np.uint64(y[place] == target)
            counts[np.uint64(offsets[_upper(bits[place])]) + low] += np.uint32(1)


@compiled
def _upper(bits: np.uint32) -> np.uint64:
    """Return the coarse bin of a value; what is not inside may hold anything, and gets the last one."""
    return np.uint64(min((bits & MAGNITUDE) >> np.uint32(16), np.uint32(COARSE - 1)))


@compiled
def locate(counts: np.ndarray, rank: int) -> tuple[int, np.int64, np.int64, np.int64, np.int64, np.int64]:
    """Return which value of a coarse bin has a rank (from 0), what lies below it, and its ties.

    Args:
        counts: (2 * FINE,) misses and hits of each value.
        rank: among the values of this bin.
    Returns: the value's lower half; count, sum of lower halves and hits of smaller values; count and hits of its ties.
    """
    below = lows = hits = np.int64(0)
    for low in range(FINE):
        tied = np.int64(counts[2 * low]) + np.int64(counts[2 * low + 1])
        if below + tied > rank:
            return low, below, lows, hits, tied, np.int64(counts[2 * low + 1])
        below += tied
        lows += tied * low
        hits += np.int64(counts[2 * low + 1])
    return FINE, below, lows, hits, np.int64(0), np.int64(0)


@compiled
def count_hits(
    bits: np.ndarray, y: np.ndarray, mask: np.ndarray | None, target: int, value: np.uint32, limits: np.ndarray,
    found: np.ndarray, state: np.ndarray,
) -> None:  # fmt: skip
    """Count the hits among the first voxels of one value, in array order.

    Args:
        bits, y, mask, target: as `count_coarse`.
        value: bits of the value.
        limits: (K,) ascending: after how many of these voxels a count is wanted.
        found: (K,) the hits; in place.
        state: voxels seen, hits among them, and counts found so far; goes on from chunk to chunk, in place.
    """
    seen, hits, done = state[0], state[1], state[2]
    for v in range(len(bits)):
        if bits[v] & MAGNITUDE == value and (True if mask is None else mask[v]):
            while done < len(limits) and seen == limits[done]:
                found[done] = hits
                done += 1
            seen += 1
            hits += y[v] == target
    state[0], state[1], state[2] = seen, hits, done
