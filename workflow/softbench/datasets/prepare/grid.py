"""A case on another grid: resampled to other voxels, then cut or filled up to a fixed size.

Images are interpolated, labels taken from the nearest voxel (or interpolated too).

`soft` labels are the shares of classes in a new voxel: kept as they are beside the label, which is the largest.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from softbench import store
from softbench.arrays import one_hot
from softbench.checks import require_label_map, require_one_of, require_spacing
from softbench.datasets.case import Volumes
from softbench.errors import InputError
from softbench.images import of_edge
from softbench.store import ONE

VERSION = 2
SAME_MM = 1e-4  # up to which two spacings are one
INTERPOLATIONS = ("linear", "cubic")
KERNELS = {"nearest": "sitkNearestNeighbor", "linear": "sitkLinear", "cubic": "sitkBSpline"}  # as SimpleITK has them
LABELS = ("nearest", "linear", "soft")


def resample(
    volumes: Volumes,
    spacing_mm: Sequence[float] | None,
    *,
    images: str = "linear",
    labels: str = "nearest",
    classes: int | None = None,
) -> Volumes:
    """Bring a case to another spacing; the outer faces of the volume stay where they are.

    The number of voxels is round(extent / spacing), at least 1. Voxel centres beyond the old ones (less than half a
    voxel) take the value of the border.

    Args:
        volumes: the case.
        spacing_mm: one number for each axis, (D, H, W) or (H, W). None leaves the grid as it is, and so does a spacing
            that differs from the case's by at most 1e-4 mm (of voxels shorter than 0.1 mm, a thousandth of the edge).
        images: `linear`, or `cubic` (B-spline of degree 3; may overshoot).
        labels: `nearest`; or `linear`: each class's mask is interpolated linearly and the largest wins (the lower id
            on ties), which smooths staircases of thick slices; or `soft`: each class's share of the new voxel, all kept
            as `shares`, the largest (the lower id on ties) as label. Along an axis whose voxels grow a share is the
            mean over the new voxel's length (partial volume), along one where they shrink, linear interpolation.
        classes: number of classes C of the source, background included; `soft` needs it, absent classes have share 0.
    Returns: the case; with `soft` it has `shares` in any case, one-hot where the grid stays. A share counts voxels that
        somebody labelled alone, so background does not seep in from where nobody looked: with weights w of the voxels
        around, share_c = sum(w [t = c] valid) / sum(w valid). A new voxel that is not valid itself (as its nearest
        old one is not) has the label of `nearest`, one-hot.
    Raises: InputError: if spacing or an interpolation is none of these, or `soft` lacks its `classes`.
    """
    spacing = require_spacing(volumes.spacing_mm if spacing_mm is None else spacing_mm, len(volumes.spacing_mm))
    require_one_of("interpolation", images, INTERPOLATIONS)
    require_one_of("label_interpolation", labels, LABELS)
    kept = _known_classes(volumes.labels, classes) if labels == "soft" else None
    if np.allclose(spacing, volumes.spacing_mm, rtol=0, atol=of_edge(SAME_MM, min(volumes.spacing_mm))):
        return volumes if kept is None else replace(volumes, shares=_certain(volumes.labels, kept))
    grid = _Grid(volumes, spacing)
    shares = None if kept is None else _shares(grid, volumes, kept)
    valid = None if volumes.valid is None else grid.sample(volumes.valid.astype(np.uint8), "nearest")
    return Volumes(
        np.stack([grid.sample(channel, images) for channel in volumes.channels]),
        np.stack([_labels(grid, rater, labels) for rater in volumes.labels])
        if shares is None
        else shares.argmax(axis=1).astype(np.uint8),
        spacing,
        grid.affine(volumes.affine),
        volumes.axcodes,
        None if valid is None else valid.astype(bool),
        shares,
    )


def _known_classes(labels: np.ndarray, classes: int | None) -> int:
    """Return the number of classes; raise `InputError` if it is missing, or a label lies beyond it."""
    if classes is None:
        raise InputError("`label_interpolation: soft` needs `classes`, how many the source has, background included.")
    require_label_map("labels", labels, classes)
    return classes


class _Grid:
    """The new grid, in voxels of the old one."""

    def __init__(self, volumes: Volumes, spacing_mm: tuple[float, ...]) -> None:
        self.step = np.divide(spacing_mm, volumes.spacing_mm)
        self.shape = tuple(max(1, round(n / s)) for n, s in zip(volumes.shape, self.step, strict=True))
        # the middle of the new extent lies on the middle of the old one
        self.start = (np.array(volumes.shape) - 1) / 2 - (np.array(self.shape) - 1) / 2 * self.step

    def sample(self, array: np.ndarray, kernel: str) -> np.ndarray:
        """Interpolate an array (D, H, W) or (H, W) by one of KERNELS; outside, the nearest voxel inside counts."""
        import SimpleITK as sitk  # noqa: N813 (its usual name); here, for most cases keep their grid

        resampler = sitk.ResampleImageFilter()
        resampler.SetSize(self.shape[::-1])
        resampler.SetOutputSpacing(self.step[::-1])
        resampler.SetOutputOrigin(self.start[::-1])
        resampler.SetInterpolator(getattr(sitk, KERNELS[kernel]))
        resampler.UseNearestNeighborExtrapolatorOn()
        resampler.SetNumberOfThreads(1)
        result: np.ndarray = sitk.GetArrayFromImage(resampler.Execute(sitk.GetImageFromArray(array)))
        return result

    def share(self, array: np.ndarray) -> np.ndarray:
        """Average an array (D, H, W) or (H, W) over each new voxel, or interpolate where voxels shrink; float32."""
        result = array.astype(np.float32)
        for axis in np.argsort(-self.step):  # the axis that loses most first: the next ones have less to do
            result = np.moveaxis(
                np.moveaxis(result, axis, -1) @ self._weights(int(axis), array.shape[axis]).T, -1, axis
            )
        return result

    def _weights(self, axis: int, old: int) -> np.ndarray:
        """Return how much each old voxel counts in each new one along an axis: (new, old) float32, rows sum to 1."""
        step = self.step[axis]
        centres = (self.start[axis] + step * np.arange(self.shape[axis]))[:, None]
        places = np.arange(old)
        if step > 1:  # the length that the two voxels share; beyond the border it goes on
            low, high = np.where(places == 0, -np.inf, places - 0.5), np.where(places == old - 1, np.inf, places + 0.5)
            shared = np.minimum(high, centres + step / 2) - np.maximum(low, centres - step / 2)
            return (np.maximum(shared, 0) / step).astype(np.float32)
        inside = np.clip(centres, 0, old - 1)
        return np.maximum(1 - np.abs(inside - places), 0).astype(np.float32)

    def affine(self, old: np.ndarray) -> np.ndarray:
        """Return array index to world mm of the new grid."""
        new = old.copy()
        new[:-1, :-1] = old[:-1, :-1] * self.step
        new[:-1, -1] = old[:-1, :-1] @ self.start + old[:-1, -1]
        return new


def _labels(grid: _Grid, label_map: np.ndarray, how: str) -> np.ndarray:
    if how == "nearest":
        return grid.sample(label_map, "nearest")
    masks = one_hot(label_map, int(label_map.max()) + 1)
    return np.stack([grid.sample(mask, "linear") for mask in masks]).argmax(axis=0).astype(np.uint8)


def _certain(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return labels (R, ...) as shares of 0 or 1 in the store's integers, (R, C, ...) uint16."""
    return np.stack([store.encode(one_hot(rater, classes)) for rater in labels])


