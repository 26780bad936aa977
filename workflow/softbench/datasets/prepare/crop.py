"""A case cut, or filled up, to a fixed size: around the middle of the volume or of what is labelled."""

from collections.abc import Callable, Sequence

import numpy as np

from softbench.checks import require_one_of
from softbench.datasets.volumes import Volumes
from softbench.errors import InputError
from softbench.store import ONE

VERSION = 1
PLACES = ("centre", "foreground")


def crop(volumes: Volumes, size: Sequence[int], *, at: str = "centre") -> Volumes:
    """Cut or pad a case to `size`.

    Along an axis that is long enough the window stays inside the volume. A shorter one is padded on both sides (one
    voxel more at the end where the number is odd): images with the smallest value of the channel, labels with
    background (shares with certain background); padded voxels count as valid background, as in the papers.

    Args:
        volumes: the case.
        size: voxels of each axis, (D, H, W) or (H, W).
        at: `centre` of the volume; or `foreground`: the middle of the bounding box of all raters' labels, and the
            centre where there is none.
    Raises: InputError: if `size` does not fit the axes, or `at` is unknown.
    """
    require_one_of("crop.at", at, PLACES)
    if len(size) != len(volumes.shape) or any(int(n) != n or n < 1 for n in size):
        raise InputError(f"`crop.size` must hold {len(volumes.shape)} whole numbers from 1 on, but is {list(size)}.")
    middle = _middle(volumes, at)
    starts = [_start(m, n, want) for m, n, want in zip(middle, volumes.shape, size, strict=True)]
    affine = volumes.affine.copy()
    affine[:-1, -1] += volumes.affine[:-1, :-1] @ np.array(starts, float)

    def cut(array: np.ndarray, fill: float) -> np.ndarray:
        inside = tuple(slice(max(0, s), s + int(want)) for s, want in zip(starts, size, strict=True))
        part = array[inside]
        before = [max(0, -s) for s in starts]
        widths = [(b, int(w) - b - n) for b, w, n in zip(before, size, part.shape, strict=True)]
        return np.pad(part, widths, constant_values=fill)

    return Volumes(
        np.stack([cut(channel, channel.min()) for channel in volumes.channels]),
        np.stack([cut(rater, 0) for rater in volumes.labels]),
        volumes.spacing_mm,
        affine,
        volumes.axcodes,
        None if volumes.valid is None else cut(volumes.valid, True),
        None if volumes.shares is None else _stack(volumes.shares, cut),
    )


def _stack(shares: np.ndarray, cut: Callable[[np.ndarray, float], np.ndarray]) -> np.ndarray:
    """Cut or pad shares (R, C, ...), plane by plane; background, class 0, is certain where they are padded."""
    return np.stack([[cut(plane, 0 if c else ONE) for c, plane in enumerate(rater)] for rater in shares])


def _middle(volumes: Volumes, at: str) -> list[float]:
    """Return the wanted middle of the window, in voxels along each axis."""
    labelled = volumes.labels.max(axis=0) > 0
    middle = []
    for axis, length in enumerate(volumes.shape):
        used = np.flatnonzero(labelled.any(axis=tuple(a for a in range(labelled.ndim) if a != axis)))
        middle.append((used[0] + used[-1] + 1) / 2 if at == "foreground" and used.size else length / 2)
    return middle


def _start(middle: float, length: int, want: int) -> int:
    """Return where the window starts; negative where the volume is padded."""
    if want >= length:
        return -((want - length) // 2)
    return int(min(max(0, np.floor(middle - want / 2)), length - want))
