"""How large the cases of a data set are once they are prepared, as far as config and its source tell."""

from collections.abc import Mapping
from typing import Any

from softbench.plan import modules


def settings_of(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a data set is prepared: what config says, else its source."""
    return {**modules.constant_of_source(dataset["source"], "DEFAULTS", {}), **dataset}


def case_grid(dataset: Mapping[str, Any]) -> tuple[int, ...] | None:
    """Return the voxels along each axis of a prepared case, (D, H, W) or (H, W); of cases of several sizes those that
    none exceeds. None where neither config nor the source tells."""
    settings = settings_of(dataset)
    if modules.is_phantom(dataset["source"]):
        sizes = modules.constant_of_source(dataset["source"], "SIZES", {})
        return _lengths(sizes.get(settings.get("size", "small")))
    if settings.get("crop") is not None:
        return _lengths(settings["crop"]["size"])
    resampled = settings.get("spacing_mm") is not None
    return None if resampled else _lengths(modules.constant_of_source(dataset["source"], "SHAPE", None))


def _lengths(value: Any) -> tuple[int, ...] | None:
    return None if value is None else tuple(map(int, value))


def channels_and_classes(dataset: Mapping[str, Any]) -> tuple[int, int]:
    """Return the channels of a data set's images, one for each modality and window, and its classes.

    A source that computes what it declares counts as one channel and two classes.
    """
    modalities, classes = (
        modules.constant_of_source(dataset["source"], name, None) for name in ("MODALITIES", "CLASSES")
    )
    windows = len((dataset.get("window") or {}).get("windows_hu", [""]))
    return windows * len(modalities or [""]), len(classes or ["", ""])
