"""Where calibration is measured: everywhere, in the foreground, or in a band around the borders of the reference."""

from collections.abc import Sequence

import numpy as np

from softbench.arrays import bounding_box
from softbench.checks import require_integers, require_one_of, require_positive, require_same_shape, require_spacing
from softbench.errors import InputError
from softbench.metrics.kernels.band import near_another_class
from softbench.metrics.metric import ROIS
from softbench.metrics.surface import EDGE

VERSION = 1
Box = tuple[slice, ...]


def mask(
    reference: np.ndarray,
    roi: str,
    *,
    band_mm: float = 3.0,
    spacing_mm: Sequence[float] | None = None,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    """Mark the voxels of a region of interest.

    Args:
        reference: (D, H, W) or (H, W) label map; 0 is background.
        roi: "all"; "foreground", where the reference is not 0; or "band", every voxel whose centre lies within
            `band_mm` (inclusive) of the centre of a voxel of another reference class.
        band_mm: half width of the band; `effective_band_mm` says what is used.
        spacing_mm: one number for each axis; needed for the band alone.
        valid: voxels that exist at all; others are in no region, and no border runs along them.
    Returns: bool, of the reference's shape; the band of a reference with one class is empty.
    Raises: InputError: if `roi` is unknown, the reference holds no integers, or the band has no spacing.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> reference = np.array([[0, 0, 0, 0, 1, 1, 1, 1]])
    >>> print(metrics.regions.mask(reference, "band", band_mm=2.0, spacing_mm=(1.0, 1.0)).astype(int))
    [[0 0 1 1 1 1 0 0]]
    """
    require_one_of("roi", roi, ROIS)
    require_integers("reference", reference)
    usable = np.ones(reference.shape, bool) if valid is None else valid
    require_same_shape("valid", usable.shape, "reference", reference.shape)
    if roi == "all":
        return usable.copy()
    if roi == "foreground":
        return usable & (reference > 0)
    if spacing_mm is None:
        raise InputError("`roi='band'` needs `spacing_mm`, to know how wide the band is. Pass the voxel spacing in mm.")
    spacing = require_spacing(spacing_mm, reference.ndim)
    reach_mm = effective_band_mm(band_mm, spacing)
    if usable.all():
        steps = [_steps(reach_mm, step) for step in spacing]
        return near_another_class(reference, spacing, (reach_mm * EDGE) ** 2, steps)
    return _band(reference, usable, reach_mm, spacing)


def inside(
    reference: np.ndarray,
    roi: str,
    *,
    band_mm: float = 3.0,
    spacing_mm: Sequence[float] | None = None,
    valid: np.ndarray | None = None,
) -> np.ndarray | None:
    """Return `mask`; for "all" it is `valid` itself, None where that is the whole volume, so that none is allocated."""
    if roi == "all":
        return valid
    return mask(reference, roi, band_mm=band_mm, spacing_mm=spacing_mm, valid=valid)


def effective_band_mm(band_mm: float, spacing_mm: Sequence[float]) -> float:
    """Return the half width of the band in use: `band_mm`, but at least the largest spacing.

    A narrower band would have no voxel across the coarsest axis.
    """
    require_positive("band_mm", band_mm)
    return max(float(band_mm), *map(float, spacing_mm))


def _band(reference: np.ndarray, usable: np.ndarray, reach_mm: float, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Mark usable voxels within `reach_mm` of a usable voxel of another class, where some are not usable."""
    band = np.zeros(reference.shape, bool)
    margin = [_steps(reach_mm, step) for step in spacing_mm]
    for class_id in np.unique(reference[usable]):
        here = usable & (reference == class_id)
        others = usable ^ here
        near = _shared(bounding_box(here, margin), bounding_box(others, margin))  # empty where one of them is
        band[near] |= here[near] & _within(others[near], reach_mm, spacing_mm)
    return band


def _within(goal: np.ndarray, reach_mm: float, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Mark the voxels within `reach_mm` of a True voxel: exact, as squared distances add up axis by axis."""
    squared = np.where(goal, 0.0, np.inf)
    for axis, step in enumerate(spacing_mm):
        # Cheaper than a full distance transform: no voxel needs to look further than the band.
        before = np.moveaxis(squared, axis, 0)
        after = before.copy()
        for k in range(1, _steps(reach_mm, step) + 1):
            cost = (k * step) ** 2
            np.minimum(after[k:], before[:-k] + cost, out=after[k:])
            np.minimum(after[:-k], before[k:] + cost, out=after[:-k])
        squared = np.moveaxis(after, 0, axis)
    return squared <= (reach_mm * EDGE) ** 2


def _steps(reach_mm: float, step_mm: float) -> int:
    return int(reach_mm * EDGE / step_mm)


def _shared(first: Box, second: Box) -> Box:
    """Return the box that two boxes have in common; it may be empty."""
    return tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(first, second, strict=True))
