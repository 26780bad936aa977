"""What metrics accept: masks, maps of one class, and probabilities with their reference; else an error says why."""

from typing import Any

import numpy as np

from softbench.checks import require_integers, require_label_map, require_same_shape
from softbench.errors import InputError
from softbench.metrics.kernels.tally import BLOCK, extent_of, walk

VERSION = 1
SLACK = 1e-6  # how far interpolation in float32 may leave [0, 1]
SUM = 1e-3  # how far from 1 a voxel's probabilities may sum: room for float16, none for logits


def require_mask(name: str, mask: Any) -> np.ndarray:
    """Return a mask (D, H, W) or (H, W) as booleans.

    Raises: InputError: if it is neither 2-D nor 3-D, or holds anything but False and True (or 0 and 1).
    """
    array = np.asarray(mask)
    if array.ndim not in (2, 3):
        raise InputError(f"`{name}` must be (D, H, W) or (H, W), but its shape is {array.shape}.")
    if array.dtype == bool:
        return array
    if not np.issubdtype(array.dtype, np.integer) or (array.size and (array.min() < 0 or array.max() > 1)):
        values = f"{array.dtype} from {array.min()} to {array.max()}" if array.size else f"{array.dtype}"
        raise InputError(
            f"`{name}` must be a mask of False and True, but holds {values}. "
            "Pick a structure first: `labels == 3`, or `probabilities > 0.5`."
        )
    return array.astype(bool)


def check_maps(
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


def check_case(
    probabilities: np.ndarray, reference: np.ndarray, valid: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return probabilities, reference and `valid` as arrays that fit together.

    Raises: InputError: as `require_probabilities`, `require_reference` and `require_valid`.
    """
    probabilities, reference, usable = np.asarray(probabilities), np.asarray(reference), require_valid(valid)
    require_probabilities(probabilities, usable)
    require_reference(probabilities, reference, usable)
    return probabilities, reference, usable


def require_probabilities(probabilities: np.ndarray, valid: np.ndarray | None = None) -> None:
    """Raise unless (C, D, H, W) or (C, H, W) holds floats in [0, 1] that sum to 1 over C (1e-3), where valid."""
    if probabilities.ndim not in (3, 4) or len(probabilities) < 2:
        raise InputError(
            "`probabilities` must be (C, D, H, W) or (C, H, W) with two classes or more, background included, "
            f"but the shape is {probabilities.shape}."
        )
    if not np.issubdtype(probabilities.dtype, np.floating):
        raise InputError(
            f"`probabilities` must be floats, but the type is {probabilities.dtype}. "
            "Divide stored integers by 65535 (`store.decode`), or turn a label map into classes (`one_hot`)."
        )
    if valid is not None:
        require_same_shape("valid", valid.shape, "probabilities", probabilities.shape[1:])
    if probabilities[0].size:
        _require_distribution(probabilities, valid)


def _require_distribution(probabilities: np.ndarray, valid: np.ndarray | None) -> None:
    low, high, least, most = extent(probabilities, valid)
    if not np.isfinite([low, high, least, most]).all():
        values = probabilities if valid is None else probabilities[:, valid]
        bad = int(values.size - np.isfinite(values).sum())
        raise InputError(
            f"`probabilities` holds {bad} value(s) that are NaN or infinite of {values.size}. "
            "The network that made them has diverged, or its input held NaN."
        )
    if low < -SLACK or high > 1 + SLACK or least < 1 - SUM or most > 1 + SUM:
        raise InputError(
            f"`probabilities` must lie in [0, 1] and sum to 1 over the classes, but span {low:.6g} to {high:.6g} "
            f"and sum to {least:.6g} to {most:.6g}. If these are logits, take their softmax first."
        )


def extent(probabilities: np.ndarray, valid: np.ndarray | None) -> tuple[float, float, float, float]:
    """Return the smallest and largest value, and the smallest and largest sum over classes; NaN where one is NaN."""
    if valid is None:
        return _extent_of_all(probabilities)
    extents = []
    for part, start, here, mask in walk(probabilities, valid):
        values = part[:, start : start + here.stop - here.start]
        values = values if mask.all() else values[:, mask]
        if values.size:
            sums = values.sum(axis=0, dtype=np.float32)
            extents.append((values.min(), values.max(), sums.min(), sums.max()))
    if not extents:  # no voxel is no fault
        return 0.0, 1.0, 1.0, 1.0
    lows, highs, least, most = np.array(extents, np.float64).T
    return float(lows.min()), float(highs.max()), float(least.min()), float(most.max())


def _extent_of_all(probabilities: np.ndarray) -> tuple[float, float, float, float]:
    kind = np.float32 if probabilities.dtype.itemsize <= 4 else np.float64
    lows, highs = np.full(BLOCK, np.inf, kind), np.full(BLOCK, -np.inf, kind)
    least, most = np.full(BLOCK, np.inf, np.float32), np.full(BLOCK, -np.inf, np.float32)
    known = True
    for part, start, here, _ in walk(probabilities, None):
        known &= extent_of(part, start, here.stop - here.start, lows, highs, least, most)
    if not known:
        return np.nan, np.nan, np.nan, np.nan
    if not probabilities[0].size:  # no voxel is no fault
        return 0.0, 1.0, 1.0, 1.0
    return float(lows.min()), float(highs.max()), float(least.min()), float(most.max())


def require_reference(probabilities: np.ndarray, reference: np.ndarray, valid: np.ndarray | None = None) -> None:
    """Raise unless a label map (D, H, W) or (H, W) lies on the probabilities' grid and, where valid, in its classes."""
    require_same_shape("reference", reference.shape, "probabilities", probabilities.shape[1:])
    require_integers("reference", reference)
    require_label_map("reference", reference if valid is None else reference[valid], len(probabilities))


def require_valid(valid: np.ndarray | None) -> np.ndarray | None:
    """Return `valid` as an array.

    Raises: InputError: if it is given and not bool.
    """
    if valid is None:
        return None
    array = np.asarray(valid)
    if array.dtype != bool:
        raise InputError(f"`valid` must be a mask of False and True, but its type is {array.dtype}.")
    return array