def _shares(grid: _Grid, before: Volumes, classes: int) -> np.ndarray:
    """Return the shares of a case on a new grid, (R, C, ...) uint16."""
    if before.valid is None:
        return np.stack([_codes(_averaged(grid, rater, classes)) for rater in before.labels])
    inside = grid.sample(before.valid.astype(np.uint8), "nearest").astype(bool)
    known = grid.share(before.valid)
    shares = _certain(np.stack([_labels(grid, rater, "nearest") for rater in before.labels]), classes)
    for own, rater in zip(shares, before.labels, strict=True):
        nobody = np.where(before.valid, rater, classes)  # a class of none: its weight is left out of the sum
        own[:, inside] = _codes(_averaged(grid, nobody, classes)[:, inside] / known[inside])
    return shares


def _averaged(grid: _Grid, label_map: np.ndarray, classes: int) -> np.ndarray:
    """Return each class's share of the new voxels, (C, ...) float32: 1 in all, but for rounding."""
    return np.stack([grid.share(label_map == c) for c in range(classes)])


def _codes(shares: np.ndarray) -> np.ndarray:
    """Return the store's integers; the class of the largest share, the lower id on ties, has the largest integer.

    The store may round one of two equal shares down, and 65535 is odd. Exchanged, each stays off by less than 1/65535.
    """
    codes = store.encode(shares)
    largest, found = shares.argmax(axis=0)[None], codes.argmax(axis=0)[None]
    low, high = np.take_along_axis(codes, largest, axis=0), np.take_along_axis(codes, found, axis=0)
    np.put_along_axis(codes, found, low, axis=0)
    np.put_along_axis(codes, largest, high, axis=0)
    return codes


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
