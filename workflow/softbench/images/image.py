"""Volumes read from NIfTI files, always as arrays (D, H, W) that run from inferior, posterior and left.

Files store axes (x, y, z) in any orientation. Here every volume is turned to RAS and transposed, so D counts slices
from the feet up, H from the back to the front, W from left to right. `affine` maps array indices (d, h, w, 1) to mm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel as nib
import numpy as np

from softbench.errors import InputError
from softbench.images import files, headers, labels
from softbench.images.headers import NONE, Choices, Header, grid

VERSION = 1
DIGITS = 6  # of a length that is below 1 mm
UNIT_AFFINE = np.eye(4)[[2, 1, 0, 3]]  # voxels of 1 mm: W runs along x, H along y, D along z


@dataclass(frozen=True)
class Image:
    """One volume.

    Attributes:
        array: (D, H, W), of the file's type.
        affine: (4, 4), array index (d, h, w, 1) to world mm.
        axcodes: the file's own axes, e.g. "LPS".
        oriented: whether the file says where its axes point.
    """

    array: np.ndarray
    affine: np.ndarray
    axcodes: str
    oriented: bool = True

    @property
    def spacing_mm(self) -> tuple[float, ...]:
        """Distance between voxel centres along D, H, W in mm."""
        return spacing_of(self.affine)


def spacing_of(affine: np.ndarray) -> tuple[float, ...]:
    """Return the length in mm of one step along each array axis, to 6 places; of one below 0.1 mm, to 6 digits.

    Rounding takes away what a header of 32 bits adds: 0.8 is not 0.800000012.
    """
    return tuple(_rounded(float(length)) for length in np.linalg.norm(affine[:3, :3], axis=0))


def _rounded(length_mm: float) -> float:
    leading = math.floor(math.log10(length_mm)) if 0 < length_mm < 0.1 else -1
    return round(length_mm, DIGITS - 1 - leading)


def read(path: Path, choices: Choices = NONE) -> Image:
    """Read a 3-D NIfTI file.

    Raises: InputError: as `load`, and if the file holds several volumes; the message names it.
    """
    return _volume(*load(path, choices), path)


def read_label_map(path: Path, choices: Choices = NONE) -> Image:
    """Read a label map; its array is as stored, for `to_label_map` to look at.

    Raises: InputError: as `read`, and if the header scales labels and `choices` does not say that it is meant.
    """
    values, header = load(path, choices)
    return _volume(labels.scaled_as_meant(path, values, header, choices), header, path)


def read_channels(path: Path, choices: Choices = NONE) -> list[Image]:
    """Read a 4-D NIfTI file (x, y, z, channel) as one volume a channel; a 3-D file has one.

    Raises: InputError: as `load`.
    """
    values, header = load(path, choices)
    turned = turn(values, header.affine)
    channels = turned[None] if header.channels is None else turned
    affine = grid(header)[1]
    return [Image(channel, affine, header.axcodes, header.oriented) for channel in channels]


def load(path: Path, choices: Choices = NONE) -> tuple[np.ndarray, Header]:
    """Return the voxels of a file as they are stored, (x, y, z) or (x, y, z, channel), and its header.

    Axes of length 1 after the third are left out; a picture (x, y) gets a third.

    Raises: InputError: if the file is missing, cut short or damaged, does not fit into memory, or holds colours or
        complex numbers, and as `headers.read`.
    """
    with files.opened(path) as file:
        header = headers.read(path, file, choices)
        files.require_numbers(path, file.get_data_dtype())
        array = np.asanyarray(file.dataobj)
    channels = () if header.channels is None else (header.channels,)
    return array.reshape(*header.shape, *channels), header


def read_header(path: Path, choices: Choices = NONE) -> Header:
    """Return what the header of a file says of its grid, without a look at its voxels.

    Raises: InputError: if the header is damaged, and as `headers.read`.
    """
    with files.opened(path, whole=False) as file:
        return headers.read(path, file, choices)


def turn(array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Turn voxels (x, y, z) or (x, y, z, C) of a file to RAS, and reverse their order: (D, H, W), (C, D, H, W)."""
    turned = nib.orientations.apply_orientation(array, nib.io_orientation(affine))
    return np.ascontiguousarray(turned.T, dtype=turned.dtype.newbyteorder("="))


def on_one_grid(volumes: Sequence[Image]) -> list[Image]:
    """Turn volumes without an orientation as nibabel reads them, where that is the grid of one that has an orientation.

    SimpleITK and nibabel give such a file different axes, so what one of them wrote beside it may fit either.
    """
    known = next((volume for volume in volumes if volume.oriented), None)
    return list(volumes) if known is None else [_beside(volume, known) for volume in volumes]


def _beside(volume: Image, known: Image) -> Image:
    """Return a volume with y reversed and its middle at 0, where it has no orientation and the other has that grid."""
    affine = headers.centred(volume.affine, volume.array.shape)
    is_other = not volume.oriented and headers.near(affine, known.affine)
    return replace(volume, array=np.flip(volume.array, 1), affine=affine, axcodes="LAS") if is_other else volume


def _volume(values: np.ndarray, header: Header, path: Path) -> Image:
    if header.channels is not None:
        raise InputError(
            f"{path} must be 3-D, but its shape is {header.axes}. Give one volume (x, y, z) a file. Axes of length 1 "
            "after the third do no harm."
        )
    return Image(turn(values, header.affine), grid(header)[1], header.axcodes, header.oriented)
