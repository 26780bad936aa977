"""Variables of a MATLAB file, version 5 to 7.2, without reading the rest of it."""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from softbench.errors import InputError

VERSION = 1


def read(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read 3-D variables (rows, columns, scans).

    Raises: InputError: if the file is no MATLAB file, damaged or of version 7.3, or lacks a variable.
    """
    try:
        found = loadmat(path, variable_names=list(names))
    except NotImplementedError as error:
        raise InputError(
            f"{path} is a MATLAB file of version 7.3 (HDF5), which is not read here; the published ones are older. "
            "Download it again, or save it in MATLAB with `save -v7`."
        ) from error
    except (MatReadError, OSError, ValueError, TypeError, EOFError, KeyError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as a MATLAB file ({error}). Download it again.") from error
    missing = [name for name in names if name not in found]
    if missing:
        raise InputError(f"{path} lacks the variable(s) {', '.join(missing)}. Is it a file of another release?")
    flat = [name for name in names if found[name].ndim != 3]
    if flat:
        raise InputError(f"{path}: {flat[0]} must be 3-D (rows, columns, scans), but is {found[flat[0]].shape}.")
    return {name: found[name] for name in names}


def read_scan(path: Path, names: Sequence[str], scan: int) -> dict[str, np.ndarray]:
    """Return one scan of each variable; the file read last is kept, for its scans are asked for one by one."""
    stat = path.stat()
    return {
        name: array[:, :, scan] for name, array in _kept(path, tuple(names), stat.st_size, stat.st_mtime_ns).items()
    }


@lru_cache(maxsize=1)
def _kept(path: Path, names: tuple[str, ...], size: int, changed_ns: int) -> dict[str, np.ndarray]:
    """Read a file; size and time are there so that a changed one is read anew."""
    return read(path, names)
