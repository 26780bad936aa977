"""A case on a grid of other voxels: images interpolated, labels taken from the nearest voxel (or interpolated too)."""

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its usual name)

from softbench.arrays import one_hot
from softbench.checks import require_one_of, require_spacing
from softbench.datasets.volumes import Volumes

VERSION = 1
INTERPOLATIONS = {"linear": sitk.sitkLinear, "cubic": sitk.sitkBSpline}
LABELS = ("nearest", "linear")


def resample(
    volumes: Volumes, spacing_mm: Sequence[float], *, images: str = "linear", labels: str = "nearest"
) -> Volumes:
    """Bring a case to another spacing; the outer faces of the volume stay where they are.

    The number of voxels is round(extent / spacing), at least 1. Voxel centres beyond the old ones (less than half a
    voxel) take the value of the border.

    Args:
        volumes: the case.
        spacing_mm: one number for each axis, (D, H, W) or (H, W).
        images: `linear`, or `cubic` (B-spline of degree 3; may overshoot).
        labels: `nearest`; or `linear`: each class's mask is interpolated linearly and the largest wins (the lower id
            on ties), which smooths staircases of thick slices.
    Raises: InputError: if spacing or an interpolation is none of these.
    """
    spacing = require_spacing(spacing_mm, len(volumes.spacing_mm))
    require_one_of("interpolation", images, INTERPOLATIONS)
    require_one_of("label_interpolation", labels, LABELS)
    if np.allclose(spacing, volumes.spacing_mm, rtol=0, atol=1e-4):
        return volumes
    grid = _Grid(volumes, spacing)
    valid = None if volumes.valid is None else grid.sample(volumes.valid.astype(np.uint8), sitk.sitkNearestNeighbor)
    return Volumes(
        np.stack([grid.sample(channel, INTERPOLATIONS[images]) for channel in volumes.channels]),
        np.stack([_labels(grid, rater, labels) for rater in volumes.labels]),
        spacing,
        grid.affine(volumes.affine),
        volumes.axcodes,
        None if valid is None else valid.astype(bool),
    )


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
    masks = one_hot(label_map, int(label_map.max()) + 1)
    return np.stack([grid.sample(mask, sitk.sitkLinear) for mask in masks]).argmax(axis=0).astype(np.uint8)
