"""Calibration errors over blocks of equal count, class by class: Nixon's ACE and TACE, and the SVLS authors' TACE.

Blocks of many float32 values are found by counting, exactly; others by sorting, which is the plain twin. Both cut
at the same voxels. The bits of a float32 from 0 to 1, read as an integer, are in the order of the values. Values are
counted by their upper 16 bits; where a cut falls into one of these coarse bins, again by their lower 16 bits, where a
bin is one exact value. Within a coarse bin values are evenly spaced, so their sum follows from integers and is exact.
The loops over voxels are compiled: two passes see each value, and a third only cuts through ties.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from softbench.metrics.kernels.tally import flat_classes, walk

VERSION = 1
THRESHOLD = 1e-3  # TACE looks at probabilities above this: SVLS paper, Sec. 4.1
FEW = 1 << 16  # values; sorting so few costs less than the tables for counting
COARSE = 0x3F80 + 1  # coarse bins: upper halves from 0.0 to 1.0
FINE = 1 << 16
MAGNITUDE = np.uint32(0x7FFFFFFF)  # without the sign: -0.0 is 0.0
LOW = np.uint32(0xFFFF)
NONE = np.uint32(0xFFFFFFFF)
BLOCK = 1024  # values whose places are kept in the fastest cache
SHIFT = np.uint64(40)
ONE = np.uint64(1 << 40)  # a word counts values above this bit and sums their lower halves below it
ROOM = (1 << 24) - 1  # values that fit into a word
TOGETHER = 32  # coarse bins that are looked into in one pass: 16 MiB of counts
# What lies at a rank: hits minus confidence of all smaller values; the value and its bits; of its ties, how many have
# a smaller rank, how many there are, and their hits.
FOUND = np.dtype([("error", "f8"), ("value", "f8"), ("bits", "u4"), ("before", "i8"), ("tied", "i8"), ("hits", "i8")])
UPPER = np.arange(COARSE)
BASE = (UPPER << 16).astype(np.uint32).view(np.float32).astype(np.float64)  # the smallest value of a coarse bin
STEP = 2.0 ** (np.maximum(UPPER >> 7, 1) - 150)  # between its values: 23 bits of mantissa, exponents biased by 127
compiled = njit(cache=True, error_model="numpy", nogil=True)


@dataclass(frozen=True)
class Table:
    """What a class holds in each coarse bin.

    counts: (COARSE,) values; ends: (COARSE,) how many values there are up to each bin's end;
    error: (COARSE + 1,) hits minus confidence of all bins below; kept: values above the threshold.
    """

    counts: np.ndarray
    ends: np.ndarray
    error: np.ndarray
    kept: int

    @property
    def total(self) -> int:
        """Number of values."""
        return int(self.ends[-1])


@dataclass(frozen=True)
class Column:
    """The probabilities (...) of one class, the (N,) classes of all voxels, and the mask (...) of those that count."""

    values: np.ndarray
    y: np.ndarray
    inside: np.ndarray | None
    target: int

    def rows(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray | None]]:
        """Yield the bits of values with their classes and mask (None where all count), chunk by chunk."""
        for part, start, here, mask in walk(self.values[None], self.inside):
            bits = part[0, start : start + len(mask)].view(np.uint32)
            yield bits, self.y[here], None if self.inside is None else mask

    def count(self, threshold: float) -> Table:
        """Count the values of each coarse bin, and those above a threshold."""
        counts, lows, kept = np.zeros((COARSE, 2), np.int64), np.zeros((COARSE, 2), np.int64), 0
        words, room = np.zeros((2, COARSE * 2), np.uint64), ROOM
        for bits, y, mask in self.rows():
            if len(bits) > room:
                _empty(words, counts, lows)
                room = ROOM
            kept += count_coarse(bits, y, mask, self.target, np.float32(threshold).view(np.uint32), words)
            room -= len(bits)
        _empty(words, counts, lows)
        size = counts.sum(axis=1)
        confidence = size * BASE + lows.sum(axis=1) * STEP
        return Table(size, np.cumsum(size), np.append(0.0, np.cumsum(counts[:, 1] - confidence)), kept)

    def find(self, table: Table, ranks: np.ndarray) -> np.ndarray:
        """Return what lies at each rank, (K,) of FOUND."""
        found = np.zeros(len(ranks), FOUND)
        uppers = np.searchsorted(table.ends, ranks, side="right")
        chosen = np.unique(uppers)
        for first in range(0, len(chosen), TOGETHER):
            group = chosen[first : first + TOGETHER]
            counts = self._count_values(group)
            for place in np.flatnonzero(np.isin(uppers, group)):
                upper = uppers[place]
                rank = ranks[place] - (table.ends[upper] - table.counts[upper])
                found[place] = _look_up(counts[np.searchsorted(group, upper)], int(rank), upper, table.error[upper])
        return found

    def _count_values(self, group: np.ndarray) -> np.ndarray:
        """Return misses and hits of each value of some coarse bins, (len(group), 2 * FINE)."""
        offsets = np.full(COARSE, NONE)
        offsets[group] = 2 * FINE * np.arange(len(group))
        counts = np.zeros(2 * FINE * len(group), np.uint32)
        for bits, y, mask in self.rows():
            count_fine(bits, y, mask, self.target, offsets, counts)
        return counts.reshape(len(group), 2 * FINE)


def _empty(words: np.ndarray, counts: np.ndarray, lows: np.ndarray) -> None:
    """Add what is packed into words to counts and sums of lower halves, and begin the words anew; in place."""
    for word in words:
        counts += (word >> SHIFT).astype(np.int64).reshape(counts.shape)
        lows += (word & (ONE - np.uint64(1))).astype(np.int64).reshape(lows.shape)
    words[:] = 0


def _look_up(counts: np.ndarray, rank: int, upper: int, error: float) -> tuple[float, float, int, int, int, int]:
    """Return what lies at a rank within a coarse bin, as FOUND; `error` is that of all bins below."""
    low, below, lows, hits, tied, tied_hits = (int(n) for n in locate(counts, rank))
    here = hits - (below * BASE[upper] + lows * STEP[upper])
    return error + here, BASE[upper] + low * STEP[upper], (upper << 16) | low, rank - below, tied, tied_hits


def ties_hit(column: Column, found: np.ndarray) -> np.ndarray:
    """Return, for each found rank, the hits among the ties before it in array order, (K,)."""
    hits = np.where(found["hits"] == found["tied"], found["before"], 0)
    mixed = (found["before"] > 0) & (found["hits"] > 0) & (found["hits"] < found["tied"])
    for value in np.unique(found["bits"][mixed]):
        places = np.flatnonzero(mixed & (found["bits"] == value))
        answer, state = np.zeros(len(places), np.int64), np.zeros(3, np.int64)
        for bits, y, mask in column.rows():
            count_hits(bits, y, mask, column.target, value, found["before"][places], answer, state)
        hits[places] = answer
    return hits


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


class Gaps(NamedTuple):
    """Calibration errors in [0, 1]; NaN where there are fewer voxels than blocks."""

    ace: float
    tace: float
    tace_svls: float


def adaptive_errors(probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, bins: int) -> Gaps:
    """Return `ace`, `tace` and `tace_svls` of (C, ...) probabilities and (...) classes, means over classes.

    Equal probabilities share a block of ACE and TACE, whatever their order. `tace_svls` follows the released code of
    the SVLS authors: it leaves out class 0, cuts into blocks of n // bins (the last takes the rest), and divides by
    `bins` once more. Departures: ties are cut in array order; a class with too few voxels is left out (theirs is 0/0).
    """
    y = flat_classes(reference, len(probabilities))
    gaps = list(_errors_by_class(probabilities, y, inside, bins))
    of_foreground = mean_known(gap.tace_svls for gap in gaps[1:])
    return Gaps(mean_known(gap.ace for gap in gaps), mean_known(gap.tace for gap in gaps), of_foreground / bins)


def mean_known(values: Iterable[float]) -> float:
    """Return the mean of the values that are known, NaN where none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _errors_by_class(p: np.ndarray, y: np.ndarray, inside: np.ndarray | None, bins: int) -> Iterator[Gaps]:
    if inside is not None:  # a region is small as a rule: it is taken out once, in array order
        chosen = np.flatnonzero(inside)
        p, y = p.reshape(len(p), -1)[:, chosen], y[chosen]
    many = len(y) > FEW and p.dtype.itemsize <= 4 and bool(p.min() >= 0)
    for class_id, values in enumerate(p):
        if many:
            yield errors_by_counting(Column(values, y, None, class_id), bins)
        else:
            yield errors_by_sorting(values.reshape(-1), y == class_id, bins)


