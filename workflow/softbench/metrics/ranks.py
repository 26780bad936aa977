"""Which value has which rank among millions of float32 probabilities, and what lies below it: by counting, exactly.

The work on voxels is compiled, in `counting`; two passes see each value, and a third only cuts through ties.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from softbench.metrics import counting
from softbench.metrics.chunks import walk
from softbench.metrics.counting import COARSE, FINE

VERSION = 1
TOGETHER = 32  # coarse bins that are looked into in one pass: 16 MiB of counts
# What lies at a rank: hits minus confidence of all smaller values; the value and its bits; of its ties, how many have
# a smaller rank, how many there are, and their hits.
FOUND = np.dtype([("error", "f8"), ("value", "f8"), ("bits", "u4"), ("before", "i8"), ("tied", "i8"), ("hits", "i8")])
UPPER = np.arange(COARSE)
BASE = (UPPER << 16).astype(np.uint32).view(np.float32).astype(np.float64)  # the smallest value of a coarse bin
STEP = 2.0 ** (np.maximum(UPPER >> 7, 1) - 150)  # between its values: 23 bits of mantissa, exponents biased by 127


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
        words, room = np.zeros((2, COARSE * 2), np.uint64), counting.ROOM
        for bits, y, mask in self.rows():
            if len(bits) > room:
                _empty(words, counts, lows)
                room = counting.ROOM
            kept += counting.count_coarse(bits, y, mask, self.target, np.float32(threshold).view(np.uint32), words)
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
        offsets = np.full(COARSE, counting.NONE)
        offsets[group] = 2 * FINE * np.arange(len(group))
        counts = np.zeros(2 * FINE * len(group), np.uint32)
        for bits, y, mask in self.rows():
            counting.count_fine(bits, y, mask, self.target, offsets, counts)
        return counts.reshape(len(group), 2 * FINE)


def _empty(words: np.ndarray, counts: np.ndarray, lows: np.ndarray) -> None:
    """Add what is packed into words to counts and sums of lower halves, and begin the words anew; in place."""
    for word in words:
        counts += (word >> counting.SHIFT).astype(np.int64).reshape(counts.shape)
        lows += (word & (counting.ONE - np.uint64(1))).astype(np.int64).reshape(lows.shape)
    words[:] = 0


def _look_up(counts: np.ndarray, rank: int, upper: int, error: float) -> tuple[float, float, int, int, int, int]:
    """Return what lies at a rank within a coarse bin, as FOUND; `error` is that of all bins below."""
    low, below, lows, hits, tied, tied_hits = (int(n) for n in counting.locate(counts, rank))
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
            counting.count_hits(bits, y, mask, column.target, value, found["before"][places], answer, state)
        hits[places] = answer
    return hits
