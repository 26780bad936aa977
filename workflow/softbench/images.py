"""NIfTI files in and out, always as arrays (D, H, W) that run from inferior, posterior and left.

Files store axes (x, y, z) in any orientation. Here every volume is turned to RAS and transposed, so D counts slices
from the feet up, H from the back to the front, W from left to right. `affine` maps array indices (d, h, w, 1) to mm.

A file is read to its end, and refused where it is damaged. The message on one that cannot be read says what it looks
like instead: a Git LFS pointer, a web page, no gzip.
"""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench.errors import InputError
from softbench.given import is_compressed, is_lost, lost
from softbench.gunzip import GzipStream
from softbench.jobs import pieces

VERSION = 1
UNIT_AFFINE = np.eye(4)[[2, 1, 0, 3]]  # voxels of 1 mm: W runs along x, H along y, D along z
FLAT = 1e-6  # share of a box of the same edges that a voxel must fill: less, and its axes lie in one plane
DAMAGE = (
    EOFError,
    OSError,
    zlib.error,
    ValueError,
    nib.filebasedimages.ImageFileError,
    nib.spatialimages.HeaderDataError,
)


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
    array, affine, axcodes = load(path)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim != 3:
        raise InputError(f"{path} must be 3-D, but its shape is {array.shape}. Give one volume (x, y, z) a file.")
    return Image(np.ascontiguousarray(array.T), affine[:, [2, 1, 0, 3]], axcodes)


def read_channels(path: Path) -> list[Image]:
    """Read a 4-D NIfTI file (x, y, z, channel) as one volume a channel; a 3-D file has one.

    Raises: InputError: as `read`, where the file is neither 3-D nor 4-D.
    """
    array, affine, axcodes = load(path)
    if array.ndim not in (3, 4):
        raise InputError(
            f"{path} must be 3-D or 4-D, but its shape is {array.shape}. Store it as (x, y, z) or (x, y, z, channel)."
        )
    channels = array.reshape(*array.shape[:3], -1)
    turned = affine[:, [2, 1, 0, 3]]
    return [Image(np.ascontiguousarray(channels[..., c].T), turned, axcodes) for c in range(channels.shape[3])]


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


def load(path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the voxels of a file turned to RAS (x, y, z, ...), the affine of (x, y, z), and the file's own axis codes.

    Raises: InputError: if the file is missing, cut short or damaged, does not fit into memory, holds colours or complex
        numbers, or has voxels of no size.
    """
    with opened(path) as file:
        canonical = nib.as_closest_canonical(file)
        array = np.asanyarray(canonical.dataobj)
    require_numbers(path, array)
    return array, canonical.affine, "".join(nib.aff2axcodes(file.affine))


def require_numbers(path: Path, array: np.ndarray) -> None:
    """Raise `InputError` if the voxels of a file are not numbers."""
    if array.dtype.kind not in "biuf":
        raise InputError(
            f"{path} must hold one number a voxel, but holds colours or complex numbers ({array.dtype}). Store one "
            "channel a file."
        )


def require_file(path: Path) -> bytes:
    """Return the first bytes of a file; raise `InputError` if it is missing, leads nowhere, or cannot be opened."""
    if path.is_symlink() and not path.exists():
        raise InputError(
            f"{path} is a link to {os.readlink(path)}, which is not there. Fetch the file that it names "
            "(`git annex get`, `dvc pull`), or fix the link."
        )
    if not path.exists():
        raise InputError(f"{path} is missing. Copy or download it.")
    try:
        with open(path, "rb") as file:
            return file.read(512)
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened ({error.strerror}). Put a file there that you may read: see `ls -l`."
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Open a file as it is stored, its voxels to be read within; what is wrong with it raises one `InputError`."""
    start = require_file(path)
    shape: tuple[int, ...] = ()
    try:
        with _whole(path) as file:
            shape = file.shape
            _require_size(path, file)
            yield file
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(
            f"{path} ({path.stat().st_size} bytes) does not fit into memory: its header says {shape} voxels. If that "
            "is wrong, the file is damaged: copy or download it again. Else use a larger machine."
        ) from error
    except DAMAGE as error:
        if isinstance(error, OSError) and is_lost(path):
            raise lost(path, error) from error
        reason = str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__
        raise InputError(
            f"{path} ({path.stat().st_size} bytes) cannot be read as NIfTI: {reason}. {advise(path, start)}"
        ) from error


@contextmanager
def _whole(path: Path) -> Iterator[Any]:
    """Open a file; a compressed one is read to its end, where its checksum is: nibabel stops before."""
    file: Any = nib.load(path)
    if not is_compressed(path) or not isinstance(file, nib.Nifti1Image):
        yield file
        return
    with GzipStream(path) as stream:
        yield type(file).from_stream(stream)
        while stream.read(1 << 20):
            pass


def _require_size(path: Path, file: Any) -> None:
    """Raise unless voxels have a size.

    Without an sform `pixdim` gives it: nibabel reads 0 there as 1 mm, and a negative length as its absolute value.
    """
    edges = file.affine[:3, :3]
    lengths = np.linalg.norm(edges, axis=0)
    if isinstance(file, nib.Nifti1Image) and not file.header["sform_code"]:
        with GzipStream(path) if is_compressed(path) else open(path, "rb") as stream:
            lengths = file.header_class.from_fileobj(stream, check=False)["pixdim"][1 : 1 + min(3, len(file.shape))]
    advice = "Fix its header (sform, qform, pixdim), or leave the case out."
    if not np.isfinite(file.affine).all():
        raise InputError(f"{path} has an affine with NaN or infinity in it, {file.affine.tolist()}. {advice}")
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        sizes = " x ".join(f"{length:g}" for length in lengths)
        raise InputError(f"{path} has voxels of {sizes} mm along x, y, z. {advice}")
    if abs(np.linalg.det(edges)) <= FLAT * np.prod(lengths, dtype=float):
        raise InputError(f"{path} has an affine whose axes lie in one plane, {edges.tolist()}. {advice}")


def advise(path: Path, start: bytes) -> str:
    """Return what the first bytes of an unreadable file look like, and what to do."""
    if start.startswith(b"version https://git-lfs"):
        return "It is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned."
    if start.lstrip().startswith(b"<"):
        return "It is a web page that was saved under this name: a login or an error. Download the file again."
    if is_compressed(path) and start[344:347] == b"n+1":
        return f"It is not compressed: rename it to {path.stem}."
    if not is_compressed(path) and start.startswith(b"\x1f\x8b"):
        return f"It is compressed: rename it to {path.name}.gz."
    return "The file is cut short or damaged: copy or download it again."
