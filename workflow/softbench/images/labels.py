"""Voxels of a label file as whole numbers: an id is no measurement, so a scale in the header is refused or meant."""

from pathlib import Path

import numpy as np

from softbench.errors import InputError
from softbench.images.headers import UNSCALED, Choices, Header, in_digits

VERSION = 1
WHOLE = 1e-3  # by which a whole number may be off
COARSE = 1.0  # steps from here on are too long to say which whole number was meant
SHOWN = 4


class NotWholeError(InputError):
    """A label file holds values that are no whole numbers."""


def to_label_map(values: np.ndarray, name: str) -> np.ndarray:
    """Turn the voxels of a label file, whatever their type, into integers.

    Raises: NotWholeError: if a value is not a whole number.
    """
    rounded = np.rint(values)
    if not np.isfinite(values).all() or np.abs(values - rounded).max(initial=0) > WHOLE:
        example = values[~(np.abs(values - rounded) <= WHOLE)].flat[0]
        raise NotWholeError(
            f"{name} must hold whole numbers (label ids), but some of its values are not, as {example:g}. Is it an "
            "image, or a map of probabilities? Put the label map in its place, or round it."
        )
    return rounded.astype(np.int64)


def scaled_as_meant(path: Path, values: np.ndarray, header: Header, choices: Choices) -> np.ndarray:
    """Return the values of a label file: as stored, or where its header scales them and that is meant, rounded.

    A program that saves numbers with a fraction into whole numbers scales them, so they come back off by up to half a
    step: labels 0, 1, 2, 4 in 8 bits as 0, 1.00392, 1.99216, 4.

    Args:
        path: of the file.
        values: of any shape, scaled.
        header: of the file.
        choices: whether a scale is meant.
    Raises: InputError: if the header has a scale, and it is not said that it is meant.
    """
    if header.scale == UNSCALED:
        return values
    require_unscaled(path, header, choices, values)
    step = abs(header.scale[0])
    rounded = np.rint(values)
    near = WHOLE + (step / 2 if step < COARSE and _are_whole((values - header.scale[1]) / header.scale[0]) else 0)
    return rounded if _are_whole(values, near) else values


def _are_whole(values: np.ndarray, near: float = WHOLE) -> bool:
    """Return whether each value is at most `near` away from a whole number."""
    with np.errstate(invalid="ignore"):
        return bool((np.abs(values - np.rint(values)) <= near).all())


def require_unscaled(path: Path, header: Header, choices: Choices, values: np.ndarray | None = None) -> None:
    """Raise `InputError` if the header of a label map has a scale that is not said to be meant.

    Args:
        path: of the file.
        header: of the file.
        choices: whether a scale is meant.
        values: scaled, for examples; None where only the header was read.
    """
    if header.scale == UNSCALED or choices.rescale_labels:
        return
    slope, inter = header.scale
    read = np.arange(3) * slope + inter if values is None else np.unique(values)
    stored = np.rint((read - inter) / slope)
    more = ", ..." if values is None or len(read) > SHOWN else ""
    before, after = (", ".join(map(in_digits, of[:SHOWN])) + more for of in (stored, read))
    raise InputError(
        f"{path} is a label map, but its header scales it: scl_slope {in_digits(slope)} and scl_inter "
        f"{in_digits(inter)} turn the stored {before} into {after}. Write the ids as they are, as whole numbers (in "
        "nibabel, an array of integers and `header.set_data_dtype(array.dtype)`). If the scaled values are the ids, "
        "but for rounding, say so: `rescale_labels: true` in the dataset of config, --rescale-labels in `softbench "
        "score` and `softbench soften`, RESCALE_LABELS=yes in `make dataset`."
    )
