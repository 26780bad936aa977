"""Boundaries that graders drew on an OCT B-scan become a label map."""

import numpy as np

from softbench.errors import InputError

VERSION = 1
BOUNDARIES = 8
FLUID = 8  # class id; the layers are 1 to 7


def label(boundaries: np.ndarray, fluid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn boundaries and fluid into class ids.

    MATLAB counts rows from 1, so pixel h lies at h + 1. Layer k takes the pixels at or below boundary k and above
    boundary k + 1 (k = 1 to 7, from the inner limiting membrane to Bruch's membrane); a boundary that is drawn above
    the one before it counts as lying on it. Fluid goes over layers: any number but 0, for pockets are counted 1, 2,
    ...; NaN is no fluid.

    Args:
        boundaries: (8, W) rows from top to bottom, NaN where none was drawn.
        fluid: (H, W).
    Returns: class ids (H, W) uint8, and which pixels are known (H, W): those of columns with all eight boundaries.
        The others are 0.
    Raises: InputError: if there are not eight boundaries.
    """
    if len(boundaries) != BOUNDARIES:
        raise InputError(f"`boundaries` must hold {BOUNDARIES} rows, but holds {len(boundaries)}.")
    drawn = np.isfinite(boundaries).all(axis=0)
    ordered = np.maximum.accumulate(np.where(drawn, boundaries, 0), axis=0)
    rows = np.arange(1, len(fluid) + 1)[:, None]
    passed = (rows[None] >= ordered[:, None, :]).sum(axis=0)  # boundaries at or above each pixel
    layers = np.where(passed == BOUNDARIES, 0, passed)
    wet = np.nan_to_num(fluid, nan=0.0) > 0
    known = np.broadcast_to(drawn, fluid.shape)
    labels = np.where(known, np.where(wet, FLUID, layers), 0)
    return labels.astype(np.uint8), known.copy()
