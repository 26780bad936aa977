"""The store of soft labels: one compressed file a case, 16 bits a class and voxel, read at random.

A store is a folder: `cases/<case>.npz` holds `planes` (2, C, D, H, W) or (2, C, H, W) uint8, the upper and the lower
byte of integers where 65535 is 1, and, where known, `affine` (array index to world mm). A rule in any language may
write it, also as plain `probabilities` (C, ...) uint16; `manifest.json` is its list. Apart, the planes of a GeoLS label
compress to three quarters of the size: neighbours share their upper byte.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from softbench import images
from softbench.errors import InputError
from softbench.jobs import pieces, storage

VERSION = 2
ONE = 65535  # the integer that stands for probability 1
NORMALISED = 1e-4  # a voxel whose probabilities sum to 1 within this is stored to sum to exactly 1


def encode(probabilities: np.ndarray) -> np.ndarray:
    """Turn probabilities into integers; a voxel that sums to 1 gets integers that sum to exactly 65535.

    Args:
        probabilities: (C, ...) float, in [0, 1].
    Returns: (C, ...) uint16. Where the sum over C is 1 (within 1e-4) the rest of rounding goes to the classes with
        the largest fractions, so each value is off by less than 1/65535, and of two equal ones the first has no less
        than the second: the class of the largest probability, the first of equals, stays the largest. Elsewhere each
        value is rounded to the nearest.
    Raises: InputError: if a value is NaN or lies outside [0, 1] (beyond 1e-6).
    """
    low, high = float(probabilities.min()), float(probabilities.max())
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise InputError(f"a soft label must lie in [0, 1] to be stored, but spans {low} to {high}.")
    scaled = np.clip(probabilities, 0, 1).astype(np.float64) * ONE
    codes = np.rint(scaled).astype(np.int64)
    normalised = np.abs(scaled.sum(axis=0) - ONE) <= NORMALISED * ONE
    _settle(codes, scaled, normalised)
    return codes.astype(np.uint16)


def _settle(codes: np.ndarray, scaled: np.ndarray, normalised: np.ndarray) -> None:
    """Move integers by one, largest rounding error first, until normalised voxels sum to ONE; in place.

    Of equal errors the last class gives away first, and the first class gets first.
    """
    surplus = np.where(normalised, codes.sum(axis=0) - ONE, 0)
    while (off := surplus != 0).any():
        step = np.sign(surplus[off])
        here = codes[:, off]
        fits = (here - step >= 0) & (here - step <= ONE)
        errors = np.where(fits, (here - scaled[:, off]) * step, -np.inf)
        last = len(errors) - 1 - np.argmax(errors[::-1], axis=0)
        worst = np.where(step > 0, last, np.argmax(errors, axis=0))
        here[worst, np.arange(len(worst))] -= step
        codes[:, off] = here
        surplus[off] -= step


def decode(codes: np.ndarray) -> np.ndarray:
    """Turn stored integers back into float32 probabilities."""
    return codes.astype(np.float32) / np.float32(ONE)


def pack(codes: np.ndarray) -> dict[str, Any]:
    """Return what the file of a case holds: the upper and the lower byte of the integers (C, ...)."""
    return {"planes": np.stack([codes >> 8, codes & 255]).astype(np.uint8)}


def unpack(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the integers (C, ...) of a file, be it planes or plain."""
    if "planes" not in arrays:
        return np.asarray(arrays["probabilities"])
    planes = arrays["planes"]
    codes = planes[0].astype(np.uint16)
    codes <<= 8
    codes |= planes[1]
    return codes


def write(folder: Path | str, case: str, array: np.ndarray, *, affine: np.ndarray | None = None) -> str:
    """Write the soft label of a case, whole or not at all; the same array gives the same bytes.

    Args:
        folder: the store.
        case: its id.
        array: (C, D, H, W) or (C, H, W) probabilities in [0, 1].
        affine: (4, 4), array index (d, h, w) to world mm, for the NIfTI export; voxels of 1 mm where unknown.
    Returns: the sha256 of the stored integers.
    Raises: InputError: as `encode`.
    """
    codes = encode(np.asarray(array))
    extra: dict[str, Any] = {} if affine is None else {"affine": np.asarray(affine, np.float64)}
    pieces.write_file(path_of(folder, case), lambda part: np.savez_compressed(part, **pack(codes), **extra))
    return pieces.hash_array(codes)


def read_codes(folder: Path | str, case: str) -> np.ndarray:
    """Read the stored integers of a case: (C, ...) uint16.

    Raises: InputError: if the case is not in the store, or its file is damaged.
    """
    path, listed = path_of(folder, case), Path(folder) / "manifest.json"
    if storage.condition(path) == storage.MISSING:
        place, named = storage.shown(Path(folder)), storage.shown(path)
        way_out = storage.way_out(path, listed) if listed.exists() else "Run its `soften_` rule."
        raise InputError(f"the store {place} holds no case {case!r}: {named} is missing. {way_out}")
    with storage.reading(path, listed), np.load(path) as file:
        codes = unpack(file)
    if codes.dtype != np.uint16:
        raise InputError(f"{path} holds {codes.dtype} where a store holds uint16 (65535 stands for probability 1).")
    return codes


def read(folder: Path | str, case: str) -> np.ndarray:
    """Read the soft label of a case: (C, D, H, W) or (C, H, W) float32; normalised voxels sum to 1 as stored."""
    return decode(read_codes(folder, case))


def export_nifti(folder: Path | str, case: str, path: Path | str) -> None:
    """Write a case as a 4-D NIfTI (x, y, z, class) of float32 that a viewer opens over its image."""
    with np.load(path_of(folder, case)) as file:
        affine = file.get("affine", images.UNIT_AFFINE)
    values = read(folder, case)
    images.write(Path(path), values if values.ndim == 4 else values[:, None], affine)


def path_of(folder: Path | str, case: str) -> Path:
    """Return the file of a case."""
    return Path(folder) / "cases" / f"{case}.npz"
