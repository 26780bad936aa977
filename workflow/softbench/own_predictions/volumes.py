"""Files of predictions: NIfTI of 2 to 5 axes and nnU-Net's npz; the header alone, or all voxels as (C, D, H, W)."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench import nifti
from softbench.errors import InputError

VERSION = 1
KEYS = ("probabilities", "softmax")  # of nnU-Net v2 and v1
FILE_ERRORS = (EOFError, OSError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, ValueError, KeyError)
DAMAGE = (*FILE_ERRORS, nib.filebasedimages.ImageFileError)


@dataclass(frozen=True, eq=False)
class Header:
    """The grid of a file.

    shape: (x, y, z) as stored; a picture has z = 1. affine: (4, 4), voxel (x, y, z, 1) to world mm; None in an npz.
    channels: number of classes of probabilities; None for a label map.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray | None
    channels: int | None


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what damaged files raise into one error that names the file."""
    try:
        yield
    except InputError:
        raise
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path} cannot be read: {reason} The file is cut short or damaged: copy or make it again."
        ) from error


def header(path: Path) -> Header:
    """Read the grid of a NIfTI or npz file, not its voxels.

    Raises: InputError: if the file is damaged or has other axes than the README names.
    """
    with _readable(path):
        if path.suffix == ".npz":
            return _npz_header(path)
        file: Any = nib.load(path)
        shape, channels = _axes(path, file.shape)
        return Header(shape, np.asarray(file.affine, np.float64), channels)


def _axes(path: Path, shape: tuple[int, ...]) -> tuple[tuple[int, int, int], int | None]:
    """Tell places from classes: (x, y), (x, y, z), (x, y, z, C), or (x, y, z, 1, C), as ITK writes vectors."""
    places, rest = (*shape, 1, 1)[:3], [n for n in shape[3:] if n != 1]
    if len(shape) < 2 or len(rest) > 1:
        raise InputError(
            f"{path} must be a label map (x, y, z) or probabilities (x, y, z, classes), but its shape is {shape}."
        )
    return (places[0], places[1], places[2]), (rest[0] if rest else None)


def _npz_header(path: Path) -> Header:
    with zipfile.ZipFile(path) as archive, archive.open(f"{_key(path, archive.namelist())}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape = read(file)[0]
    if len(shape) == 3:
        shape = (shape[0], 1, *shape[1:])
    if len(shape) != 4:
        raise InputError(f"{path} must hold probabilities (classes, z, y, x), but its shape is {shape}.")
    return Header((shape[3], shape[2], shape[1]), None, shape[0])


def _key(path: Path, names: list[str]) -> str:
    held = [name.removesuffix(".npy") for name in names]
    for key in KEYS:
        if key in held:
            return key
    raise InputError(
        f"{path} must hold an array called {' or '.join(KEYS)}, (classes, z, y, x), but holds {', '.join(held)}."
    )


def voxels(path: Path, affine: np.ndarray | None = None) -> np.ndarray:
    """Read all voxels of a file, turned to RAS.

    Args:
        path: NIfTI or npz.
        affine: the grid of an npz, which has none of its own.
    Returns: a label map (D, H, W) or probabilities (C, D, H, W), in the file's type, native byte order.
    Raises: InputError: if the file is damaged.
    """
    with _readable(path):
        stored = header(path)
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                array: np.ndarray = arrays[_key(path, arrays.files)].T
        else:
            with nifti.opened(path) as file:
                array = np.asanyarray(file.dataobj)
            nifti.require_numbers(path, array)
    places = affine if stored.affine is None else stored.affine
    assert places is not None, "an npz needs the affine of its reference"
    classes = () if stored.channels is None else (stored.channels,)
    return turn(array.reshape(*stored.shape, *classes), places)


def turn(array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Turn voxels (x, y, z) or (x, y, z, C) of a file to RAS, as `images.read` does, and put the axes in our order."""
    turned = nib.orientations.apply_orientation(array, nib.io_orientation(affine))
    return np.ascontiguousarray(turned.T, dtype=turned.dtype.newbyteorder("="))


def grid(stored: Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Return the shape (D, H, W) of a file turned to RAS, and the affine that maps (d, h, w, 1) to mm."""
    assert stored.affine is not None, "an npz has no grid"
    orientation = nib.io_orientation(stored.affine)
    affine = stored.affine @ nib.orientations.inv_ornt_aff(orientation, stored.shape)
    order = np.argsort(orientation[:, 0])  # the file's axis that runs along x, y, z
    return tuple(stored.shape[int(axis)] for axis in order[::-1]), affine[:, [2, 1, 0, 3]]
