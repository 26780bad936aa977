"""Geodesic label smoothing (GeoLS): classes spread where the image looks alike, and stop at its edges."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from softbench.arrays import one_hot
from softbench.checks import require_fraction, require_same_shape
from softbench.errors import InputError
from softbench.soft_labels.contract import for_tensors_too, one_rater
from softbench.soft_labels.geols_map import VARIANTS, distribution, make_map, maps, resolve_reading

VERSION = 2
NEEDS_IMAGE = True
RATERS = "one"
KIND = "mapped"
SETTINGS = {
    "alpha": 0.1,  # share given to the maps; GeoLS paper, Sec. 3.2
    "variant": "code",  # code: the authors' released script; paper: its printed equations. Decides what is None below
    "seeds": "skeleton",  # the paper's best seeds
    "count": 5,  # of random seeds a class; the paper has 3, 5 and 7
    "seed": 0,  # of random seeds
    "background_seeds": None,  # whether the map measures from the background too; None: where `background` needs it
    "scale": "none",  # of the image: none (as it is) or unit (channels stretched to [0, 1]); no matter to `code`
    "cost": None,  # of a step: geodistk (code) or eq4 (paper); a map of its own takes None as geodistk
    "decay": None,  # inv_mean (code) or unit (paper)
    "background": None,  # one_minus_mean (code), seeded (paper) or normalise_rest
    "normalise": None,  # none (code): a voxel sums to up to 1 + alpha (K - 1); sum (paper): a distribution
    "channels": "mean_maps",  # mean_maps: maps of each channel, averaged, as the script does; joint: one distance
    "iterations": 4,  # sweeps of the raster scan; authors' script. None: until nothing changes
    "engine": "own",
}
ALLOWED = {
    "alpha": {"type": "number", "minimum": 0, "maximum": 1, "description": "share given to the maps"},
    "variant": {
        "constant": "soft_labels/geols_map.py:VARIANTS",
        "description": "the script, or the paper's equations",
    },
    "seeds": {"constant": "soft_labels/seeds.py:KINDS", "description": "voxels of a class to measure from"},
    "count": {"type": "integer", "minimum": 1, "description": "of random seeds a class"},
    "seed": {"type": "integer", "minimum": 0, "description": "of random seeds"},
    "background_seeds": {"type": ["boolean", "null"], "description": "measure from the background; null where needed"},
    "scale": {
        "constant": "soft_labels/geols_map.py:SCALES",
        "description": "of the image; unit stretches it to [0, 1]",
    },
    "cost": {"constant": "soft_labels/geodesic.py:COSTS", "nullable": True, "description": "of a step"},
    "decay": {
        "constant": "soft_labels/geols_map.py:DECAYS",
        "nullable": True,
        "description": "of closeness with distance",
    },
    "background": {
        "constant": "soft_labels/geols_map.py:BACKGROUNDS",
        "nullable": True,
        "description": "how it is made",
    },
    "normalise": {
        "constant": "soft_labels/geols_map.py:NORMALISATIONS",
        "nullable": True,
        "description": "whether maps are divided by their sum over classes",
    },
    "channels": {
        "constant": "soft_labels/geols_map.py:CHANNELS",
        "description": "a map each, averaged; or one for all",
    },
    "iterations": {"type": ["integer", "null"], "minimum": 1, "description": "sweeps; null until nothing changes"},
    "engine": {"constant": "soft_labels/geodesic.py:ENGINES", "description": "own code, or the library of the authors"},
}
MAP_SETTINGS = ("seeds", "count", "seed", "background_seeds", "scale", "cost", "channels", "iterations", "engine")


def is_normalised(
    variant: str = "code", background: str | None = None, normalise: str | None = None, **settings: object
) -> bool:
    """Return whether the classes of a voxel sum to 1: with `normalise="sum"` or `background="normalise_rest"`."""
    reading = resolve_reading(variant, background=background, normalise=normalise)
    return reading["normalise"] == "sum" or reading["background"] == "normalise_rest"


def map_settings(
    variant: str = "code", background: str | None = None, cost: str | None = None, **settings: Any
) -> dict[str, Any]:
    """Return the settings of the map that a soft label needs, with nothing left to `variant`.

    Soft labels for which this returns the same can share a map; arguments are settings of `soften`, others are ignored.
    """
    chosen = {name: settings.get(name, SETTINGS[name]) for name in MAP_SETTINGS}
    reading = resolve_reading(variant, background=background, cost=cost)
    chosen["cost"] = reading["cost"]
    if chosen["background_seeds"] is None:
        chosen["background_seeds"] = reading["background"] == "seeded"
    if chosen["seeds"] != "random":
        chosen |= {"count": SETTINGS["count"], "seed": SETTINGS["seed"]}
    return chosen


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
    count: int = 5,
    seed: int = 0,
    case: str = "",
    background_seeds: bool | None = None,
    scale: str = "none",
    cost: str | None = None,
    decay: str | None = None,
    background: str | None = None,
    normalise: str | None = None,
    channels: str = "mean_maps",
    iterations: int | None = 4,
    engine: str = "own",
) -> np.ndarray:
    r"""Mix the one-hot label with maps of geodesic closeness, averaged over the image's channels.

    .. math:: y_c = (1 - \alpha)\,[\,t = c\,] + \alpha\, g_c

    The authors' script and their paper disagree. `variant` sets those of the four readings that are left None:

    ============== ====================================== ==========================================================
    reading        code                                   paper
    ============== ====================================== ==========================================================
    `cost`         geodistk: mm (dI + 1e-5)               eq4: sqrt(mm^2 + dI^2), Eq. 4
    `decay`        inv_mean: exp(-D / mean D), stretched  unit: exp(-D), stretched
    `background`   one_minus_mean of the foreground's g   seeded: as any class
    `normalise`    none                                   sum: g divided by its sum over classes
    ============== ====================================== ==========================================================

    "paper" depends on the scale of the image: taken as it is (`scale` "none"), D is far above 1 with published
    intensities, g is next to 0 but at the seeds, and a voxel whose g are all 0 keeps its one-hot label; "unit" makes
    the largest change of a channel count as much as 1 mm.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: (M, D, H, W) or (M, H, W), finite; its scale and offset do not matter to "inv_mean" with "geodistk", but
            for the 1e-5 that a step costs where the image is flat.
        spacing_mm: (D, H, W) or (H, W), mm.
        classes: number of classes C, background included.
        alpha: share given to the maps, in [0, 1]; 0 gives one-hot.
        variant: "code" or "paper".
        seeds, count, seed, case: see `seeds.choose`.
        scale: of the image, "none" or "unit" (each channel stretched to [0, 1] by its minimum and maximum).
        background_seeds: whether distances from the background are measured; None where `background` needs them.
        cost, iterations, engine: see `geodesic.distances`.
        decay, background: see `geols_map.maps`.
        normalise: "none" or "sum".
        channels: "mean_maps" (the script: a distance a channel, maps averaged) or "joint" (one distance over all).
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1]. With the "code" readings a voxel sums to
        1 - alpha + alpha (1 + (K - 1) m), K present foreground classes, m the mean of their maps; an absent class is 0
        everywhere; without any foreground the background is 1.
    Raises: InputError: if a setting is unknown, the image is missing, not finite or on another grid, or the labels are
        not class ids of one rater.
    Source: Adiga et al. 2023, Eqs. 3-6, and the authors' geodesic_maps.py. Departures from the script: the spacing is
        the image's own; seeds never vanish (see `seeds.skeleton`). "normalise_rest" is ours.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.zeros((1, 8, 8), np.uint8)  # one rater
    >>> labels[0, 2:6, 2:6] = 1
    >>> image = np.zeros((1, 8, 8), np.float32)  # one channel
    >>> image[0, 2:6, 2:7] = 1  # a pixel wider than the label
    >>> soft = soft_labels.geols.soften(labels, image, (1.0, 1.0), classes=2, alpha=0.2)
    >>> print(soft[1, 3].round(2))
    [0.  0.  1.  1.  1.  1.  0.2 0. ]
    """
    require_fraction("alpha", alpha)
    reading = resolve_reading(variant, cost=cost, decay=decay, background=background, normalise=normalise)
    of_map = map_settings(
        variant, background, cost, seeds=seeds, count=count, seed=seed, background_seeds=background_seeds,
        scale=scale, channels=channels, iterations=iterations, engine=engine,
    )  # fmt: skip
    made = make_map(labels, image, spacing_mm, classes=classes, case=case, **of_map)
    return _mix(labels[0], made, alpha, reading)


def apply_map(
    labels: np.ndarray,
    arrays: dict[str, np.ndarray],
    *,
    classes: int,
    spacing_mm: Sequence[float] | None = None,
    alpha: float = 0.1,
    variant: str = "code",
    decay: str | None = None,
    background: str | None = None,
    normalise: str | None = None,
) -> np.ndarray:
    """Make a GeoLS label of a map, as `soften` does it.

    Args: as `soften`; `arrays` is what `make_map` returned for these labels. The spacing went into the map.
    Returns: as `soften`.
    Raises: InputError: as `soften`; and if the map is of other labels, lacks the background's distances, or has another
        cost than `variant="paper"` means.
    """
    require_fraction("alpha", alpha)
    label_map = one_rater(labels, (1.0,) * (labels.ndim - 1) if spacing_mm is None else spacing_mm, classes)
    if variant == "paper" and arrays["cost"] != VARIANTS["paper"]["cost"]:
        raise InputError(
            f"`variant: paper` means the cost eq4, but the map was made with {arrays['cost']}. Make a map with "
            "cost: eq4 and background_seeds: true, or say variant: code and those readings of the paper that are meant."
        )
    require_same_shape("labels", (classes, *label_map.shape), "distances", arrays["distances"].shape[1:])
    if (arrays["present"] != np.isin(np.arange(classes), label_map))[1:].any():
        mapped = np.flatnonzero(arrays["present"]).tolist()
        raise InputError(
            f"the map holds distances from the classes {mapped}, but `labels` holds the classes "
            f"{np.unique(label_map).tolist()}. Make the map of these labels."
        )
    return _mix(
        label_map, arrays, alpha, resolve_reading(variant, decay=decay, background=background, normalise=normalise)
    )


def closeness(
    label_map: np.ndarray, channel: np.ndarray, spacing_mm: Sequence[float], classes: int, iterations: int, engine: str
) -> np.ndarray:
    """Return the maps g of one channel by the authors' script, (C, ...) float32 in [0, 1]; see `geols_map.maps`."""
    made = make_map(label_map[None], channel[None], spacing_mm, classes=classes, iterations=iterations, engine=engine)
    return maps(made["distances"][0], made["present"], decay="inv_mean", background="one_minus_mean")


def _mix(label_map: np.ndarray, made: dict[str, np.ndarray], alpha: float, reading: dict[str, str]) -> np.ndarray:
    """Average the maps of all channels and mix them with the one-hot label, (C, ...) float32."""
    present, distances = made["present"], made["distances"]
    if reading["background"] == "seeded" and not present[0] and (label_map == 0).any():
        raise InputError(
            "`background: seeded` needs distances from the background, but the map holds none. "
            "Make the map with background_seeds: true."
        )
    close = np.zeros(distances.shape[1:], np.float32)
    for distance in distances:
        close += maps(distance, present, decay=reading["decay"], background=reading["background"])
    close /= len(distances)
    target = one_hot(label_map, len(present))
    if reading["normalise"] == "sum":
        close = distribution(close, target)
    return np.float32(1 - alpha) * target + np.float32(alpha) * close