def errors_by_sorting(values: np.ndarray, hit: np.ndarray, bins: int) -> Gaps:
    """Return the errors of one class from its (N,) probabilities and whether each came true: the plain twin."""
    values = values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    kept = len(ordered) - int(np.searchsorted(ordered, ordered.dtype.type(THRESHOLD), side="right"))
    error = np.append(0.0, np.cumsum(hit[order] - ordered.astype(np.float64)))
    of_ace, of_tace, of_svls = _ranks(len(ordered), kept, bins)
    of_ace, of_tace = (np.searchsorted(ordered, ordered[ranks]) for ranks in (of_ace, of_tace))
    return _gaps((error[of_ace], error[of_tace], error[of_svls]), error[-1], len(ordered), kept)


def errors_by_counting(column: Column, bins: int) -> Gaps:
    """Return the errors of one class from its float32 probabilities, none of them negative."""
    table = column.count(THRESHOLD)
    ranks = _ranks(table.total, table.kept, bins)
    of_ace, of_tace, of_svls = np.split(
        column.find(table, np.concatenate(ranks)), np.cumsum([len(r) for r in ranks])[:2]
    )
    cut = of_svls["error"] + ties_hit(column, of_svls) - of_svls["before"] * of_svls["value"]
    return _gaps((of_ace["error"], of_tace["error"], cut), table.error[-1], table.total, table.kept)


def _ranks(total: int, kept: int, bins: int) -> list[np.ndarray]:
    """Return the ranks at which the blocks of ACE, TACE and SVLS begin; none where there are too few voxels."""
    left = total - kept
    starts = [
        np.linspace(0, total, bins, endpoint=False).round().astype(np.int64),
        left + np.linspace(0, kept, bins, endpoint=False).round().astype(np.int64),
        left + np.arange(bins) * (kept // bins),
    ]
    return [s if size >= bins else s[:0] for s, size in zip(starts, (total, kept, kept), strict=True)]


def _gaps(errors: Iterable[np.ndarray], last: float, total: int, kept: int) -> Gaps:
    """Return the mean gap over blocks, from the sums of (hit - probability) below their starts."""
    sizes = total, kept, kept
    sums = [float(np.abs(np.diff(error, append=last)).sum()) if len(error) else float("nan") for error in errors]
    return Gaps(*(gap / size if size else float("nan") for gap, size in zip(sums, sizes, strict=True)))
