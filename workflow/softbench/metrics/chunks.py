"""Voxels in array order, a cache-sized chunk at a time, as compiled loops want them: no copy of a volume is made."""

from collections.abc import Iterator

import numpy as np

VERSION = 1
CHUNK = 1 << 18  # voxels; sums start anew in each chunk, so that rounding does not pile up over millions of them

Chunk = tuple[np.ndarray, int, slice, np.ndarray]


def classes_of(reference: np.ndarray, classes: int) -> np.ndarray:
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
