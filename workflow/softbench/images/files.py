"""Files opened: missing, cut short or damaged ones are refused, and what they look like instead is said.

That is a Git LFS pointer, a web page, no gzip. A header that asks for more voxels than the file can hold is not
believed.
"""

import math
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench.errors import InputError
from softbench.given import is_compressed, is_lost, lost
from softbench.gunzip import GzipStream

VERSION = None  # refuses, and changes no voxel
DEFLATED = 1032  # bytes that a byte of a gzip file stands for at most
BLOCK = 1 << 20
HEADER, START = 348, 352  # bytes of a NIfTI-1 header; the first byte that may hold voxels
AGAIN = "Write it again with the program that made it, or copy or download it again."
LONGEST = 8  # bytes of a number
MOST = 1 << 42  # bytes; no machine has as much memory
DAMAGE = (
    EOFError,
    OSError,
    OverflowError,
    zlib.error,
    ValueError,
    nib.filebasedimages.ImageFileError,
    nib.spatialimages.HeaderDataError,
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
def opened(path: Path, *, whole: bool = True) -> Iterator[Any]:
    """Open a file as it is stored, its voxels to be read within; what is wrong with it raises one `InputError`.

    Args:
        path: of a NIfTI file.
        whole: whether a compressed one is read to its end; where only the header is looked at, it need not be.
    """
    start = require_file(path)
    shape: tuple[int, ...] = ()
    try:
        with _stream(path, whole) as file:
            shape = file.shape
            _require_data(path, file)
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
        size = f" ({path.stat().st_size} bytes)" if whole else ""
        raise InputError(f"{path}{size} cannot be read as NIfTI: {reason}. {advise(path, start)}") from error


@contextmanager
def _stream(path: Path, whole: bool) -> Iterator[Any]:
    """Open a file; a compressed one is read to its end, where its checksum is: nibabel stops before."""
    _require_fields(path)
    file: Any = nib.load(path)
    if not whole or not is_compressed(path) or not isinstance(file, nib.Nifti1Image):
        yield file
        return
    with GzipStream(path) as stream:
        yield type(file).from_stream(stream)
        while stream.read(BLOCK):
            pass


def _require_fields(path: Path) -> None:
    """Raise where fields of a NIfTI-1 header cannot be, which nibabel tells without their names, or reads past."""
    try:
        with GzipStream(path) if is_compressed(path) else open(path, "rb") as stream:
            block = stream.read(HEADER)
    except DAMAGE as error:
        if isinstance(error, OSError) and is_lost(path):
            raise lost(path, error) from error
        return  # told by what opens it next
    if len(block) < HEADER or block[-4:] != b"n+1\0" or HEADER not in (_size(block, "<"), _size(block, ">")):
        return
    header: Any = nib.Nifti1Header(block, check=False)
    start, slope, inter = (float(header[field]) for field in ("vox_offset", "scl_slope", "scl_inter"))
    if not (math.isfinite(start) and start.is_integer() and start >= START):
        raise InputError(
            f"{path} says that its voxels begin at byte {start:.10g} (vox_offset), but they begin at a whole byte "
            f"behind the header, {START} or later. {AGAIN}"
        )
    if math.isfinite(slope) and slope and not math.isfinite(inter):
        raise InputError(
            f"{path} has the intercept {inter:g} (scl_inter) beside the slope {slope:g} (scl_slope). Set scl_inter to "
            "the number that is added to its voxels, 0 for none."
        )


def _size(block: bytes, order: str) -> int:
    size: int = struct.unpack_from(f"{order}i", block)[0]
    return size


def _require_data(path: Path, file: Any) -> None:
    """Raise where a file is too short for the voxels of its header, before memory is taken for them."""
    if not isinstance(file, nib.Nifti1Image):
        return
    voxels: Any = file.dataobj
    wanted = math.prod(int(n) for n in file.shape) * file.get_data_dtype().itemsize
    held = path.stat().st_size * (DEFLATED if is_compressed(path) else 1) - int(voxels.offset)
    if wanted > MOST:
        raise MemoryError
    if wanted > held and voxels.offset > START:
        raise InputError(
            f"{path} says that its voxels begin at byte {voxels.offset} (vox_offset) and take {wanted} bytes, but it "
            f"has {'at most ' if is_compressed(path) else ''}{max(held + voxels.offset, 0)} bytes. {AGAIN}"
        )
    if wanted > held:
        raise EOFError(f"Expected {wanted} bytes, got {held} {'at most' if path.suffix == '.gz' else 'bytes'}")


def require_numbers(path: Path, dtype: np.dtype[Any]) -> None:
    """Raise `InputError` if the voxels of a file are not numbers that every machine reads alike."""
    if dtype.kind in "biuf" and dtype.itemsize <= LONGEST:
        return
    what = "numbers of 128 bits" if dtype.kind == "f" else "colours or complex numbers"
    raise InputError(f"{path} must hold one number a voxel, but holds {what} ({dtype}). Store one channel a file.")


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
