"""One compiled pass over voxels that makes all sums of `Reliability`; sums are float64 and follow the array order.

Voxels are read a cache-sized chunk at a time, without a copy of the volume (`walk`). A block of them is first sorted
into bins by counting the edges below each value, many voxels an instruction; then it is added up voxel by voxel.
The last two pass over one class's maps: against a soft label, and for every threshold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numba import njit

VERSION = 1
FLOOR = 1e-12  # keeps the NLL of a class that was ruled out finite: 27.6 nat
CHUNK = 1 << 18  # voxels; sums start anew in each chunk, so that rounding does not pile up over millions of them
ALL = np.ones(CHUNK, bool)
BLOCK = 1024  # voxels; what is known of a block stays in the fastest cache
TINY = 1e-200  # a product of probabilities is turned into its logarithm below this, long before it would underflow
compiled = njit(cache=True, error_model="numpy", nogil=True)


Chunk = tuple[np.ndarray, int, slice, np.ndarray]


class Tally(NamedTuple):
    """Sums over voxels, by bin; `Reliability` says what each of them is."""

    counts: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray
    class_counts: np.ndarray
    class_confidence: np.ndarray
    class_correct: np.ndarray
    errors: np.ndarray  # squared error, log loss


@dataclass
class Running:
    """The sums of one region, chunk by chunk: `classes` classes, bins between `edges`, values of the type `kind`.

    inside: bool mask (...) of the voxels that count, or None for all.
    """

    classes: int
    edges: np.ndarray
    kind: Any
    inside: np.ndarray | None
    total: Tally = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.total = _zeros(self.classes, len(self.edges) + 1)
        self._rounded = _round_edges(self.edges, np.dtype(self.kind))
        self._flat = None if self.inside is None else np.ascontiguousarray(self.inside).reshape(-1)

    def add(self, p: np.ndarray, y: np.ndarray, here: slice, start: int = 0) -> None:
        """Add a chunk.

        Args:
            p: (C, M); the chunk begins at `start`.
            y: (n,) its classes, uint8 or uint32.
            here: where it lies among all voxels.
        """
        mask = ALL[: len(y)] if self._flat is None else self._flat[here]
        if self._flat is not None and not mask.any():
            return
        part = _zeros(self.classes, len(self.edges) + 1)
        _add_chunk(p, start, y, mask, self._rounded, part)
        for whole, share in zip(self.total, part, strict=True):
            whole += share


def tally(probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, edges: np.ndarray) -> Tally:
    """Add up the voxels of (C, ...) probabilities and (...) classes, in bins (low, high] between inner `edges`."""
    return tallies(probabilities, reference, {"": inside}, edges)[""]


def tallies(
    probabilities: np.ndarray, reference: np.ndarray, where: Mapping[str, np.ndarray | None], edges: np.ndarray
) -> dict[str, Tally]:
    """Do the same for several regions, name -> the voxels that count, in one pass."""
    classes, kind = len(probabilities), np.float32 if probabilities.dtype.itemsize <= 4 else np.float64
    running = {roi: Running(classes, edges, kind, inside) for roi, inside in where.items()}
    y = flat_classes(reference, classes)
    for p, start, here, _ in walk(probabilities, None):
        for sums in running.values():
            sums.add(p, y[here], here, start)
    return {roi: sums.total for roi, sums in running.items()}


def tally_plain(
    probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, edges: np.ndarray
) -> Tally:
    """Return what the kernel returns, computed by numpy.

    Voxels are counted with their bin, their probability, and whether it came true.
    """
    counted = np.ones(reference.shape, bool) if inside is None else inside
    p, y = probabilities[:, counted].astype(np.float64), reference[counted]

    def count_bins(values: np.ndarray, hit: np.ndarray) -> list[np.ndarray]:
        places = np.searchsorted(edges, values)
        return [np.bincount(places, weights, len(edges) + 1) for weights in (None, values, hit)]

    hits = np.arange(len(p))[:, None] == y
    of_top = count_bins(p.max(axis=0), p.argmax(axis=0) == y)
    counts, confidence, correct = (np.stack(sums) for sums in zip(*map(count_bins, p, hits), strict=True))
    errors = ((p - hits) ** 2).sum(), -np.log(np.maximum(p[y, np.arange(y.size)], FLOOR)).sum()
    return Tally(of_top[0], of_top[1], of_top[2], counts, confidence, correct, np.array(errors))


def _zeros(classes: int, bins: int) -> Tally:
    of_top = np.zeros(bins, np.int64), np.zeros(bins), np.zeros(bins, np.int64)
    of_classes = np.zeros((classes, bins), np.int64), np.zeros((classes, bins)), np.zeros((classes, bins), np.int64)
    return Tally(*of_top, *of_classes, np.zeros(2))


def _round_edges(edges: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return edges in the type of the values, rounded down: `value > edge` is then what it is for the exact edge."""
    rounded = edges.astype(kind)
    return np.where(rounded > edges, np.nextafter(rounded, kind.type(-1)), rounded)


