"""Geodesic distance in an image: how far a voxel is from seeds when walking across edges is long."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_one_of, require_spacing
from softbench.errors import InputError

VERSION = 1
ENGINES = ("geodistk",)


def distance(
    image: np.ndarray,
    seeds: np.ndarray,
    spacing_mm: Sequence[float],
    *,
    iterations: int = 4,
    engine: str = "geodistk",
) -> np.ndarray:
    r"""Return each voxel's smallest path cost to a seed.

    .. math:: \mathrm{cost}(p, q) = |p - q|_{mm}\,(|I(p) - I(q)| + 10^{-5})

    Args:
        image: (D, H, W) or (H, W), one channel, finite.
        seeds: the same shape; where it is true (or not 0) the distance is 0.
        spacing_mm: one number an axis, mm.
        iterations: sweeps of the raster scan, at least 1; four have not converged (see docs/methods.md).
        engine: "geodistk": GeodisTK's raster scan with lambda = 1.
    Returns: the same shape, float32, in units of the image times mm; without a seed GeodisTK's large constant.
    Raises: InputError: if shapes differ, or a setting is unknown.
    Source: GeodisTK 0.1.7, `geodesic_distance_3d.cpp`; the GeoLS authors call it so. Departures: none. In 2-D,
        GeodisTK takes no spacing; a 2-D image is therefore handed over as one slice.
    """
    require_one_of("engine", engine, ENGINES)
    spacing = require_spacing(spacing_mm, image.ndim)
    if image.shape != seeds.shape:
        raise InputError(f"`image` {image.shape} and `seeds` {seeds.shape} must lie on one grid.")
    if iterations < 1:
        raise InputError(f"`iterations` must be at least 1, but is {iterations!r}.")
    import GeodisTK

    flat = image.ndim == 2
    volume = np.ascontiguousarray(image[None] if flat else image, np.float32)
    start = np.ascontiguousarray(seeds[None] if flat else seeds).astype(np.uint8)
    size = [1.0, *spacing] if flat else list(spacing)
    result = np.asarray(GeodisTK.geodesic3d_raster_scan(volume, start, size, 1.0, iterations))
    return result[0] if flat else result
