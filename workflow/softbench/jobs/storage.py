"""Files that cannot be written (a full or read-only disk) or read (damaged), and what the user can do."""

import errno
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

VERSION = None  # messages on disks
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
OTHER = {errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.EISDIR, errno.ENOTDIR}
WITHOUT_NUMBER = ("requested and", "PytorchStreamWriter", "inline_container", "file write failed")  # numpy, torch
PROBE = bytes(2**16)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Add the name of the file and the error number to errors of the disk, which numpy and torch leave out.

    Raises: OSError: with number and `filename`, for any error of the disk that names no file, or only a temporary one.
    """
    try:
        yield
    except Exception as error:
        number, named = _number(error, path), getattr(error, "filename", None)
        names_lasting_file = isinstance(named, str) and ".part/" not in f"{named}/"
        if number is None or names_lasting_file:
            raise
        raise OSError(number, os.strerror(number), str(path)) from error


def _number(error: Exception, path: Path) -> int | None:
    """Return the number of an error of the disk; None of any other error."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno if error.errno in FULL | FORBIDDEN | OTHER else None
    if any(words in str(error) for words in WITHOUT_NUMBER):
        return _number_of_probe(path) or errno.EFBIG  # a small file fits: a limit of files' sizes, or the last byte
    return None


def explained(error: BaseException) -> str | None:
    """Return what went wrong with which file and what to do; None if the error is not of a disk."""
    if not isinstance(error, OSError) or error.errno not in FULL | FORBIDDEN | OTHER:
        return None
    place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else Path("a file")
    return f"{place}: {os.strerror(error.errno)}. {_way_out(error.errno, place)}"


def _way_out(number: int, place: Path) -> str:
    goes_on = "then give the same command again: what is finished is kept."
    if number in FULL:
        try:
            free = f"{shutil.disk_usage(_existing(place)).free / 2**20:.0f} MiB are free there"
        except OSError:
            free = "how much is free is unknown"
        return f"Free space on the disk, or have the quota raised ({free}), {goes_on}"
    if number in FORBIDDEN:
        return f"Fix its owner, its permissions or how its disk is mounted, {goes_on}"
    return f"Look at that file and its disk, {goes_on}"


def _existing(place: Path) -> Path:
    """Return the nearest folder above a file that is there."""
    return next((folder for folder in place.absolute().parents if folder.is_dir()), Path("/"))


def _number_of_probe(place: Path) -> int | None:
    """Return why a small file cannot be written at a place; None if it can."""
    try:
        with tempfile.TemporaryFile(dir=_existing(place), buffering=0) as file:
            file.write(PROBE)
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno
    return None


def require_writable(*folders: Path) -> None:
    """Make folders where they are missing, and write a small file into each.

    Raises: InputError: if one cannot be made or written, before any work is done.
    """
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            number = _number_of_probe(folder / "file")
        except OSError as error:
            number = error.errno
        if number is not None:
            raise InputError(
                f"nothing can be written into {folder.absolute()}: {os.strerror(number)}. "
                f"{_way_out(number, folder / 'file')}"
            )


KEPT = "give the same command again: what is whole is kept."


@contextmanager
def reading(path: Path, listed: Path | str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into one message.

    Args:
        path: the file that is read.
        listed: the manifest that lists it: Snakemake knows that one alone, so it must be deleted, too.
    Raises: InputError: with the file, the cause and what to do.
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing. Delete {listed}, then {KEPT}") from error
    except PermissionError as error:
        raise InputError(explained(error) or str(error)) from error
    except Exception as error:
        brief = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise InputError(f"{path} is damaged ({brief}). {way_out(path, listed)}") from error


def way_out(path: Path, listed: Path | str) -> str:
    """Return what to do about a damaged file."""
    return f"Delete it and {listed}, then {KEPT}"


def require_checksums(path: Path) -> None:
    """Raise ValueError unless all parts of a zip file (torch's, numpy's) have their checksums; torch does not look."""
    with zipfile.ZipFile(path) as file:
        if (part := file.testzip()) is not None:
            raise ValueError(f"the checksum of {part} is wrong")


def read_json(path: Path, listed: Path | str | None = None) -> Any:
    """Read JSON. Raises: InputError: as `reading`; the file itself is its list where none is given."""
    with reading(path, listed or path):
        return json.loads(path.read_text(encoding="utf-8"))


def read_parquet(path: Path, listed: Path | str, **options: Any) -> "pd.DataFrame":
    """Read a table and the checksums of its pages, where it was written with them. Raises: InputError: as `reading`."""
    with reading(path, listed):
        if path.is_dir():  # pandas takes it for a table in parts, without rows
            raise IsADirectoryError("it is a folder")
        import pandas as pd  # storage is imported where no table is read

        return pd.read_parquet(path, page_checksum_verification=True, **options)
