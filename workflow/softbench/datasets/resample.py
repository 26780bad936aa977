"""A case on a grid of other voxels: images interpolated, labels taken from the nearest voxel (or interpolated too).

Interpolated labels are shares of classes. `linear` keeps the largest alone, `soft` all of them beside it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its usual name)

from softbench import store
from softbench.arrays import one_hot
from softbench.checks import require_label_map, require_one_of, require_spacing
from softbench.datasets.volumes import Volumes
from softbench.errors import InputError

VERSION = 1
INTERPOLATIONS = {"linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}
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
        spacing_mm: one number for each axis, (D, H, W) or (H, W); None leaves the grid as it is.
        images: `linear`, or `cubic` (B-spline of degree 3; may overshoot).
        labels: `nearest`; or `linear`: each class's mask is interpolated linearly and the largest wins (the lower id
            on ties), which smooths staircases of thick slices; or `soft`: the labels of `linear`, and what was
            interpolated is kept as `shares`.
        classes: number of classes C of the source, background included; `soft` needs it, absent classes have share 0.
    Returns: the case; with `soft` it has `shares` in any case, one-hot where the grid stays. A share counts voxels that
        somebody labelled alone, so background does not seep in from where nobody looked: with weights w of the voxels
        around, share_c = sum(w [t = c] valid) / sum(w valid). There, and only there, the largest share need not be the
        label of `linear`, which takes such voxels for background. A new voxel that is not valid itself is one-hot.
    Raises: InputError: if spacing or an interpolation is none of these, or `soft` lacks its `classes`.
    """
    spacing = require_spacing(volumes.spacing_mm if spacing_mm is None else spacing_mm, len(volumes.spacing_mm))
    require_one_of("interpolation", images, INTERPOLATIONS)
    require_one_of("label_interpolation", labels, LABELS)
    kept = _known_classes(volumes.labels, classes) if labels == "soft" else None
    if np.allclose(spacing, volumes.spacing_mm, rtol=0, atol=1e-4):
        return volumes if kept is None else replace(volumes, shares=_certain(volumes.labels, kept))
    grid = _Grid(volumes, spacing)
    valid = None if volumes.valid is None else grid.sample(volumes.valid.astype(np.uint8), sitk.sitkNearestNeighbor)
    moved = Volumes(
        np.stack([grid.sample(channel, INTERPOLATIONS[images]) for channel in volumes.channels]),
        np.stack([_labels(grid, rater, labels) for rater in volumes.labels]),
        spacing,
        grid.affine(volumes.affine),
        volumes.axcodes,
        None if valid is None else valid.astype(bool),
    )
    return moved if kept is None else replace(moved, shares=_shares(grid, volumes, moved, kept))


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

    def sample(self, array: np.ndarray, interpolator: int) -> np.ndarray:
        """Interpolate an array (D, H, W) or (H, W); outside, the nearest voxel inside counts."""
        resampler = sitk.ResampleImageFilter()
        resampler.SetSize(self.shape[::-1])
        resampler.SetOutputSpacing(self.step[::-1])
        resampler.SetOutputOrigin(self.start[::-1])
        resampler.SetInterpolator(interpolator)
        resampler.UseNearestNeighborExtrapolatorOn()
        resampler.SetNumberOfThreads(1)
        result: np.ndarray = sitk.GetArrayFromImage(resampler.Execute(sitk.GetImageFromArray(array)))
        return result

    def affine(self, old: np.ndarray) -> np.ndarray:
        """Return array index to world mm of the new grid."""
        new = old.copy()
        new[:-1, :-1] = old[:-1, :-1] * self.step
        new[:-1, -1] = old[:-1, :-1] @ self.start + old[:-1, -1]
        return new


def _labels(grid: _Grid, label_map: np.ndarray, how: str) -> np.ndarray:
    if how == "nearest":
        return grid.sample(label_map, sitk.sitkNearestNeighbor)
    return _interpolated(grid, label_map, int(label_map.max()) + 1).argmax(axis=0).astype(np.uint8)


def _interpolated(grid: _Grid, label_map: np.ndarray, classes: int) -> np.ndarray:
    """Return each class's mask on the new grid, (C, ...) float32: 1 in all, but for rounding."""
    return np.stack([grid.sample((label_map == c).astype(np.float32), sitk.sitkLinear) for c in range(classes)])


def _certain(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return labels (R, ...) as shares of 0 or 1 in the store's integers, (R, C, ...) uint16."""
    return np.stack([store.encode(one_hot(rater, classes)) for rater in labels])


def _shares(grid: _Grid, before: Volumes, after: Volumes, classes: int) -> np.ndarray:
    """Return the shares of a case `before` on the grid of `after`, (R, C, ...) uint16."""
    if before.valid is None or after.valid is None:
        return np.stack([_codes(_interpolated(grid, rater, classes)) for rater in before.labels])
    known = grid.sample(before.valid.astype(np.float32), sitk.sitkLinear)
    shares = _certain(after.labels, classes)
    for own, rater in zip(shares, before.labels, strict=True):
        nobody = np.where(before.valid, rater, classes)  # a class of none: its weight is left out of the sum
        own[:, after.valid] = _codes(_interpolated(grid, nobody, classes)[:, after.valid] / known[after.valid])
    return shares


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
