"""The map of GeoLS: geodesic distances of a case, for each channel and class, which all its GeoLS labels share."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_one_of
from softbench.soft_labels import geodesic
from softbench.soft_labels import seeds as seeding
from softbench.soft_labels.contract import one_rater, require_image
from softbench.soft_labels.geols_readings import VARIANTS

VERSION = 2
CHANNELS = ("mean_maps", "joint")
SCALES = ("none", "unit")


def make_map(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    case: str = "",
    seeds: str = "skeleton",
    count: int = 5,
    seed: int = 0,
    background_seeds: bool | None = None,
    cost: str | None = None,
    scale: str = "none",
    channels: str = "mean_maps",
    iterations: int | None = 4,
    engine: str = "own",
) -> dict[str, np.ndarray]:
    """Measure what all GeoLS labels of a case share, whatever their alpha, decay, background and normalisation.

    Args: as `soften`; `background_seeds` None is False, `cost` None is "geodistk".
    Returns: `distances` (M, C, ...) float32, M = 1 for joint channels, 0 for a class without seeds; `present` (C,)
        bool, the classes with seeds; `cost`, a text.
    Raises: InputError: as `soften`.
    """
    cost = cost or VARIANTS["code"]["cost"]
    geodesic.require_settings(iterations, engine, cost)
    require_one_of("seeds", seeds, seeding.KINDS)
    require_one_of("channels", channels, CHANNELS)
    require_one_of("scale", scale, SCALES)
    label_map = one_rater(labels, spacing_mm, classes)
    pixels = scaled(require_image(image, label_map), scale)
    volumes = pixels if channels == "mean_maps" else pixels[None]
    present = np.isin(np.arange(classes), label_map)
    present[0] &= bool(background_seeds)
    distances = np.zeros((len(volumes), classes, *label_map.shape), np.float32)
    if present.any():
        masks = np.stack(
            [
                seeding.of(label_map == c, seeds, count=count, case=case, class_id=int(c), seed=seed)
                for c in np.flatnonzero(present)
            ]
        )
        for m, volume in enumerate(volumes):
            distances[m, present] = geodesic.distances(
                volume, masks, spacing_mm, iterations=iterations, engine=engine, cost=cost
            )
    return {"distances": distances, "present": present, "cost": np.array(cost)}


def scaled(image: np.ndarray, scale: str) -> np.ndarray:
    """Return an image (M, ...) as it is ("none"), or with each channel stretched to [0, 1] ("unit"; 0 if constant)."""
    if scale == "none":
        return image
    axes = tuple(range(1, image.ndim))
    low = image.min(axis=axes, keepdims=True)
    span = image.max(axis=axes, keepdims=True) - low
    return (image - low) / np.where(span > 0, span, np.float32(1))
