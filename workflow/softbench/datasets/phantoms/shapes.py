"""Where voxels lie, and distances (mm, positive inside) to simple bodies, shared by the phantoms in 2-D and 3-D."""

from collections.abc import Sequence

import numpy as np

from softbench.datasets.phantoms.fields import smooth_field

VERSION = 1
NOWHERE_MM = -1000.0  # distance of a structure that does not exist: its probability is exactly 0
Grids = Sequence[np.ndarray]  # one array an axis; together they broadcast to the shape of the image
Vector = Sequence[float] | np.ndarray  # one number an axis


def positions(shape: Sequence[int], spacing_mm: Vector, middle_mm: Vector) -> list[np.ndarray]:
    """Return the positions of the voxel centres in mm, a thin grid an axis; the view's centre lies at `middle_mm`."""
    steps = [(np.arange(n) - (n - 1) / 2) * d + m for n, d, m in zip(shape, spacing_mm, middle_mm, strict=True)]
    return list(np.meshgrid(*steps, indexing="ij", sparse=True))


def affine(position: Grids, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return array index (d, h, w, 1) or (h, w, 1) to mm; world axes are x, y, z: the array's, reversed."""
    dims = len(spacing_mm)
    matrix = np.eye(dims + 1)
    matrix[:dims, :dims] = np.diag(spacing_mm)[::-1]
    matrix[:dims, dims] = [grid.flat[0] for grid in reversed(position)]
    return matrix


def ellipsoid(position: Grids, centre_mm: Vector, semi_axes_mm: Vector) -> np.ndarray:
    r"""Return the distance to an ellipsoid (ellipse in 2-D): exact for a ball, of first order at the surface else.

    .. math:: s = k_0 (1 - k_0) / k_1, \quad k_0 = |x / a|, \quad k_1 = |x / a^2|
    """
    away = [p - c for p, c in zip(position, centre_mm, strict=True)]
    once = np.sqrt(sum((p / a) ** 2 for p, a in zip(away, semi_axes_mm, strict=True)))
    twice = np.sqrt(sum((p / a**2) ** 2 for p, a in zip(away, semi_axes_mm, strict=True)))
    length = np.divide(once, twice, out=np.full_like(once, min(semi_axes_mm)), where=twice > 0)
    distance: np.ndarray = (1 - once) * length
    return distance


def tube(position: Grids, start_mm: np.ndarray, end_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Return the distance to a straight tube with round ends."""
    axis = end_mm - start_mm
    away = [p - s for p, s in zip(position, start_mm, strict=True)]
    along = np.clip(sum(p * a for p, a in zip(away, axis, strict=True)) / (axis @ axis), 0, 1)
    distance: np.ndarray = radius_mm - np.sqrt(sum((p - along * a) ** 2 for p, a in zip(away, axis, strict=True)))
    return distance


def roughened(
    rng: np.random.Generator, distance_mm: np.ndarray, *, by_mm: float, length_mm: float, spacing_mm: tuple[float, ...]
) -> np.ndarray:
    """Return a surface with bumps: standard deviation `by_mm`, correlation length `length_mm`."""
    bumps = smooth_field(rng, distance_mm.shape, length_mm=length_mm, spacing_mm=spacing_mm)
    rough: np.ndarray = distance_mm + by_mm * bumps
    return rough


def direction(rng: np.random.Generator, dims: int = 3) -> np.ndarray:
    """Draw a unit vector, all directions alike."""
    vector = rng.standard_normal(dims)
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit


def spread(rng: np.random.Generator, median: float, log_sd: float, low: float, high: float) -> float:
    """Draw a length: log-normal, held within limits."""
    return float(np.clip(median * np.exp(log_sd * rng.standard_normal()), low, high))