@compiled
def _add_chunk(p: np.ndarray, start: int, y: np.ndarray, mask: np.ndarray, edges: np.ndarray, sums: Tally) -> None:
    """Add the voxels `start` to `start + len(y)` of (C, M) probabilities to the sums."""
    top, best = np.empty(BLOCK, p.dtype), np.empty(BLOCK, np.uint32)
    places = np.empty((p.shape[0], BLOCK), np.uint32)
    for first in range(0, len(y), BLOCK):
        last = min(first + BLOCK, len(y))
        if not mask[first:last].any():
            continue
        _find_top(p, start + first, last - first, top, best)
        for c in range(p.shape[0]):
            _find_bins(p[c, start + first : start + last], edges, places[c])
        here = start + first
        if mask[first:last].all() and _is_even(y[first:last], best, places):
            _add_even_block(p, here, y[first:last], best[0], places, sums)
        else:
            _add_block(p, here, y[first:last], mask[first:last], top, best, places, sums)


@compiled
def _find_top(p: np.ndarray, start: int, count: int, top: np.ndarray, best: np.ndarray) -> None:
    """Write each voxel's largest probability and its class, the first of equals."""
    top[:count] = p[0, start : start + count]
    best[:count] = 0
    for c in range(1, p.shape[0]):
        row = p[c, start : start + count]
        for v in range(count):
            larger = row[v] > top[v]
            best[v] = np.uint32(c) if larger else best[v]
            top[v] = row[v] if larger else top[v]


@compiled
def _find_bins(row: np.ndarray, edges: np.ndarray, place: np.ndarray) -> None:
    """Write the bin of each value: how many edges lie below it."""
    place[: len(row)] = 0
    if len(edges) == 0:
        return
    lowest, highest = edges[0], edges[-1]
    above_lowest, above_highest = np.uint32(0), np.uint32(0)
    for v in range(len(row)):
        above_lowest += np.uint32(row[v] > lowest)
        above_highest += np.uint32(row[v] > highest)
    if above_lowest == 0:  # so it is almost everywhere: a class is all but ruled out, or all but certain
        return
    if above_highest == len(row):
        place[: len(row)] = len(edges)
        return
    for k in range(len(edges)):
        edge = edges[k]
        for v in range(len(row)):
            place[v] += np.uint32(row[v] > edge)


@compiled
def _is_even(y: np.ndarray, best: np.ndarray, places: np.ndarray) -> bool:
    """Say whether all voxels of a block have one true class, one top class, and one bin of each class."""
    differ = np.uint32(0)
    for v in range(len(y)):
        differ |= (np.uint32(y[v]) ^ np.uint32(y[0])) | (best[v] ^ best[0])
    for c in range(len(places)):
        row = places[c]
        for v in range(len(y)):
            differ |= row[v] ^ row[0]
    return differ == 0


@compiled
def _add_even_block(p: np.ndarray, start: int, y: np.ndarray, best: np.uint32, places: np.ndarray, sums: Tally) -> None:
    """Add a block of `_is_even`: most are, away from borders, and their counts are known at once."""
    truth, count = y[0], len(y)
    b = places[best, 0]
    sums.counts[b] += count
    sums.correct[b] += count * np.int64(best == truth)
    sums.class_correct[truth, places[truth, 0]] += count
    squared = 0.0
    for c in range(p.shape[0]):
        total, squares = _add_row(p[c, start : start + count])
        sums.class_counts[c, places[c, 0]] += count
        sums.class_confidence[c, places[c, 0]] += total
        squared += squares - 2 * total * np.float64(c == truth)
        if c == best:
            sums.confidence[b] += total
    sums.errors[0] += squared + count
    sums.errors[1] += _log_loss(p[truth, start : start + count])


