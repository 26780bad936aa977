"""Image files: NIfTI in and out, always as arrays (D, H, W) that run from inferior, posterior and left.

Files store axes (x, y, z) in any orientation. Here every volume is turned to RAS and transposed, so D counts slices
from the feet up, H from the back to the front, W from left to right. `affine` maps array indices (d, h, w, 1) to mm.
"""

from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np

from softbench import nifti
from softbench.errors import InputError
from softbench.jobs import pieces

VERSION = 1
UNIT_AFFINE = np.eye(4)[[2, 1, 0, 3]]  # voxels of 1 mm: W runs along x, H along y, D along z


@dataclass(frozen=True)
class Image:
    """One volume: `array` (D, H, W) as the file's type, `affine` (4, 4), and the file's own axis codes, e.g. "LPS"."""

    array: np.ndarray
    affine: np.ndarray
    axcodes: str

    @property
    def spacing_mm(self) -> tuple[float, ...]:
        """Distance between voxel centres along D, H, W in mm."""
        return spacing_of(self.affine)


def spacing_of(affine: np.ndarray) -> tuple[float, ...]:
    """Return the length in mm of one step along each array axis."""
    return tuple(float(round(s, 6)) for s in np.linalg.norm(affine[:3, :3], axis=0))


def read(path: Path) -> Image:
    """Read a 3-D NIfTI file.

    Raises: InputError: if the file is missing, cut short, damaged or not 3-D, holds colours or complex numbers, or
        has voxels of no size; the message names it.
    """
    array, affine, axcodes = _load(path)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3:
        raise InputError(f"{path} must be 3-D, but its shape is {array.shape}. Give one volume (x, y, z) a file.")
    return Image(np.ascontiguousarray(array.T), affine, axcodes)


def read_channels(path: Path) -> list[Image]:
    """Read a 4-D NIfTI file (x, y, z, channel) as one volume a channel; a 3-D file has one.

    Raises: InputError: as `read`, where the file is neither 3-D nor 4-D.
    """
    array, affine, axcodes = _load(path)
    if array.ndim not in (3, 4):
        raise InputError(
            f"{path} must be 3-D or 4-D, but its shape is {array.shape}. Store it as (x, y, z) or (x, y, z, channel)."
        )
    channels = array.reshape(*array.shape[:3], -1)
    return [Image(np.ascontiguousarray(channels[..., c].T), affine, axcodes) for c in range(channels.shape[3])]


def _load(path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the voxels of a NIfTI file turned to RAS (x, y, z, ...), the affine of (d, h, w), and its own codes."""
    array, affine, axcodes = nifti.load(path)
    return array, affine[:, [2, 1, 0, 3]], axcodes


def write(path: Path, array: np.ndarray, affine: np.ndarray, axcodes: str = "RAS") -> None:
    """Write (D, H, W) or (C, D, H, W) as NIfTI in the orientation `axcodes`, by rename.

    Args:
        path: ends in .nii or .nii.gz.
        array: a label map or probabilities; a class axis becomes the file's fourth axis.
        affine: (4, 4), array index (d, h, w, 1) to world mm; of a 2-D image (3, 3), (h, w, 1) to (x, y) in mm.
        axcodes: the orientation of the original file, so that predictions lie in its grid.
    """
    moved = array.T  # (D, H, W) -> (x, y, z); (C, D, H, W) -> (x, y, z, C)
    file = nib.Nifti1Image(moved, _in_3d(affine)[:, [2, 1, 0, 3]])
    start = nib.io_orientation(file.affine)
    turn = nib.orientations.ornt_transform(start, nib.orientations.axcodes2ornt(axcodes))
    turned = file.as_reoriented(turn)
    turned.set_sform(turned.affine, code=1)
    turned.set_qform(turned.affine, code=1)
    pieces.write_file(path, lambda part: nib.save(turned, part))


def _in_3d(affine: np.ndarray) -> np.ndarray:
    """Give the affine of a 2-D image a third axis: slices of 1 mm along z."""
    if affine.shape == (4, 4):
        return affine
    result = np.eye(4)[[2, 1, 0, 3]]
    result[:2, 1:] = affine[:2]
    return result


def to_label_map(values: np.ndarray, name: str) -> np.ndarray:
    """Turn the voxels of a label file, whatever their type, into integers.

    Raises: InputError: if a value is not a whole number.
    """
    rounded = np.rint(values)
    if not np.isfinite(values).all() or np.abs(values - rounded).max(initial=0) > 1e-3:
        example = values[~(np.abs(values - rounded) <= 1e-3)].flat[0]
        raise InputError(
            f"{name} must hold whole numbers (label ids), but some of its values are not, as {example:g}. Is it an "
            "image, or a map of probabilities? Put the label map in its place, or round it."
        )
    return rounded.astype(np.int64)
