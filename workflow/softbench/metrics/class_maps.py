"""Check of one class's probability maps and masks: same grid, valid values; and selection of the voxels that count."""

from typing import Any

import numpy as np

from softbench.checks import require_same_shape
from softbench.errors import InputError

VERSION = 1
SLACK = 1e-6  # how far interpolation in float32 may leave [0, 1]


def enter(
    name: str, probabilities: np.ndarray, other: str, others: np.ndarray, inside: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return two maps of one class as they are, or flat and cut to the voxels inside.

    Raises: InputError: if either is no probability map or mask, or shapes differ.
    """
    first, second = np.asarray(probabilities), np.asarray(others)
    require_same_shape(name, first.shape, other, second.shape)
    for argument, values in ((name, first), (other, second)):
        if values.ndim not in (2, 3):
            raise InputError(
                f"`{argument}` must be one class's map, (D, H, W) or (H, W), but its shape is {values.shape}. "
                "Pick a class first: `probabilities[class_id]`."
            )
        if values.dtype != bool:
            require_probability(argument, values)
    if inside is None:
        return first, second
    where = np.asarray(inside)
    require_same_shape("inside", where.shape, name, first.shape)
    if where.dtype != bool:
        raise InputError(f"`inside` must be a mask of False and True, but its type is {where.dtype}.")
    return first[where], second[where]


def require_probability(name: str, values: Any) -> None:
    """Raise unless an array holds floats in [0, 1] (1e-6)."""
    if not np.issubdtype(values.dtype, np.floating):
        raise InputError(
            f"`{name}` must hold probabilities (floats), but its type is {values.dtype}. "
            "Divide stored integers by 65535 (`store.decode`), or turn a label map into classes (`one_hot`)."
        )
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if not (low >= -SLACK and high <= 1 + SLACK):  # NaN fails, too
        raise InputError(
            f"`{name}` must hold probabilities in [0, 1], but spans {low:.6g} to {high:.6g}. "
            "If these are logits, take their softmax first; NaN means that the network has diverged."
        )
