"""Arrays written as NIfTI, so that this suite and others read the same voxels, spacing and direction."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench.jobs import pieces

VERSION = 1
SHEAR = 1e-4  # by which a direction may differ from the one that a qform can hold
STORED = {"?": np.uint8, "e": np.float32, "g": np.float64}  # types that NIfTI does not have, or few tools read


def write(path: Path, array: np.ndarray, affine: np.ndarray, axcodes: str = "RAS", *, oriented: bool = True) -> None:
    """Write (D, H, W) or (C, D, H, W) as NIfTI in the orientation `axcodes`, by rename.

    The qform's code is 0 where the affine has a shear, which only an sform can hold.

    Args:
        path: ends in .nii or .nii.gz.
        array: a label map or probabilities; a class axis becomes the file's fourth axis. A picture may be (H, W).
        affine: (4, 4), array index (d, h, w, 1) to world mm; of a 2-D image (3, 3), (h, w, 1) to (x, y) in mm.
        axcodes: the orientation of the original file, so that predictions lie in its grid.
        oriented: whether it is known where the axes point; if not, the file has a spacing and no orientation, either.
    """
    moved = array.T  # (D, H, W) -> (x, y, z); (C, D, H, W) -> (x, y, z, C)
    is_picture = moved.ndim == 2
    places = _in_3d(affine)[:, [2, 1, 0, 3]]
    file = _turned(moved[..., None] if is_picture else moved, places, axcodes)
    if is_picture and file.shape[2] == 1:
        file = type(file)(np.asanyarray(file.dataobj)[..., 0], file.affine, dtype=file.get_data_dtype())
    file.set_sform(file.affine, code=1)
    file.set_qform(file.affine, code=1)
    if not _holds(file.get_qform(), file.affine):
        file.set_qform(file.affine, code=0)  # pixdim stays that of the sform
    if not oriented:
        file = _without_orientation(file)
    pieces.write_file(path, lambda part: nib.save(file, part))


def _turned(array: np.ndarray, affine: np.ndarray, axcodes: str) -> Any:
    """Return voxels (x, y, z, ...) and their affine as a file in another orientation."""
    stored = array.astype(STORED.get(array.dtype.char, array.dtype), copy=False)
    file = nib.Nifti1Image(stored, affine, dtype=stored.dtype)
    wanted = nib.orientations.axcodes2ornt(axcodes)
    return file.as_reoriented(nib.orientations.ornt_transform(nib.io_orientation(affine), wanted))


def _without_orientation(file: Any) -> Any:
    """Return a file with the same voxels and spacing, and the codes of both affines 0."""
    header = file.header.copy()
    header.set_sform(None, code=0)
    header.set_qform(None, code=0)
    header.set_zooms(file.header.get_zooms())
    return type(file)(np.asanyarray(file.dataobj), None, header)  # nibabel sets the codes where an affine is given


def _holds(qform: np.ndarray, affine: np.ndarray) -> bool:
    """Tell whether a qform points where the affine does."""
    steps = (qform - affine)[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.abs(steps).max() <= SHEAR)


def _in_3d(affine: np.ndarray) -> np.ndarray:
    """Give the affine of a 2-D image a third axis: slices of 1 mm along z."""
    if affine.shape == (4, 4):
        return affine
    result = np.eye(4)[[2, 1, 0, 3]]
    result[:2, 1:] = affine[:2]
    return result
