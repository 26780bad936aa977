"""Sums over voxels from which all scores of a soft label against other raters follow; one compiled pass.

The soft label says of each voxel how probable a structure is, p. Of the R - 1 other raters, v drew the structure
there, q = v / (R - 1). Voxels lie in one of three zones, which do not overlap; regions are made of them
(`regions.REGIONS`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from softbench.checks import require_same_shape
from softbench.errors import InputError

VERSION = 1
BINS = 10  # of p, (low, high] of equal width; 0 lies in the first
ZONES = 3  # 0: the rest, 1: the band without the boundary, 2: the boundary
FLOORS = (1e-2, 1e-3, 1e-4)  # of a probability in a logarithm
LEVELS = 65535  # steps of p by which level sets are counted, as in metrics/raters/levels.py
MOST_RATERS = 16  # bits of a voxel
EDGE = 1e-6  # of a bin: a tenth that float32 rounds up belongs below the edge
compiled = njit(cache=True, error_model="numpy", nogil=True)


@dataclass(frozen=True)
class Sums:
    """Sums of one structure, one soft label and one rater that it was made of.

    counts: (zones, bins, R) int64, voxels by zone, bin of p, and number v of the other raters who drew the structure.
    mass: the same, sum of p. squares: (zones,), sum of p². logs: (zones, floors), sum of the cross-entropy in nats.
    levels: (R, 65536) int64, voxels by p in steps of 1 / 65535: of all voxels, then of those of each other rater.
    """

    counts: np.ndarray
    mass: np.ndarray
    squares: np.ndarray
    logs: np.ndarray
    levels: np.ndarray

    @classmethod
    def zeros(cls, raters: int) -> "Sums":
        """Begin with nothing, for a number of raters, that of the soft label included."""
        if not 2 <= raters <= MOST_RATERS:
            raise InputError(f"a case must have 2 to {MOST_RATERS} raters to be compared, but has {raters}.")
        shape = (ZONES, BINS, raters)
        return cls(
            np.zeros(shape, np.int64),
            np.zeros(shape),
            np.zeros(ZONES),
            np.zeros((ZONES, len(FLOORS))),
            np.zeros((raters, LEVELS + 1), np.int64),
        )

    def add(self, p: np.ndarray, drawn: np.ndarray, rater: int, zones: np.ndarray, *, times: int = 1) -> None:
        """Add voxels, in place.

        Args:
            p: (...) float32 in [0, 1], the soft label's probability of the structure.
            drawn: (...) uint16, bit r of a voxel says whether rater r drew the structure there (`pack`).
            rater: whom the soft label was made of, from 0.
            zones: (...) uint8.
            times: how often each voxel counts: voxels far away are all alike.
        Raises: InputError: if shapes differ.
        """
        require_same_shape("drawn", drawn.shape, "p", p.shape)
        require_same_shape("zones", zones.shape, "p", p.shape)
        values = np.ascontiguousarray(p, np.float32).reshape(-1)
        bits, zone = (np.ascontiguousarray(of).reshape(-1) for of in (drawn, zones))
        logs = np.log(np.array(FLOORS))
        given = (values, bits, zone, rater, logs, times)
        _add(*given, self.counts, self.mass, self.squares, self.logs, self.levels)


def pack(masks: np.ndarray) -> np.ndarray:
    """Return masks (R, ...) bool as bits of one uint16 a voxel, rater r in bit r."""
    bits = np.zeros(masks.shape[1:], np.uint16)
    for rater, mask in enumerate(masks):
        bits |= mask.astype(np.uint16) << np.uint16(rater)
    return bits


@compiled
def _add(
    p: np.ndarray,
    drawn: np.ndarray,
    zones: np.ndarray,
    rater: int,
    log_floors: np.ndarray,
    times: int,
    counts: np.ndarray,
    mass: np.ndarray,
    squares: np.ndarray,
    logs: np.ndarray,
    levels: np.ndarray,
) -> None:
    bins, raters = counts.shape[1], counts.shape[2]
    last, level, place, log_p, log_rest = -1.0, 0, 0, 1.0, 1.0
    for voxel in range(p.size):
        value = min(max(np.float64(p[voxel]), 0.0), 1.0)
        if value != last:  # neighbours are often alike, and logarithms take long
            last = value
            level = int(value * 65535.0 + 0.5)
            place = max(int(np.ceil(value * bins - 1e-6)) - 1, 0)
            log_p, log_rest = 1.0, 1.0  # not known yet: of most voxels only one is needed
        zone, bits = zones[voxel], drawn[voxel]
        votes, row = 0, 1
        levels[0, level] += times
        if bits:
            for other in range(raters):
                if other != rater:
                    if (bits >> other) & 1:
                        votes += 1
                        levels[row, level] += times
                    row += 1
        counts[zone, place, votes] += times
        if value == 0.0 and votes == 0:
            continue
        mass[zone, place, votes] += times * value
        squares[zone] += times * value * value
        q = votes / (raters - 1)
        if q == 1.0 and value == 1.0:
            continue
        if q > 0.0 and log_p > 0.0:
            log_p = np.log(value) if value > 0.0 else -np.inf
        if q < 1.0 and log_rest > 0.0:
            log_rest = np.log(1.0 - value) if value < 1.0 else -np.inf
        for floor in range(log_floors.size):
            loss = 0.0
            if q > 0.0:
                loss -= q * max(log_p, log_floors[floor])
            if q < 1.0:
                loss -= (1.0 - q) * max(log_rest, log_floors[floor])
            logs[zone, floor] += times * loss


def add_plain(
    sums: Sums, p: np.ndarray, masks: np.ndarray, rater: int, zones: np.ndarray, floors: Sequence[float] = FLOORS
) -> None:
    """Do what `Sums.add` does, by numpy, from masks (R, ...) bool; the definition that the kernel is tested against."""
    value = p.astype(np.float64).reshape(-1)
    others = np.delete(masks.reshape(len(masks), -1), rater, axis=0)
    votes, zone = others.sum(axis=0), zones.reshape(-1)
    q = votes / len(others)
    places = np.clip(np.ceil(value * BINS - EDGE).astype(int) - 1, 0, None)
    np.add.at(sums.counts, (zone, places, votes), 1)
    np.add.at(sums.mass, (zone, places, votes), value)
    np.add.at(sums.squares, zone, value**2)
    for column, floor in enumerate(floors):
        loss = -q * np.log(np.maximum(value, floor)) - (1 - q) * np.log(np.maximum(1 - value, floor))
        np.add.at(sums.logs[:, column], zone, loss)
    level = (value * LEVELS + 0.5).astype(int)
    np.add.at(sums.levels[0], level, 1)
    for row, other in enumerate(others, start=1):
        np.add.at(sums.levels[row], level[other], 1)
