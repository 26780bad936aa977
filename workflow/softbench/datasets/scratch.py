"""A copy of a prepared dataset on a node's own disk, made once and read by every job there."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOM = 1.1  # of its size that must be free for a copy


def nearest(folder: Path, scratch: str | None, log: Callable[[str], None]) -> Path:
    """Return where a job reads a dataset: its copy below `scratch`, or the dataset itself where there can be none.

    Args:
        folder: a prepared dataset.
        scratch: a folder on the node; `$TMPDIR` and the like are filled in there. None: nothing is copied.
        log: takes a line that says what is read, and why not the copy.
    Returns: a folder with the same files. A copy is called after the dataset's manifest, so that of changed data is
        another one; each use compares names and sizes of all files, since scratch folders are cleaned up by age.
    """
    if scratch is None:
        return folder
    place = Path(os.path.expandvars(scratch))
    copy = place / "softbench" / hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()[:16]
    try:
        with _alone(copy):
            _fill(folder, copy, log)
    except (OSError, shutil.Error) as error:
        log(f"scratch: {place} cannot be used ({error}); reading {folder}.")
        return folder
    return copy


def _fill(folder: Path, copy: Path, log: Callable[[str], None]) -> None:
    """Make the copy, unless a whole one is there."""
    wanted = _sizes(folder)
    if copy.is_dir() and _sizes(copy) == wanted:
        log(f"scratch: reading the copy {copy}.")
        return
    size, free = sum(wanted.values()), shutil.disk_usage(copy.parent).free
    if size * ROOM > free:
        raise OSError(f"the data take {size / 1e9:.1f} GB, {free / 1e9:.1f} GB are free")
    log(f"scratch: copying {size / 1e9:.2f} GB to {copy}.")
    with tempfile.TemporaryDirectory(prefix=f".{copy.name}.", dir=copy.parent) as part:
        shutil.copytree(folder, Path(part) / "data")
        if _sizes(Path(part) / "data") != wanted:
            raise OSError("the copy is not like the original")
        shutil.rmtree(copy, ignore_errors=True)
        os.replace(Path(part) / "data", copy)


def _sizes(folder: Path) -> dict[str, int]:
    """Return the size in bytes of each file below a folder, by its relative path."""
    files = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    return {str(file.relative_to(folder)): file.stat().st_size for file in files}


@contextmanager
def _alone(copy: Path) -> Iterator[None]:
    """Hold a lock: of several jobs of a node one copies, and the others wait for it."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy.with_name(f".{copy.name}.lock"), "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