@compiled
def _add_row(row: np.ndarray) -> tuple[float, float]:
    """Return the sum and the sum of squares of a row, by four strands: one addition waits for another."""
    a = b = c = d = aa = bb = cc = dd = 0.0
    whole = len(row) // 4 * 4
    for v in range(0, whole, 4):
        w, x, y, z = np.float64(row[v]), np.float64(row[v + 1]), np.float64(row[v + 2]), np.float64(row[v + 3])
        a += w
        b += x
        c += y
        d += z
        aa += w * w
        bb += x * x
        cc += y * y
        dd += z * z
    for v in range(whole, len(row)):
        w = np.float64(row[v])
        a += w
        aa += w * w
    return (a + b) + (c + d), (aa + bb) + (cc + dd)


@compiled
def _log_loss(row: np.ndarray) -> float:
    """Return the sum of -log p, p not below the floor; a logarithm a voxel would cost as much as all the rest."""
    product, logs = 1.0, 0.0
    for v in range(len(row)):
        product *= max(np.float64(row[v]), FLOOR)
        if product < TINY:
            logs -= np.log(product)
            product = 1.0
    return logs - np.log(product)


@compiled
def _add_block(
    p: np.ndarray, start: int, y: np.ndarray, mask: np.ndarray, top: np.ndarray, best: np.ndarray, places: np.ndarray,
    sums: Tally,
) -> None:  # fmt: skip
    """Add a block of voxels whose bins are known."""
    product, squared, logs = 1.0, 0.0, 0.0
    for v in range(len(y)):
        if not mask[v]:
            continue
        truth, b = y[v], places[best[v], v]
        sums.counts[b] += 1
        sums.confidence[b] += top[v]
        sums.correct[b] += best[v] == truth
        sums.class_correct[truth, places[truth, v]] += 1
        likelihood = np.float64(p[truth, start + v])
        error = 1 - 2 * likelihood  # with the squares below, the sum of (p - y)^2: one addition waits for another
        for c in range(p.shape[0]):
            value, b = np.float64(p[c, start + v]), places[c, v]
            sums.class_counts[c, b] += 1
            sums.class_confidence[c, b] += value
            error += value * value
        squared += error
        product *= max(likelihood, FLOOR)
        if product < TINY:  # a logarithm a voxel would cost as much as all the rest
            logs -= np.log(product)
            product = 1.0
    sums.errors[0] += squared
    sums.errors[1] += logs - np.log(product)


def flat_classes(reference: np.ndarray, classes: int) -> np.ndarray:
    """Return a label map as (N,) of the smallest type that is compiled for; no copy where it is that already."""
    return np.ascontiguousarray(reference, np.uint8 if classes <= 256 else np.uint32).reshape(-1)


def walk(probabilities: np.ndarray, inside: np.ndarray | None) -> Iterator[Chunk]:
    """Yield the voxels of (C, ...) probabilities.

    Args:
        probabilities: (C, ...) floats of any layout, byte order and width.
        inside: bool mask (...) of the voxels that count, or None for all.
    Returns: tuples (p, start, here, mask). p is (C, M) float32 (float64 where the input is); n of its voxels, from
        `start` on, make the chunk. `here` is where they lie among all voxels, `mask` says which of them count, (n,).
    """
    total = int(np.prod(probabilities.shape[1:]))
    mask = np.ones(min(CHUNK, total), bool) if inside is None else np.ascontiguousarray(inside).reshape(-1)
    done = 0
    for part in _contiguous(probabilities):
        for start in range(0, part.shape[1], CHUNK):
            here = slice(done, done + min(CHUNK, part.shape[1] - start))
            done = here.stop
            yield part, start, here, mask[: done - here.start] if inside is None else mask[here]


