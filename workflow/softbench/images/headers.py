"""What the header of a NIfTI file says of its grid: shape, affine in mm, scale; refused where that is not certain.

A header may hold two affines, sform and qform. Where both are set and agree, or one is, that is the affine. Where they
differ tools choose differently, so somebody has to say which is right. Where none is set, voxels have a size but no
orientation; then they lie as SimpleITK has them.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench.errors import InputError
from softbench.given import is_compressed
from softbench.gunzip import GzipStream

VERSION = 1
AFFINES = ("sform", "qform")
QUATERNION = 1e-4  # by which a component of the qform's quaternion may differ from that of the sform
OFFSET_MM = 1e-2
FINE_MM = 0.1  # of shorter voxels, limits in mm are smaller
ROUNDING = float(np.finfo(np.float32).eps)  # of a place, relative
SPACING = 1e-4  # of a length
HALF_TURN = 1e-7  # square of the first component of a quaternion that counts as 0: nifti1_io.c
UNITS = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 0.001}  # xyzt_units -> mm: unknown, metre, mm, micron
UNIT_BITS = 7  # of xyzt_units; those above are of time
FLAT = 1e-6  # share of a box of the same edges that a voxel must fill: less, and its axes lie in one plane
UNSCALED = (1.0, 0.0)
LEAST = 1e-15  # of a slope: ITK takes smaller ones for none
UNORIENTED = (
    "no orientation is known (the codes of sform and qform are 0). Voxel sizes are those of pixdim, and axes are taken "
    "as SimpleITK has them: x to the left, y to the back."
)
FIX = "Fix its header (sform, qform, pixdim), or leave the case out."


@dataclass(frozen=True)
class Choices:
    """What the user says of files whose headers leave it open.

    Attributes:
        affine: `sform` or `qform`, which counts where both are set and differ; None refuses such a file.
        rescale_labels: whether the scale of a header (scl_slope, scl_inter) is meant in label maps, too; else a label
            map with one is refused.
    """

    affine: str | None = None
    rescale_labels: bool = False


NONE = Choices()


@dataclass(frozen=True)
class Header:
    """The grid of a file.

    Attributes:
        shape: (x, y, z) as stored; a picture has z = 1.
        affine: (4, 4), voxel (x, y, z, 1) to world mm.
        channels: length of the one axis after the third that is longer than 1; None where there is none.
        axes: lengths of all axes as stored.
        oriented: whether the header says where the axes point.
        scale: slope and intercept that turn stored numbers into values.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray
    channels: int | None
    axes: tuple[int, ...]
    oriented: bool = True
    scale: tuple[float, float] = UNSCALED

    @property
    def axcodes(self) -> str:
        """Where the axes of the file point, e.g. "LPS"."""
        return "".join(nib.aff2axcodes(self.affine))

    def beside(self, other: np.ndarray | None) -> "Header":
        """Return the header as nibabel would read it, where it has no orientation, and then the grid of `other`.

        SimpleITK and nibabel give such a file different axes, so what one of them wrote beside it may fit either.

        Args:
            other: (4, 4), array index (d, h, w, 1) to mm of a file that has an orientation; None where there is none.
        """
        if self.oriented or other is None:
            return self
        turned = replace(self, affine=centred(self.affine * [1, -1, 1, 1], self.shape))
        return turned if near(grid(turned)[1], other) else self


