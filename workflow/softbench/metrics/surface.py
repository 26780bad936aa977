"""Distances between the surfaces of two masks: computed once a structure, so that all metrics agree.

Two surfaces are in use. The *voxel* surface is every voxel of the mask with a face neighbour outside (the array's
outside is background); HD95, ASD and ASSD are means and quantiles over it. The *surfel* surface lies between voxels
and carries an area; NSD weighs by it, so that it does not depend on how the grid happens to cut a slope.

Distances are in mm. `scoring: {voxels: true}` adds some in voxels: each axis then has steps of 1, whatever its spacing,
as in libraries that are given none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.checks import require_one_of, require_same_shape, require_spacing
from softbench.metrics.inputs import require_mask
from softbench.metrics.kernels.nearest import distances
from softbench.metrics.kernels.surface_scan import Elements, list_voxels, scan, surfel_areas
from softbench.metrics.metric import DISTANCE_EMPTY, FRACTION, ONE_OR_BOTH, OPEN, Metric, ratio

VERSION = 2
EDGE = 1 + 1e-9  # distances on a lattice are sums of rounded steps: 3 x 0.8 mm must count as within 2.4 mm
SURFELS = "Nikolov et al. 2018 (DeepMind surface-distance)"


@dataclass(frozen=True, eq=False)
class Side:
    """Distances (mm) from one mask's surface voxels and surfels to the other mask's surface, and the surfels' areas."""

    voxels_mm: np.ndarray
    surfels_mm: np.ndarray
    areas: np.ndarray

    @property
    def area(self) -> float:
        """Area of the surface, mm²; mm in 2-D."""
        return float(self.areas.sum())

    def area_within(self, tolerance_mm: float) -> float:
        """Return the area (mm²; mm in 2-D) of the part that lies within a tolerance of the other surface."""
        return float(self.areas[self.surfels_mm <= tolerance_mm * EDGE].sum())

    def voxels_within(self, tolerance_mm: float) -> int:
        """Return the number of surface voxels that lie within a tolerance of the other surface."""
        return int(np.count_nonzero(self.voxels_mm <= tolerance_mm * EDGE))


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The surfaces of a prediction and a reference."""

    prediction: Side
    reference: Side

    def distance(self, measure: Callable[[np.ndarray, np.ndarray], float]) -> float:
        """Return a measure of both sides' distances, mm; inf where one mask is empty, NaN where both are."""
        prediction, reference = self.prediction.voxels_mm, self.reference.voxels_mm
        if prediction.size and reference.size:
            return float(measure(prediction, reference))
        return float("inf") if prediction.size or reference.size else float("nan")

    def area_within(self, tolerance_mm: float) -> float:
        """Return the area of both sides within a tolerance of the other surface."""
        return self.prediction.area_within(tolerance_mm) + self.reference.area_within(tolerance_mm)

    def voxels_within(self, tolerance_mm: float) -> int:
        """Return the number of both sides' surface voxels within a tolerance of the other surface."""
        return self.prediction.voxels_within(tolerance_mm) + self.reference.voxels_within(tolerance_mm)


def between(prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, ...]) -> Surfaces:
    """Measure the surfaces of two masks against each other.

    Args:
        prediction, reference: (D, H, W) or (H, W) bool, of one shape.
        spacing_mm: one number an axis.
    """
    scans = [scan(mask) for mask in (prediction, reference)]
    areas = surfel_areas(spacing_mm)
    return Surfaces(*[_side(here, there, areas, spacing_mm) for here, there in (scans, scans[::-1])])


def _side(
    here: tuple[Elements, Elements], there: tuple[Elements, Elements], areas: np.ndarray, spacing_mm: tuple[float, ...]
) -> Side:
    voxels_mm, surfels_mm = (distances(a, b, spacing_mm) for a, b in zip(here, there, strict=True))
    return Side(voxels_mm, surfels_mm, areas[here[1].codes])


def hd95(prediction: np.ndarray, reference: np.ndarray) -> float:
    """Return the larger 95th percentile of the distances of two sides."""
    return float(max(np.percentile(prediction, 95), np.percentile(reference, 95)))


def asd(prediction: np.ndarray, reference: np.ndarray) -> float:
    """Return the mean distance from the prediction's side."""
    return float(prediction.mean())


def assd(prediction: np.ndarray, reference: np.ndarray) -> float:
    """Return the mean of the distances of both sides together."""
    return float((prediction.sum() + reference.sum()) / (prediction.size + reference.size))


