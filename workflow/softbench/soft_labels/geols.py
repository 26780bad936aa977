"""Geodesic label smoothing (GeoLS): classes spread where the image looks alike, and stop at its edges."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.checks import require_fraction, require_one_of
from softbench.soft_labels import geodesic, seeds
from softbench.soft_labels.contract import for_tensors_too, one_rater, require_image

VERSION = 1
NEEDS_IMAGE = True
RATERS = "one"
KIND = "stored"
SETTINGS = {
    "alpha": 0.1,  # share given to the maps; GeoLS paper, Sec. 3.2
    "variant": "code",  # the authors' released script; see docs/methods.md for where it leaves the paper
    "seeds": "skeleton",  # the paper's best seeds
    "normalise": "none",  # none: as in the script, voxels sum to up to 1 + alpha (K - 1); sum: a distribution
    "iterations": 4,  # sweeps of the raster scan; authors' script
    "engine": "geodistk",
}


def is_normalised(normalise: str = "none", **settings: object) -> bool:
    """Return whether the classes of a voxel sum to 1: only with `normalise="sum"`."""
    return normalise == "sum"


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    alpha: float = 0.1,
    variant: str = "code",
    seeds: str = "skeleton",
    normalise: str = "none",
    iterations: int = 4,
    engine: str = "geodistk",
) -> np.ndarray:
    r"""Mix the one-hot label with maps of geodesic closeness, averaged over the image's channels.

    .. math:: y_c = (1 - \alpha)\,[\,t = c\,] + \alpha\, g_c

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: (M, D, H, W) or (M, H, W), finite; its linear scale does not matter.
        spacing_mm: (D, H, W) or (H, W), mm.
        classes: number of classes C, background included.
        alpha: share given to the maps, in [0, 1]; 0 gives one-hot.
        variant: "code": the authors' script.
        seeds: "skeleton" (see `seeds.skeleton`).
        normalise: "none" (the script) or "sum" (g divided by its sum over classes, as the paper writes it).
        iterations: sweeps of the raster scan.
        engine: of `geodesic.distance`.
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1]. With `normalise="none"` a voxel sums to
        1 - alpha + alpha (1 + (K - 1) m), K present foreground classes, m the mean of their maps; an absent class is 0
        everywhere; without any foreground the background is 1.
    Raises: InputError: if a setting is unknown, the image is missing, not finite or on another grid, or the labels are
        not class ids of one rater.
    Source: Adiga et al. 2023, Eqs. 3-5, and the authors' geodesic_maps.py. Departures from the script: the spacing is
        the image's own; seeds never vanish (see `seeds.skeleton`).
    """
    require_fraction("alpha", alpha)
    require_one_of("variant", variant, ("code",))
    require_one_of("seeds", seeds, ("skeleton",))
    require_one_of("normalise", normalise, ("none", "sum"))
    label_map = one_rater(labels, spacing_mm, classes)
    channels = require_image(image, label_map)
    maps = np.mean(
        [closeness(label_map, channel, spacing_mm, classes, iterations, engine) for channel in channels], axis=0
    )
    if normalise == "sum":
        maps = maps / maps.sum(axis=0, keepdims=True)
    target = arrays.one_hot(label_map, classes)
    return ((1 - alpha) * target + alpha * maps).astype(np.float32)


def closeness(
    label_map: np.ndarray,
    channel: np.ndarray,
    spacing_mm: Sequence[float],
    classes: int,
    iterations: int,
    engine: str,
) -> np.ndarray:
    """Return the maps g of one channel, (C, ...) float32 in [0, 1]; background is 1 minus the mean of present maps."""
    maps = np.zeros((classes, *label_map.shape), np.float32)
    present = [c for c in range(1, classes) if (label_map == c).any()]
    for c in present:
        start = seeds.skeleton(label_map == c)
        maps[c] = decay(geodesic.distance(channel, start, spacing_mm, iterations=iterations, engine=engine))
    maps[0] = 1 - maps[present].mean(axis=0) if present else 1
    return maps


def decay(distance: np.ndarray) -> np.ndarray:
    """Turn distance into closeness: exp(-D / mean D), then stretched to [0, 1]; 1 everywhere where D is 0."""
    mean = float(distance.mean(dtype=np.float64))
    if mean == 0:
        return np.ones_like(distance, np.float32)
    close = np.exp(-distance / np.float32(mean))
    close -= close.min()
    peak = close.max()
    return close / peak if peak > 0 else np.ones_like(close)