def grid(header: Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Return the shape (D, H, W) of a file turned to RAS, and the affine that maps (d, h, w, 1) to mm."""
    orientation = nib.io_orientation(header.affine)
    affine = header.affine @ nib.orientations.inv_ornt_aff(orientation, header.shape)
    order = np.argsort(orientation[:, 0])  # the file's axis that runs along x, y, z
    return tuple(header.shape[int(axis)] for axis in order[::-1]), affine[:, [2, 1, 0, 3]]


def read(path: Path, file: Any, choices: Choices = NONE) -> Header:
    """Return the header of a file that nibabel has opened.

    Raises: InputError: if two affines differ and no choice is made, the unit is no length, voxels have no size, or
        more than one axis after the third is longer than 1.
    """
    shape, channels = places(path, tuple(int(n) for n in file.shape))
    slope, inter = getattr(file.dataobj, "slope", 1.0), getattr(file.dataobj, "inter", 0.0)
    if abs(slope) < LEAST:
        raise InputError(
            f"{path} scales its voxels by {slope:g} (scl_slope), which some programs take for no scale. Write its "
            "values as they are, with the scl_slope 1."
        )
    known = Header(shape, np.asarray(file.affine, np.float64), channels, tuple(file.shape), scale=(slope, inter))
    if not isinstance(file, nib.Nifti1Pair):
        lengths = np.linalg.norm(known.affine[:3, :3], axis=0)
    else:
        raw = _raw(path, file)
        _require_plain_intercept(path, raw)
        affine, lengths, oriented = _affine(path, raw, choices, min(3, len(file.shape)))
        known = replace(known, affine=affine, oriented=oriented)
    _require_size(path, known.affine, lengths)
    return known


def _require_plain_intercept(path: Path, raw: Any) -> None:
    """Raise where an intercept stands beside a slope of 0, infinity or NaN: programs differ on whether it counts."""
    slope, inter = float(raw["scl_slope"]), float(raw["scl_inter"])
    if (slope == 0 or not np.isfinite(slope)) and np.isfinite(inter) and inter != 0:
        raise InputError(
            f"{path} has the intercept {inter:g} (scl_inter) beside the slope {slope:g} (scl_slope): some programs add "
            "it, others do not. Set scl_inter to 0, or scl_slope to 1."
        )


def places(path: Path, shape: tuple[int, ...]) -> tuple[tuple[int, int, int], int | None]:
    """Tell places from channels: the first three axes are places, and one axis after them may be longer than 1.

    Returns: (x, y, z), where an axis that is not there has length 1; and the number of channels, None for a volume.
    Raises: InputError: if there is another axis.
    """
    first, rest = (*shape, 1, 1)[:3], [n for n in shape[3:] if n != 1]
    if len(shape) < 2 or len(rest) > 1 or min(shape) < 1:
        raise InputError(
            f"{path} must be a volume (x, y, z), or several of one grid (x, y, z, channel or class), but its shape is "
            f"{shape}. Write it so; axes of length 1 after the third do no harm."
        )
    return (first[0], first[1], first[2]), (rest[0] if rest else None)


def _raw(path: Path, file: Any) -> Any:
    """Return the header as it lies in the file: nibabel corrects some of it without a word."""
    if not isinstance(file, nib.Nifti1Image):
        return file.header  # a pair of files
    with GzipStream(path) if is_compressed(path) else open(path, "rb") as stream:
        return file.header_class.from_fileobj(stream, check=False)


def _affine(path: Path, raw: Any, choices: Choices, dims: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return the affine in mm, the lengths of a voxel's edges, and whether it says where axes point."""
    unit = _unit(path, raw)
    pixdim = raw["pixdim"][1:4].astype(np.float64) * unit
    pixdim[dims:] = np.where(pixdim[dims:] > 0, pixdim[dims:], 1)  # of axes that are not there
    has_sform, has_qform = int(raw["sform_code"]) > 0, int(raw["qform_code"]) > 0
    sform = _sform(raw, unit)
    if not (has_sform or has_qform):
        return np.diag([-pixdim[0], -pixdim[1], pixdim[2], 1]), pixdim, False
    by_sform = has_sform
    if has_sform and has_qform and not _agree(sform, raw, pixdim, unit, dims):
        if choices.affine is None:
            raise InputError(_two(path, raw, sform, _qform(raw, pixdim, unit)))
        by_sform = choices.affine == "sform"
    if by_sform:
        return sform, np.linalg.norm(sform[:3, :3], axis=0), True
    qform = _qform(raw, pixdim, unit)
    if qform is None:
        numbers = ", ".join(f"{float(raw[f'quatern_{letter}']):g}" for letter in "bcd")
        raise InputError(f"{path} has a qform that is no rotation: its quaternion is ({numbers}). {FIX}")
    return qform, pixdim, True


def _unit(path: Path, raw: Any) -> float:
    """Return the mm of the unit that places are given in."""
    code = int(raw["xyzt_units"]) & UNIT_BITS
    if code not in UNITS:
        raise InputError(
            f"{path} measures places in a unit that is no length (xyzt_units {int(raw['xyzt_units'])}). Write what it "
            "is into its header: 1 for metre, 2 for mm, 3 for micron."
        )
    return UNITS[code]


def _sform(raw: Any, unit: float) -> np.ndarray:
    rows = np.array([raw["srow_x"], raw["srow_y"], raw["srow_z"]], np.float64)
    return np.vstack([rows * unit, [0, 0, 0, 1]])


def _qform(raw: Any, pixdim: np.ndarray, unit: float) -> np.ndarray | None:
    """Return the affine of the quaternion, as nifti1_io.c computes it; None where it is no rotation."""
    vector = np.array([float(raw[f"quatern_{letter}"]) for letter in "bcd"])
    square = float(vector @ vector)
    if not square <= 1 + QUATERNION:
        return None
    rest = 1 - square
    first, vector = (0.0, vector / math.sqrt(square)) if rest < HALF_TURN else (math.sqrt(rest), vector)
    edges = nib.quaternions.quat2mat([first, *vector]) * pixdim * [1, 1, _handedness(raw)]
    offset = np.array([float(raw[f"qoffset_{letter}"]) for letter in "xyz"]) * unit
    return np.vstack([np.column_stack([edges, offset]), [0, 0, 0, 1]])


def _handedness(raw: Any) -> int:
    """Return pixdim[0] (qfac), which says whether the third axis is reversed: all but a negative number mean 1."""
    return -1 if float(raw["pixdim"][0]) < 0 else 1


def _agree(sform: np.ndarray, raw: Any, pixdim: np.ndarray, unit: float, dims: int) -> bool:
    """Tell whether quaternion, offset and pixdim are those that the sform itself gives, but for rounding.

    Matrices are not compared: a quaternion in 32 bits holds a rotation near a half turn no better than to 3e-4. Of
    such a rotation, the quaternion may have either sign. A shear, which no qform can hold, does not count.
    """
    if not np.isfinite(sform).all():
        return False
    edges = sform[:3, :3]
    lengths = np.linalg.norm(edges, axis=0)
    reversed_ = np.linalg.det(edges) < 0
    if not (lengths > 0).all() or reversed_ != (_handedness(raw) < 0):
        return False
    rotation = edges / lengths * [1, 1, -1 if reversed_ else 1]
    left, _, right = np.linalg.svd(rotation)
    first, *expected = nib.quaternions.mat2quat(left @ right)
    vector = np.array([float(raw[f"quatern_{letter}"]) for letter in "bcd"])
    signs = (1, -1) if abs(first) <= QUATERNION else (1,)
    offset = np.array([float(raw[f"qoffset_{letter}"]) for letter in "xyz"]) * unit
    return bool(
        min(np.abs(sign * vector - expected).max() for sign in signs) <= QUATERNION
        and np.abs(offset - sform[:3, 3]).max() <= within(OFFSET_MM, sform)
        and np.abs(pixdim / lengths - 1)[:dims].max() <= SPACING
    )


def _two(path: Path, raw: Any, sform: np.ndarray, qform: np.ndarray | None) -> str:
    """Say how two affines differ, and how to choose."""
    words = "no rotation" if qform is None else _rows(qform)
    return (
        f"{path} holds two affines that differ, and tools choose differently: sform (code {int(raw['sform_code'])}) "
        f"{_rows(sform)}, qform (code {int(raw['qform_code'])}) {words}, in mm. Say which is right: `affine: sform` or "
        "`affine: qform` in the dataset of config; --affine sform or --affine qform in `softbench score`, `softbench "
        "soften` and `softbench pack`; AFFINE=sform or AFFINE=qform in `make dataset`. Or set the code of the wrong "
        "one to 0."
    )


def _rows(affine: np.ndarray) -> str:
    return "[" + "; ".join(" ".join(map(in_digits, row)) for row in affine[:3]) + "]"


def in_digits(value: float) -> str:
    """Return a number to 6 digits, and to 4 places behind the point: what differs by 0.001 mm must look different."""
    whole = int(math.log10(abs(value))) + 1 if math.isfinite(value) and abs(value) >= 1 else 0
    return f"{value:.{min(max(6, whole + 4), 17)}g}"


def centred(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an affine of the same axes whose middle lies at 0, as nibabel has it in a file without orientation."""
    result = affine.copy()
    result[:3, 3] = -affine[:3, :3] @ (np.array(shape) - 1) / 2
    return result


def near(affine: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two affines are the same, but for rounding."""
    return np.allclose(affine, other, rtol=0, atol=within(OFFSET_MM, other))


def within(limit_mm: float, affine: np.ndarray) -> float:
    """Return by how many mm places may differ: the limit, or less where voxels are shorter than 0.1 mm.

    It shrinks with the shortest edge, but not below what 32 bits hold of a place.
    """
    edges = np.linalg.norm(affine[:-1, :-1], axis=0)
    rounding = ROUNDING * float(np.abs(affine[:-1, -1]).max())
    return max(of_edge(limit_mm, float(edges.min())), rounding)


def of_edge(limit_mm: float, shortest_mm: float) -> float:
    """Return a limit in mm, smaller for voxels shorter than 0.1 mm, so that it stays a part of a voxel.

    >>> of_edge(1e-3, 0.8), of_edge(1e-3, 0.05)
    (0.001, 0.0005)
    """
    return limit_mm * min(1.0, shortest_mm / FINE_MM)


def _require_size(path: Path, affine: np.ndarray, lengths: np.ndarray) -> None:
    """Raise unless voxels have a size, and edges that span a volume."""
    if not np.isfinite(affine).all():
        raise InputError(f"{path} has an affine with NaN or infinity in it, {affine.tolist()}. {FIX}")
    if not (np.isfinite(lengths).all() and (lengths > 0).all()):
        sizes = " x ".join(f"{length:g}" for length in lengths)
        raise InputError(f"{path} has voxels of {sizes} mm along x, y, z. {FIX}")
    edges = affine[:3, :3]
    if abs(np.linalg.det(edges)) <= FLAT * np.prod(lengths, dtype=float):
        raise InputError(f"{path} has an affine whose axes lie in one plane, {edges.tolist()}. {FIX}")
