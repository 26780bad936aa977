"""HD95 as the evaluation of MRBrainS18 has it: surfaces are found slice by slice, distances measured in 3-D."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_one_of, require_same_shape, require_spacing
from softbench.metrics.kernels.nearest import distances
from softbench.metrics.kernels.surface_scan import list_voxels
from softbench.metrics.masks import require_mask

VERSION = 1


def hd95(prediction: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float], *, slice_axis: int = 0) -> float:
    r"""Return the larger of the two directed 95th percentiles of the distances between in-plane edges, mm.

    .. math:: \max(\mathrm{perc}_{95}\{d(p, E_R)\}, \mathrm{perc}_{95}\{d(r, E_P)\})

    where E holds the voxels of a mask with one of their 8 neighbours in the slice outside; what lies beyond the array
    counts as inside, so that a mask has no edge along the array's border.

    Args:
        prediction, reference: (D, H, W) bool, or (H, W), which is one slice.
        spacing_mm: one number for each axis, in the order of the array's axes.
        slice_axis: the axis that slices are stacked along, 3-D alone.
    Returns: at least 0; inf where one mask is empty, NaN where both are, or where a mask fills every slice that it
        reaches and so has no edge.
    Raises: InputError: if the masks are not bool or differ in shape, or spacing or axis do not fit.
    Source: evaluation.py of MRBrainS18 (SimpleITK BinaryErode (1, 1, 0), linear percentiles). Departures: an empty mask
        gives inf or NaN, where theirs gives None; no edge gives NaN, where theirs raises ValueError.
    """
    prediction, reference = require_mask("prediction", prediction), require_mask("reference", reference)
    require_same_shape("prediction", prediction.shape, "reference", reference.shape)
    spacing = require_spacing(spacing_mm, prediction.ndim)
    require_one_of("slice_axis", slice_axis, range(prediction.ndim if prediction.ndim == 3 else 1))
    if prediction.any() != reference.any():
        return float("inf")
    if prediction.ndim == 3:
        prediction, reference = (np.moveaxis(mask, slice_axis, 0) for mask in (prediction, reference))
        spacing = (spacing[slice_axis], *spacing[:slice_axis], *spacing[slice_axis + 1 :])
    edges = [list_voxels(_edge(mask)) for mask in (prediction, reference)]
    if not all(len(edge.places) for edge in edges):
        return float("nan")
    return max(float(np.percentile(distances(a, b, spacing), 95)) for a, b in (edges, edges[::-1]))


def _edge(mask: np.ndarray) -> np.ndarray:
    """Mark the voxels of a mask with one of 8 neighbours on the last two axes outside."""
    enclosed = mask
    for axis in (-2, -1):  # a square is eroded one axis after the other
        before, enclosed = enclosed, enclosed.copy()
        shifted, inner = np.moveaxis(before, axis, 0), np.moveaxis(enclosed, axis, 0)
        inner[1:] &= shifted[:-1]
        inner[:-1] &= shifted[1:]
    edge: np.ndarray = mask & ~enclosed
    return edge
