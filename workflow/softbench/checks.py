"""Checks of arguments of public functions: each raises one `InputError` that names the argument and what to do."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from softbench.errors import InputError

VERSION = None  # refuses, and changes nothing


def require_fraction(name: str, value: float) -> None:
    """Raise unless 0 <= value <= 1."""
    if not 0 <= value <= 1:
        raise InputError(f"`{name}` must lie in [0, 1], but is {value!r}.")


def require_positive(name: str, value: float) -> None:
    """Raise unless value > 0 and finite."""
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"`{name}` must be a positive number, but is {value!r}.")


def require_one_of(name: str, value: Any, options: Iterable[Any]) -> None:
    """Raise unless `value` is one of `options`; the message lists them."""
    options = list(options)
    if value not in options:
        raise InputError(f"`{name}` must be one of {', '.join(map(str, options))}, but is {value!r}.")


def require_finite(name: str, array: np.ndarray) -> None:
    """Raise if the array holds NaN or Inf; the message counts them."""
    bad = int(array.size - np.isfinite(array).sum())
    if bad:
        raise InputError(
            f"`{name}` holds {bad} value(s) that are NaN or infinite of {array.size}. "
            "Fix or leave out the image that it comes from."
        )


def require_spacing(spacing_mm: Sequence[float], dims: int) -> tuple[float, ...]:
    """Return the spacing as floats; raise unless it has one positive number (mm) for each of `dims` axes."""
    spacing = tuple(float(s) for s in spacing_mm)
    if len(spacing) != dims or not all(np.isfinite(s) and s > 0 for s in spacing):
        raise InputError(
            f"`spacing_mm` must hold {dims} positive numbers (mm, in the order of the array's axes), but is {spacing}."
        )
    return spacing


def require_integers(name: str, array: np.ndarray) -> None:
    """Raise unless the array is of an integer (or boolean) type."""
    if not (np.issubdtype(array.dtype, np.integer) or array.dtype == bool):
        raise InputError(f"`{name}` must hold integers (a label map), but its type is {array.dtype}.")


def require_label_map(name: str, labels: np.ndarray, classes: int) -> None:
    """Raise unless `labels` holds integers in 0 .. classes - 1; the message gives the unknown ids with their counts."""
    require_integers(name, labels)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        ids, counts = np.unique(labels, return_counts=True)
        unknown = {int(i): int(n) for i, n in zip(ids, counts, strict=True) if not 0 <= i < classes}
        raise InputError(
            f"`{name}` must hold class ids 0 to {classes - 1}, but holds {unknown} (id: voxels). "
            "Map the ids of the data set to classes first, or raise `classes`."
        )


def require_same_shape(name: str, shape: Sequence[int], other: str, other_shape: Sequence[int]) -> None:
    """Raise unless two shapes agree."""
    if tuple(shape) != tuple(other_shape):
        raise InputError(
            f"`{name}` and `{other}` must lie on one grid, but have the shapes {tuple(shape)} and "
            f"{tuple(other_shape)}. Resample one onto the other first."
        )