def hd95_in_plane(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float], *, slice_axis: int = 0
) -> float:
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


DISTANCES = (
    Metric(
        "hd95", "HD95", "mm", "lower", OPEN,
        "larger of the two directed 95th percentiles of distances between surface voxels (face neighbour outside)",
        DISTANCE_EMPTY, "MONAI, MetricsReloaded. Departure: a missed structure is inf, where MONAI gives NaN",
        of="surfaces", compute=lambda s: s.distance(hd95),
    ),
    Metric(
        "hd95_pooled", "HD95 (pooled)", "mm", "lower", OPEN,
        "95th percentile of the distances of both sides together", DISTANCE_EMPTY, "medpy hd95",
        of="surfaces", compute=lambda s: s.distance(lambda p, r: np.percentile(np.concatenate([p, r]), 95)),
    ),
    Metric(
        "asd", "ASD", "mm", "lower", OPEN,
        "mean distance from the prediction's surface voxels to the reference's; blind to what was missed",
        DISTANCE_EMPTY, "medpy asd",
        of="surfaces", compute=lambda s: s.distance(asd),
    ),
    Metric(
        "assd", "ASSD", "mm", "lower", OPEN,
        "mean of the distances of both sides together", DISTANCE_EMPTY, "medpy assd",
        of="surfaces", compute=lambda s: s.distance(assd),
    ),
    Metric(
        "masd", "MASD", "mm", "lower", OPEN,
        "mean of the two directed means; some libraries call it ASSD", DISTANCE_EMPTY, "MetricsReloaded",
        of="surfaces", compute=lambda s: s.distance(lambda p, r: (p.mean() + r.mean()) / 2),
    ),
    Metric(
        "hd95_in_plane", "HD95 (in-plane)", "mm", "lower", OPEN,
        "as hd95, over the voxels with one of 8 neighbours in their slice outside; distances run in 3-D",
        "inf where one mask is empty, NaN where both are or one fills its slices and so has no edge",
        "MRBrainS18's evaluation. Departure: inf or NaN where theirs gives None or raises",
        of="masks", asked_by="in_plane", compute=lambda masks: hd95_in_plane(*masks),
    ),
)  # fmt: skip

DISTANCES_IN_VOXELS = (
    Metric(
        "hd95_voxels", "HD95 (voxels)", "voxels", "lower", OPEN,
        "as hd95; a step along any axis is 1", DISTANCE_EMPTY, "hd95 without spacing",
        of="voxel_surfaces", asked_by="voxels", compute=lambda s: s.distance(hd95),
    ),
    Metric(
        "asd_voxels", "ASD (voxels)", "voxels", "lower", OPEN,
        "as asd; a step along any axis is 1", DISTANCE_EMPTY, "asd without spacing",
        of="voxel_surfaces", asked_by="voxels", compute=lambda s: s.distance(asd),
    ),
    Metric(
        "assd_voxels", "ASSD (voxels)", "voxels", "lower", OPEN,
        "as assd; a step along any axis is 1", DISTANCE_EMPTY, "assd without spacing",
        of="voxel_surfaces", asked_by="voxels", compute=lambda s: s.distance(assd),
    ),
)  # fmt: skip

SHARES = (
    Metric(
        "nsd", "NSD", "1", "higher", FRACTION,
        "share of both surfaces' area that lies within a tolerance (inclusive) of the other surface",
        ONE_OR_BOTH, SURFELS,
        of="surfaces", tolerance=True,
        compute=lambda s, mm: ratio(s.area_within(mm), s.prediction.area + s.reference.area),
    ),
    Metric(
        "nsd_voxel", "NSD (voxels)", "1", "higher", FRACTION,
        "share of both surfaces' voxels that lie within a tolerance of the other", ONE_OR_BOTH,
        "MetricsReloaded. Departure: NaN, not 1, where both masks are empty",
        of="surfaces", tolerance=True,
        compute=lambda s, mm: ratio(s.voxels_within(mm), s.prediction.voxels_mm.size + s.reference.voxels_mm.size),
    ),
    Metric(
        "sd_svls", "SD (SVLS)", "1", "higher", FRACTION,
        "share of the prediction's surface area within a tolerance of the reference; blind to what was missed",
        "0 where a mask is empty, or both", "released code of Islam & Glocker 2021",
        of="surfaces", tolerance=True,
        compute=lambda s, mm: s.prediction.area_within(mm) / s.prediction.area if s.prediction.area else 0.0,
    ),
)  # fmt: skip
