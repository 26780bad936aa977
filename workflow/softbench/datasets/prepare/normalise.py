"""Intensities to comparable numbers: each case and modality on its own, for scanners have no common unit."""

from typing import Any

import numpy as np

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 2
KINDS = ("zscore", "zscore_nonzero", "minmax", "none")


def normalise(image: np.ndarray, *, how: str) -> np.ndarray:
    r"""Shift and scale one channel.

    .. math:: y = (x - \mu) / \sigma

    Args:
        image: (D, H, W) or (H, W), finite.
        how: `zscore`: mean and standard deviation over all voxels; `zscore_nonzero`: over the voxels that are not
            exactly 0, which stay 0 (skull-stripped images); `minmax`: to [0, 1]; `none`: the intensities as they are.
    Returns: float32 of the same shape.
    Raises: InputError: if `how` is unknown, or all voxels that count have one value (no scale exists).
    """
    require_one_of("normalise", how, KINDS)
    if how == "none":
        return image.astype(np.float32)
    if how == "minmax":
        return _to_unit_range(image)
    inside: Any = image != 0 if how == "zscore_nonzero" else np.ones(image.shape, bool)
    counted = image[inside].astype(np.float64)
    deviation = counted.std() if counted.size else 0.0
    if deviation == 0:
        raise InputError(f"all {counted.size} voxels that `{how}` looks at have one value, so no scale exists.")
    return np.where(inside, (image - counted.mean()) / deviation, 0).astype(np.float32)


def _to_unit_range(image: np.ndarray) -> np.ndarray:
    low, high = float(image.min()), float(image.max())
    if low == high:
        raise InputError(f"all {image.size} voxels have one value, {low:g}, so `minmax` has no scale.")
    return ((image - low) / (high - low)).astype(np.float32)
