"""Intensities that count: clipped to a window, of Hounsfield units or of the case's own percentiles."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 1
KINDS = ("hu", "percentiles", "windows_hu")


def window(channels: np.ndarray, settings: Mapping[str, Any] | None) -> np.ndarray:
    """Clip intensities.

    Args:
        channels: (M, D, H, W) or (M, H, W), finite.
        settings: None leaves them; else one of
            `hu: [low, high]`: clipped to fixed values;
            `percentiles: [low, high]`: clipped to percentiles (0 to 100) of each channel of the case, linear
            interpolation;
            `windows_hu: [[low, high], …]`: one output channel a window, each clipped and scaled to [0, 1] (one input
            channel only).
    Returns: float32; (M, …), or one channel a window.
    Raises: InputError: if the settings are none of these, or a window is empty.
    """
    if settings is None:
        return channels
    if len(settings) != 1:
        raise InputError(f"`window` must hold one of {', '.join(KINDS)}, but holds {', '.join(settings) or 'nothing'}.")
    ((kind, limits),) = settings.items()
    require_one_of("window", kind, KINDS)
    if kind == "windows_hu":
        if len(channels) != 1:
            raise InputError(f"`window.windows_hu` needs an image of one channel, but it has {len(channels)}.")
        return np.stack([_scaled(channels[0], *_limits(one, kind)) for one in limits])
    low, high = _limits(limits, kind)
    if kind == "hu":
        return np.clip(channels, low, high).astype(np.float32)
    if not 0 <= low < high <= 100:
        raise InputError(f"`window.percentiles` must lie in [0, 100], but are {low} and {high}.")
    return np.stack([np.clip(channel, *np.percentile(channel, (low, high))) for channel in channels]).astype(np.float32)


def names(settings: Mapping[str, Any] | None, modalities: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the channels after `window`."""
    if settings is None or "windows_hu" not in settings:
        return tuple(modalities)
    return tuple(f"{modalities[0]} {low:g} to {high:g} HU" for low, high in settings["windows_hu"])


def _scaled(channel: np.ndarray, low: float, high: float) -> np.ndarray:
    return ((np.clip(channel, low, high) - low) / (high - low)).astype(np.float32)


def _limits(limits: Sequence[float], kind: str) -> tuple[float, float]:
    if len(limits) != 2 or not limits[0] < limits[1]:
        raise InputError(f"`window.{kind}` must hold a lower and a higher value, but holds {list(limits)}.")
    return float(limits[0]), float(limits[1])
