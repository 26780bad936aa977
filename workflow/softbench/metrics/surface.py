"""Distances between the surfaces of two masks: computed once a structure, so that all metrics agree.

Two surfaces are in use. The *voxel* surface is every voxel of the mask with a face neighbour outside (the array's
outside is background); HD95, ASD and ASSD are means and quantiles over it. The *surfel* surface lies between voxels
and carries an area; NSD weighs by it, so that it does not depend on how the grid happens to cut a slope.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from softbench.metrics.kernels.nearest import distances
from softbench.metrics.kernels.surface_scan import Elements, scan, surfel_areas

VERSION = 1
EDGE = 1 + 1e-9  # distances on a lattice are sums of rounded steps: 3 x 0.8 mm must count as within 2.4 mm


@dataclass(frozen=True, eq=False)
class Side:
    """One mask's surface, seen from the other's: distances in mm of its voxels and surfels, and the surfels' areas."""

    voxels_mm: np.ndarray
    surfels_mm: np.ndarray
    areas: np.ndarray

    def area_within(self, tolerance_mm: float) -> float:
        """Return the area (mm²; mm in 2-D) of the part that lies within a tolerance of the other surface."""
        return float(self.areas[self.surfels_mm <= tolerance_mm * EDGE].sum())

    def voxels_within(self, tolerance_mm: float) -> int:
        """Return the number of surface voxels that lie within a tolerance of the other surface."""
        return int(np.count_nonzero(self.voxels_mm <= tolerance_mm * EDGE))


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The surfaces of a prediction and a reference. Distances are inf where one mask is empty, NaN where both are."""

    prediction: Side
    reference: Side

    @property
    def hd95(self) -> float:
        """Larger of the two directed 95th percentiles, mm (MONAI's and MetricsReloaded's form)."""
        return self._distance(lambda p, r: max(np.percentile(p, 95), np.percentile(r, 95)))

    @property
    def hd95_pooled(self) -> float:
        """95th percentile of the distances of both sides together, mm (medpy's form)."""
        return self._distance(lambda p, r: np.percentile(np.concatenate([p, r]), 95))

    @property
    def asd(self) -> float:
        """Mean distance from the prediction's surface to the reference's, mm; blind to what was missed."""
        return self._distance(lambda p, r: p.mean())

    @property
    def assd(self) -> float:
        """Mean of the distances of both sides together, mm."""
        return self._distance(lambda p, r: (p.sum() + r.sum()) / (p.size + r.size))

    @property
    def masd(self) -> float:
        """Mean of the two directed means, mm; some libraries call this ASSD."""
        return self._distance(lambda p, r: (p.mean() + r.mean()) / 2)

    def nsd(self, tolerance_mm: float) -> float:
        """Share of both surfaces' area within the tolerance, in [0, 1]; 0 where one mask is empty, NaN where both."""
        near = self.prediction.area_within(tolerance_mm) + self.reference.area_within(tolerance_mm)
        return _share(near, float(self.prediction.areas.sum() + self.reference.areas.sum()))

    def nsd_voxel(self, tolerance_mm: float) -> float:
        """Share of both surfaces' voxels within the tolerance, in [0, 1]; 0 where one is empty, NaN where both."""
        near = self.prediction.voxels_within(tolerance_mm) + self.reference.voxels_within(tolerance_mm)
        return _share(near, self.prediction.voxels_mm.size + self.reference.voxels_mm.size)

    def sd_svls(self, tolerance_mm: float) -> float:
        """Share of the prediction's surface area within the tolerance; 0 where a mask is empty, or both, as SVLS."""
        area = float(self.prediction.areas.sum())
        return self.prediction.area_within(tolerance_mm) / area if area else 0.0

    def _distance(self, measure: Callable[[np.ndarray, np.ndarray], float]) -> float:
        prediction, reference = self.prediction.voxels_mm, self.reference.voxels_mm
        if prediction.size and reference.size:
            return float(measure(prediction, reference))
        return float("inf") if prediction.size or reference.size else float("nan")


def between(prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, ...]) -> Surfaces:
    """Measure the surfaces of two masks against each other.

    Args:
        prediction, reference: (D, H, W) or (H, W) bool, of one shape.
        spacing_mm: one number an axis.
    """
    found = [scan(mask) for mask in (prediction, reference)]
    areas = surfel_areas(spacing_mm)
    return Surfaces(*[_side(here, there, areas, spacing_mm) for here, there in (found, found[::-1])])


def _side(
    here: tuple[Elements, Elements], there: tuple[Elements, Elements], areas: np.ndarray, spacing_mm: tuple[float, ...]
) -> Side:
    voxels_mm, surfels_mm = (distances(a, b, spacing_mm) for a, b in zip(here, there, strict=True))
    return Side(voxels_mm, surfels_mm, areas[here[1].codes])


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
