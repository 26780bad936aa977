"""Geodesic distance in an image: the length of the shortest path to seeds, where steps across edges are long."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_finite, require_one_of, require_same_shape, require_spacing
from softbench.errors import InputError

VERSION = 2
ENGINES = ("own", "geodistk")
COSTS = ("geodistk", "eq4")
UNTIL_STILL = 2**62  # iterations that never run out: the scan ends where nothing changes any more


def distance(
    image: np.ndarray,
    seeds: np.ndarray,
    spacing_mm: Sequence[float],
    *,
    iterations: int | None = 4,
    engine: str = "own",
    cost: str = "geodistk",
    gamma: float = 1.0,
) -> np.ndarray:
    """Return each voxel's smallest path cost to one set of seeds, (D, H, W) or (H, W) float32; see `distances`."""
    masks = np.asarray(seeds)[None]
    return distances(image, masks, spacing_mm, iterations=iterations, engine=engine, cost=cost, gamma=gamma)[0]


def distances(
    channel: np.ndarray,
    seed_masks: np.ndarray,
    spacing_mm: Sequence[float],
    *,
    iterations: int | None = 4,
    engine: str = "own",
    cost: str = "geodistk",
    gamma: float = 1.0,
) -> np.ndarray:
    r"""Return each voxel's smallest path cost to the seeds of each class; the classes share one pass.

    A path runs over the 26 (in 2-D 8) neighbours; its cost is the sum of its steps.

    .. math:: \mathrm{geodistk:}\ |p - q|_{mm}\,(|I(p) - I(q)| + 10^{-5}) \qquad
        \mathrm{eq4:}\ \sqrt{|p - q|_{mm}^2 + \gamma^2\, |I(p) - I(q)|^2}

    Args:
        channel: (D, H, W) or (H, W), finite; (M, D, H, W) or (M, H, W) takes |I(p) - I(q)| as L2 norm over channels.
        seed_masks: (K, D, H, W) or (K, H, W), a mask a class; where it is true (or not 0) the distance is 0.
        spacing_mm: one number an axis, mm.
        iterations: pairs of raster sweeps, at least 1; four, the GeoLS authors' choice, have not converged. None: until
            nothing changes any more, which is the minimum over all paths but for rounding.
        engine: "own", or "geodistk": GeodisTK itself with lambda = 1; it has neither "eq4" nor None.
        cost: of a step, "geodistk" or "eq4".
        gamma: weight of intensity against mm in "eq4", mm per unit of the image, not negative.
    Returns: (K, D, H, W) or (K, H, W) float32, in mm times units of the image ("geodistk") or mm ("eq4"); 1e10, which
        is GeodisTK's constant, for a class without seeds.
    Raises: InputError: if shapes differ, the image is not finite, or a setting is unknown or not to be had.
    Source: GeodisTK 0.1.7, `geodesic_distance_3d.cpp`; the GeoLS authors call it so; Adiga et al. 2023, Eq. 4.
        Departures: none; "own" gives GeodisTK's distances to the last bit after as many iterations. In 2-D, GeodisTK
        takes no spacing; a 2-D image is therefore handled as one slice.
    """
    require_settings(iterations, engine, cost, gamma)
    dims = seed_masks.ndim - 1
    spacing = require_spacing(spacing_mm, dims)
    channels = channel if channel.ndim > dims else channel[None]
    require_same_shape("image", channels.shape[1:], "seeds", seed_masks.shape[1:])
    require_finite("image", channels)
    if dims == 2:
        volumes, masks, spacing = channels[:, None], seed_masks[:, None], (1.0, *spacing)
    else:
        volumes, masks = channels, seed_masks
    volumes, masks = np.asarray(volumes, np.float32), masks != 0
    if engine == "geodistk":
        found = _geodistk(volumes, masks, spacing, iterations or 1)
    else:
        from softbench.soft_labels import raster

        rounds = UNTIL_STILL if iterations is None else int(iterations)
        found = raster.scan(volumes, masks, spacing, iterations=rounds, euclidean=cost == "eq4", gamma=gamma)
    return found.reshape(seed_masks.shape)


def require_settings(iterations: int | None, engine: str, cost: str, gamma: float = 1.0) -> None:
    """Raise unless each setting is known and the engine has it."""
    require_one_of("engine", engine, ENGINES)
    require_one_of("cost", cost, COSTS)
    if iterations is not None and not (isinstance(iterations, int | np.integer) and iterations >= 1):
        raise InputError(f"`iterations` must be a whole number of at least 1, or None, but is {iterations!r}.")
    if not (np.isfinite(gamma) and gamma >= 0):
        raise InputError(f"`gamma` must be a number of at least 0, but is {gamma!r}.")
    if engine == "geodistk" and (cost != "geodistk" or iterations is None):
        raise InputError(
            f"the engine 'geodistk' knows its own cost and a fixed number of iterations only, but `cost` is {cost!r} "
            f"and `iterations` is {iterations}. Use engine: own."
        )


def _geodistk(volumes: np.ndarray, masks: np.ndarray, spacing_mm: tuple[float, ...], iterations: int) -> np.ndarray:
    """Call GeodisTK for each mask; it wants several channels last, a single one without an axis."""
    import GeodisTK

    image = np.ascontiguousarray(volumes[0] if len(volumes) == 1 else np.moveaxis(volumes, 0, -1))
    spacing = list(spacing_mm)
    runs = [GeodisTK.geodesic3d_raster_scan(image, m.astype(np.uint8), spacing, 1.0, int(iterations)) for m in masks]
    return np.stack(runs)
