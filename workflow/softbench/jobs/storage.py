"""Files that cannot be written (a full or read-only disk) or read (damaged), and what the user can do."""

import errno
import json
import os
import shlex
import shutil
import stat
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
OTHER = {errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}
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
        return _probe_number(path) or errno.EFBIG  # a small file fits: a limit of files' sizes, or the last byte
    return None


def explained(error: BaseException) -> str | None:
    """Return what went wrong with which file and what to do; None if the error is not of a disk."""
    if not isinstance(error, OSError) or error.errno not in FULL | FORBIDDEN | OTHER:
        return None
    place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else Path("a file")
    return f"{shown(place)}: {os.strerror(error.errno)}. {_way_out(error.errno, place)}"


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


def _probe_number(place: Path) -> int | None:
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
            number = _probe_number(folder / "file")
        except OSError as error:
            number = error.errno
        if number is not None:
            raise InputError(
                f"nothing can be written into {folder.absolute()}: {os.strerror(number)}. "
                f"{_way_out(number, folder / 'file')}"
            )


KEPT = "give the same command again: what is whole is kept."
OF_CUT_FILES = (  # what numpy, zip and parquet say of them
    "mmap length is greater", "EOF: reading array", "No data left in file", "not a zip file", "magic bytes not found",
)  # fmt: skip
MISSING = "is missing"
EMPTY = "is empty"
FORBIDDEN_TO_READ = "may not be read"


def shown(path: Path | str) -> str:
    """Return a path as messages name it: without `..`, and below the working folder relative to it."""
    whole, named = os.path.abspath(path), os.fspath(path)
    if ".." in Path(named).parts and os.path.realpath(whole) != os.path.realpath(named):
        whole = os.path.realpath(named)  # a symlink on the way: the names alone lead elsewhere
    return os.path.relpath(whole) if Path(whole).is_relative_to(Path.cwd()) else whole


def condition(path: Path) -> str | None:
    """Return why a path is no file that can be read, as the end of a sentence; None where it is one."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return _missing(path)
    except PermissionError:
        return f"{FORBIDDEN_TO_READ} (a folder above it is closed)"
    except OSError as error:
        return "is a loop of symlinks" if error.errno == errno.ELOOP else f"cannot be read ({error.strerror})"
    if stat.S_ISDIR(facts.st_mode):
        return "is a folder, but a file belongs there"
    if not stat.S_ISREG(facts.st_mode):
        return "is no ordinary file"
    if not os.access(path, os.R_OK):
        return f"{FORBIDDEN_TO_READ} (its permissions are {stat.filemode(facts.st_mode)})"
    return EMPTY if facts.st_size == 0 else None


def of_other_size(size: int, written: int) -> str:
    """Say that a file has not the size in bytes that was written, as the end of a sentence."""
    if size < written:
        return f"is cut short or changed ({size} of {written} bytes)"
    return f"was changed since it was written ({size} bytes, not {written})"


def _missing(path: Path) -> str:
    """Say which symlink leads nowhere, if that is why a file is missing."""
    broken = next((place for place in (path, *path.parents) if place.is_symlink() and not place.exists()), None)
    if broken is None:
        return MISSING
    target = f"a broken symlink to {os.readlink(broken)}"
    return f"is {target}" if broken == path else f"{MISSING}, because {shown(broken)} is {target}"


@contextmanager
def reading(path: Path, *listed: Path) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into one message.

    Args:
        path: the file that is read.
        listed: the manifests that list it: Snakemake knows these alone, so they must be deleted, too. A name may hold
            `*`.
    Raises: InputError: with the file, the cause and what to do.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise damaged(path, f"is damaged ({_brief(error, path)})", *listed) from error


def _brief(error: Exception, path: Path) -> str:
    """Return the first line of an error without the name of its file, which the message begins with."""
    line = (str(error).splitlines() or [""])[0][:300]
    if any(words in line for words in OF_CUT_FILES):
        return "it is cut short, or something else was written into it"
    for name in (os.path.abspath(path), os.fspath(path)):
        before, named, after = line.rpartition(name)
        line = after.strip("'\": ") or before.strip("'\": ") if named else line
    return line or type(error).__name__


def damaged(path: Path, state: str, *listed: Path) -> InputError:
    """Return the error that says of a file what is wrong with it, and by which command it is made again.

    Args:
        path: the file.
        state: what is wrong, as the end of a sentence, where it is a file that can be read.
        listed: as `reading` takes it.
    """
    state = condition(path) or state
    return InputError(f"{shown(path)} {state}. {way_out(path, *listed)}")


def way_out(path: Path, *listed: Path) -> str:
    """Return by which command a damaged or missing file is made again; `listed` as `reading` takes it."""
    state = condition(path) or ""
    if state.startswith(FORBIDDEN_TO_READ):
        return f"Change its permissions: `chmod u+r {shlex.quote(shown(path))}`, then {KEPT}"
    command = removal(path, *listed)
    if command is None:
        return KEPT.capitalize()
    what = "what lists it" if state.startswith(MISSING) else "it"
    return f"Delete {what}: `{command}`, then {KEPT}"


def removal(*paths: Path) -> str | None:
    """Return the command that deletes what there is of some paths, each once; None where there is nothing."""
    there = {shown(found): found for path in paths for found in _found(path) if os.path.lexists(found)}
    if not there:
        return None
    folders = {name for name, path in there.items() if path.is_dir() and not path.is_symlink()}
    names = [name for name in there if os.path.dirname(name) not in folders]
    return shlex.join(["rm", *(["-r"] if folders else []), *names])


def _found(path: Path) -> list[Path]:
    return sorted(path.parent.glob(path.name)) if "*" in path.name else [path]


def lists_of(folder: Path) -> list[Path]:
    """Return the manifests that list a seed or an ensemble, and that Snakemake knows.

    Args: folder: `seed-<n>` or `ensemble` of a method, or `seed-<n>` of a teacher's fold or of `posthoc`.
    """
    method, network = folder.parent, folder.parents[1]
    if folder.name == "ensemble":
        return [network / "ensembles.json"]
    if method.name.startswith("fold-"):
        return [method.with_suffix(".json")]
    if method.name == "posthoc":
        return [method.with_suffix(".json")]
    joint = network / "sanity.json"
    if joint.is_file() and f'"{method.name}/' in joint.read_text(encoding="utf-8", errors="replace"):
        return [joint]
    return [*sorted(method.glob("batch-*.json")), *sorted(method.glob("tried.json"))]


def require_checksums(path: Path) -> None:
    """Raise ValueError unless all parts of a zip file (torch's, numpy's) have their checksums; torch does not look."""
    with zipfile.ZipFile(path) as file:
        if (part := file.testzip()) is not None:
            raise ValueError(f"the checksum of {part} is wrong")


def read_json(path: Path, *listed: Path) -> Any:
    """Read JSON. Raises: InputError: as `reading`; the file itself is its list where none is given."""
    with reading(path, *listed):
        return json.loads(path.read_text(encoding="utf-8"))


def read_parquet(path: Path, *listed: Path, **options: Any) -> "pd.DataFrame":
    """Read a table and the checksums of its pages, where it was written with them. Raises: InputError: as `reading`."""
    with reading(path, *listed):
        if path.is_dir():  # pandas takes it for a table in parts, without rows
            raise IsADirectoryError("it is a folder")
        import pandas as pd  # storage is imported where no table is read

        return pd.read_parquet(path, page_checksum_verification=True, **options)
