"""Valid NIfTI files, changed at random: in a field of the header, in any byte, in the voxels, or in the packing."""

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

DTYPES = ("uint8", "int16", "int32", "float32", "float64", "uint16")
HARMLESS = {"descrip": b"words", "aux_file": b"x", "cal_max": 7.0, "intent_name": b"labels", "dim_info": 57,
            "slice_code": 3, "toffset": 2.5, "db_name": b"y", "glmax": 9, "slice_end": 4, "slice_duration": 1.5,
            "extents": 16384, "session_error": 3, "regular": b"q"}  # fmt: skip
SPECIAL: dict[str, tuple[Any, ...]] = {
    "pixdim": (0, -1, 1, 2.5, 1e-9, 1e12, np.nan, np.inf),
    "dim": (-1, 0, 1, 2, 3, 5, 300, 32767),
    "srow_x": (0, 1, -3, 2.5, 1e9, np.nan),
    "srow_z": (0, 0.7, 40, np.inf),
    "quatern_b": (0, 0.3, 1, 1.2, -1, np.nan),
    "quatern_d": (0, 0.001, 0.99, 2),
    "qoffset_x": (0, 12, 1e6, np.nan),
    "qform_code": (0, 1, 2, 4, 17, -1),
    "sform_code": (0, 1, 2, 4, 17, -1),
    "xyzt_units": (0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 16, 34, 64, 255),
    "scl_slope": (0, 1, 2, 0.5, -1, 1e-3, 1e-30, np.nan, np.inf),
    "scl_inter": (0, 1, -5.5, 1e30, np.nan),
    "vox_offset": (0, 348, 352, 368, 353, 1e9, -16, np.nan),
    "datatype": (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024, 1280, 1536, 9999),
    "magic": (b"n+1", b"ni1", b"n+2", b"xyz", b""),
    "sizeof_hdr": (348, 540, 0, 347),
}
START = 352


def make(seed: int, path: Path) -> bool:
    """Write the file of a seed, a valid one that is changed in one way; return whether it is valid still."""
    rng = np.random.default_rng(seed)
    header, voxels = _valid(rng)
    change = KINDS[rng.integers(len(KINDS))]
    content, is_valid = change(rng, header, voxels), change in VALID
    if path.suffix == ".gz":
        content = gzip.compress(content, 1)
        damage = rng.random()
        if damage < 0.1:
            content, is_valid = content[: rng.integers(1, len(content))], False
        elif damage < 0.2:
            content, is_valid = _with_byte(rng, content, len(content)), False
    path.write_bytes(content)
    return is_valid


def has_sform_alone(path: Path) -> bool:
    """Tell whether the sform of a file is set and its qform is not."""
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
        header = nib.Nifti1Header.from_fileobj(stream, check=False)
    return bool(header["sform_code"] > 0 and header["qform_code"] <= 0)


def _valid(rng: np.random.Generator) -> tuple[Any, bytes]:
    """Return the header and the voxels of a file as programs write them."""
    header = nib.Nifti1Header()
    shape = (*(int(n) for n in rng.integers(2, 7, 3)), *([1] if rng.random() < 0.2 else []))
    header.set_data_dtype(rng.choice(DTYPES))
    header.set_data_shape(shape)
    affine = np.eye(4)
    affine[:3, :3] = rotation(rng) * rng.uniform(0.3, 5, 3) * rng.choice([1, -1])
    affine[:3, 3] = rng.uniform(-200, 200, 3)
    which = rng.choice(["both", "sform", "qform"])
    header.set_qform(affine, code=int(which != "sform"))
    header.set_sform(affine, code=int(which != "qform"))
    header["xyzt_units"] = rng.choice([0, 2, 2, 10])
    header["magic"], header["vox_offset"] = b"n+1", START
    count = int(np.prod(shape))
    return header, rng.integers(0, 5, count).astype(header.get_data_dtype()).tobytes()


def rotation(rng: np.random.Generator) -> np.ndarray:
    """Return a rotation: along the axes, near a half turn, or any."""
    kind = rng.integers(3)
    if kind == 0:
        return np.eye(3)[rng.permutation(3)] * rng.choice([1, -1], 3)
    if kind == 1:
        axis = rng.normal(size=3)
        return _turn(axis, np.pi - 10.0 ** -rng.uniform(2, 9))
    return np.linalg.qr(rng.normal(size=(3, 3)))[0]


def _turn(axis: np.ndarray, angle: float) -> np.ndarray:
    return np.asarray(nib.quaternions.quat2mat(nib.quaternions.angle_axis2quat(angle, axis)))


def _packed(header: Any, voxels: bytes) -> bytes:
    return header.binaryblock + bytes(START - 348) + voxels


def _unchanged(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    return _packed(header, voxels)


def _harmless(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    field = rng.choice(list(HARMLESS))
    header[field] = HARMLESS[field]
    return _packed(header, voxels)


def _special(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    field = rng.choice(list(SPECIAL))
    value = SPECIAL[field][rng.integers(len(SPECIAL[field]))]
    if header[field].ndim:
        header[field][rng.integers(len(header[field]))] = value
    else:
        header[field] = value
    return _packed(header, voxels)


def _with_byte(rng: np.random.Generator, content: bytes, end: int) -> bytes:
    changed = bytearray(content)
    changed[rng.integers(end)] = rng.integers(256)
    return bytes(changed)


def _byte(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    return _with_byte(rng, _packed(header, voxels), START)


def _bit(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    changed = bytearray(_packed(header, voxels))
    changed[rng.integers(START)] ^= 1 << rng.integers(8)
    return bytes(changed)


def _voxels(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    return _packed(header, _with_byte(rng, voxels, len(voxels)))


def _length(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    content = _packed(header, voxels)
    return content + b"more" if rng.random() < 0.5 else content[: rng.integers(len(content))]


def _swapped(rng: np.random.Generator, header: Any, voxels: bytes) -> bytes:
    dtype = header.get_data_dtype()
    other = np.frombuffer(voxels, dtype).byteswap().tobytes()
    return _packed(header.as_byteswapped(), other)


KINDS = (_harmless, _harmless, _special, _special, _byte, _bit, _voxels, _length, _swapped, _unchanged)
VALID = (_harmless, _voxels, _swapped, _unchanged)