def _contiguous(probabilities: np.ndarray) -> Iterator[np.ndarray]:
    """Yield (C, M) arrays in the order of voxels: the input itself, or copies of slabs where it lies otherwise."""
    kind = np.dtype(np.float32 if probabilities.dtype.itemsize <= 4 else np.float64)
    if probabilities.dtype == kind and probabilities.flags.c_contiguous:
        yield probabilities.reshape(len(probabilities), -1)
        return
    step = max(1, CHUNK // max(1, int(np.prod(probabilities.shape[2:]))))
    for first in range(0, probabilities.shape[1], step):
        slab = np.ascontiguousarray(probabilities[:, first : first + step], kind)
        yield slab.reshape(len(slab), -1)


def soft_sums(prediction: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return sum s, sum p, sum s p, sum (p - s)^2 and sum |p - s| of (N,) maps, in float64 and in array order."""
    sums = np.zeros(5)
    add_soft_sums(prediction, target, sums)
    return sums


@compiled
def add_soft_sums(prediction: np.ndarray, target: np.ndarray, sums: np.ndarray) -> None:
    """Add more voxels to the sums, (5,); in place."""
    of_target, of_prediction, product, squared, absolute = sums[0], sums[1], sums[2], sums[3], sums[4]
    for voxel in range(prediction.size):
        p, s = np.float64(prediction[voxel]), np.float64(target[voxel])
        error = p - s
        of_target += s
        of_prediction += p
        product += s * p
        squared += error * error
        absolute += abs(error)
    sums[0], sums[1], sums[2], sums[3], sums[4] = of_target, of_prediction, product, squared, absolute


def soft_sums_plain(prediction: np.ndarray, target: np.ndarray) -> tuple[float, ...]:
    """Return what the kernel returns, computed by numpy."""
    p, s = prediction.astype(np.float64), target.astype(np.float64)
    return s.sum(), p.sum(), (s * p).sum(), ((p - s) ** 2).sum(), np.abs(p - s).sum()


@compiled
def extent_of(
    p: np.ndarray, start: int, count: int, lows: np.ndarray, highs: np.ndarray, least: np.ndarray, most: np.ndarray
) -> bool:
    """Lower and raise what was seen of values and of their sums over the classes, voxel by voxel of a block; in place.

    Args:
        p: (C, M) of which `count` voxels from `start` on are looked at.
        lows, highs, least, most: (BLOCK,) float32 or float64, float32 for the sums.
    Returns: whether all sums are numbers, and so all values.
    """
    sums, known = np.empty(BLOCK, np.float32), True
    for first in range(start, start + count, BLOCK):
        size = min(BLOCK, start + count - first)
        sums[:size] = 0
        for c in range(p.shape[0]):
            row = p[c, first : first + size]
            for v in range(size):
                value = row[v]
                lows[v] = value if value < lows[v] else lows[v]
                highs[v] = value if value > highs[v] else highs[v]
                sums[v] += np.float32(value)
        odd = np.uint32(0)
        for v in range(size):
            least[v] = sums[v] if sums[v] < least[v] else least[v]
            most[v] = sums[v] if sums[v] > most[v] else most[v]
            odd |= np.uint32(sums[v] != sums[v])
        known &= odd == 0
    return known


@compiled
def count_steps(probability: np.ndarray, mask: np.ndarray, ceilings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count the voxels, (N,), of each step in the mask and outside it; step k is from ceilings[k] to the next."""
    last = len(ceilings) - 2
    counts = np.zeros((2, last + 1), np.int64)
    for i in range(len(probability)):
        p = max(np.float64(probability[i]), 0.0)
        step = min(int(p * last), last)
        step += int(p >= ceilings[step + 1]) - int(p < ceilings[step])  # the product may be rounded across a threshold
        counts[int(mask[i]), step] += 1
    return counts[1], counts[0]


def count_steps_plain(probability: np.ndarray, mask: np.ndarray, ceilings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the kernel returns, computed by numpy."""
    steps = np.searchsorted(ceilings, np.maximum(probability.astype(np.float64), 0), side="right") - 1
    inside, outside = (np.bincount(steps[here], minlength=len(ceilings) - 1) for here in (mask, ~mask))
    return inside, outside
