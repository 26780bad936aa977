"""What GeoLS labels of a case share, geodesic distances of each channel and class, and how they become closeness.

Where the authors' script and their paper disagree, each choice has a name and two defaults (`VARIANTS`).
"""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_one_of
from softbench.soft_labels import geodesic
from softbench.soft_labels import seeds as seeding
from softbench.soft_labels.contract import one_rater, require_image

VERSION = 2
CHANNELS = ("mean_maps", "joint")
SCALES = ("none", "unit")
DECAYS = ("inv_mean", "unit")
BACKGROUNDS = ("one_minus_mean", "seeded", "normalise_rest")
NORMALISATIONS = ("none", "sum")
VARIANTS = {
    "code": {"cost": "geodistk", "decay": "inv_mean", "background": "one_minus_mean", "normalise": "none"},
    "paper": {"cost": "eq4", "decay": "unit", "background": "seeded", "normalise": "sum"},
}


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
                seeding.choose(label_map == c, seeds, count=count, case=case, class_id=int(c), seed=seed)
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


def resolve_reading(variant: str, **chosen: str | None) -> dict[str, str]:
    """Return the four readings: what was chosen, and the variant's where nothing was.

    Args:
        variant: "code" or "paper".
        chosen: `cost`, `decay`, `background`, `normalise`; None or left out means the variant's.
    Raises: InputError: if one is unknown.
    """
    require_one_of("variant", variant, VARIANTS)
    reading = VARIANTS[variant] | {name: value for name, value in chosen.items() if value is not None}
    require_one_of("cost", reading["cost"], geodesic.COSTS)
    require_one_of("decay", reading["decay"], DECAYS)
    require_one_of("background", reading["background"], BACKGROUNDS)
    require_one_of("normalise", reading["normalise"], NORMALISATIONS)
    return reading


def maps(distances: np.ndarray, present: np.ndarray, *, decay: str, background: str) -> np.ndarray:
    """Return the closeness g of each voxel to each class.

    Args:
        distances: (C, ...) float32, not negative.
        present: (C,) bool, the classes whose distances are given; that of class 0 matters to "seeded" alone.
        decay: of `decayed`.
        background: "one_minus_mean": 1 minus the mean map of the foreground; "seeded": as any class; "normalise_rest":
            what the foreground leaves of 1, after its maps are divided by their sum where that exceeds 1.
    Returns: (C, ...) float32 in [0, 1]; an absent class is 0, and without any foreground the background is 1 (but for
        "seeded"). Only "normalise_rest" sums to 1.
    Raises: InputError: if `decay` or `background` is unknown.
    """
    require_one_of("background", background, BACKGROUNDS)
    close = np.zeros(distances.shape, np.float32)
    classes = [c for c in np.flatnonzero(present) if c or background == "seeded"]
    for c in classes:
        close[c] = decayed(distances[c], decay)
    if background == "one_minus_mean":
        close[0] = 1 - close[classes].mean(axis=0) if classes else 1
    elif background == "normalise_rest":
        close /= np.maximum(close.sum(axis=0), 1)
        close[0] = np.maximum(1 - close.sum(axis=0), 0)
    return close


def decayed(distance: np.ndarray, decay: str) -> np.ndarray:
    """Turn distance into closeness, stretched to [0, 1]; 1 everywhere where all distances are equal.

    Args:
        distance: (...) float32, not negative.
        decay: "inv_mean": exp(-D / mean D), which no linear scale of the distance changes; "unit": exp(-D), which is
            next to 0 but at the seeds where distances are far above 1, as they are with raw intensities.
    Returns: the same shape, float32.
    Raises: InputError: if `decay` is unknown.
    """
    require_one_of("decay", decay, DECAYS)
    mean = float(distance.mean(dtype=np.float64)) if decay == "inv_mean" else 1.0
    if mean == 0:
        return np.ones_like(distance, np.float32)
    close = np.exp(-distance / np.float32(mean))
    close -= close.min()
    peak = close.max()
    return close / peak if peak > 0 else np.ones_like(close)


def distribution(close: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Divide closeness (C, ...) by its sum over classes; where that is 0, the one-hot label `target` serves instead.

    Returns: (C, ...) float32, summing to 1 over classes.
    """
    total = close.sum(axis=0, keepdims=True)
    return np.where(total > 0, close / np.where(total > 0, total, 1), target)
