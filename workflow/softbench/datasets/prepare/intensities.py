"""Intensities clipped to a window, then brought to one scale, each case and channel on its own."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 2
NORMALISATIONS = ("zscore", "zscore_nonzero", "minmax", "none")


def normalise(image: np.ndarray, *, how: str) -> np.ndarray:
    r"""Shift and scale one channel.

    .. math:: y = (x - \mu) / \sigma

    Args:
        image: (D, H, W) or (H, W), finite.
        how: `zscore`: mean and standard deviation over all voxels; `zscore_nonzero`: over the voxels that are not
            exactly 0, which stay 0 (skull-stripped images); `minmax`: to [0, 1]; `none`: the intensities as they are.
    Returns: float32 of the same shape.
    Raises: InputError: if `how` is unknown, or all voxels that count have one value (no scale exists).
    """
    require_one_of("normalise", how, NORMALISATIONS)
    if how == "none":
        return image.astype(np.float32)
    if how == "minmax":
        return _to_unit_range(image)
    inside: Any = image != 0 if how == "zscore_nonzero" else np.ones(image.shape, bool)
    counted = image[inside].astype(np.float64)
    deviation = counted.std() if counted.size else 0.0
    if deviation == 0:
        raise InputError(f"all {counted.size} voxels that `{how}` looks at have one value, so no scale exists.")
    return np.where(inside, (image - counted.mean()) / deviation, 0).astype(np.float32)


def _to_unit_range(image: np.ndarray) -> np.ndarray:
    low, high = float(image.min()), float(image.max())
    if low == high:
        raise InputError(f"all {image.size} voxels have one value, {low:g}, so `minmax` has no scale.")
    return ((image - low) / (high - low)).astype(np.float32)


def subtract(channels: np.ndarray, constants: Sequence[float] | None) -> np.ndarray:
    """Take a constant from each channel, such as a mean that released code has written down.

    Args:
        channels: (M, D, H, W) or (M, H, W).
        constants: M numbers in the unit of `channels`; None leaves them.
    Returns: float32 of the same shape.
    Raises: InputError: if there are not as many constants as channels.
    """
    if constants is None:
        return channels
    if len(constants) != len(channels):
        raise InputError(f"`subtract` must hold {len(channels)} numbers, one a channel, but holds {len(constants)}.")
    return (channels - np.reshape(constants, (-1, *[1] * (channels.ndim - 1)))).astype(np.float32)


WINDOWS = ("hu", "percentiles", "windows_hu")


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
        raise InputError(
            f"`window` must hold one of {', '.join(WINDOWS)}, but holds {', '.join(settings) or 'nothing'}."
        )
    ((kind, limits),) = settings.items()
    require_one_of("window", kind, WINDOWS)
    if kind == "windows_hu":
        if len(channels) != 1:
            raise InputError(f"`window.windows_hu` needs an image of one channel, but it has {len(channels)}.")
        return np.stack([_scaled(channels[0], *_limits(pair, kind)) for pair in limits])
    low, high = _limits(limits, kind)
    if kind == "hu":
        return np.clip(channels, low, high).astype(np.float32)
    if not 0 <= low < high <= 100:
        raise InputError(f"`window.percentiles` must lie in [0, 100], but are {low} and {high}.")
    return np.stack([np.clip(channel, *np.percentile(channel, (low, high))) for channel in channels]).astype(np.float32)


def channel_names(settings: Mapping[str, Any] | None, modalities: Sequence[str]) -> tuple[str, ...]:
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
