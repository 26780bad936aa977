"""Can results be written, do renames replace whole files, and is there room."""

import os
import shutil
import tempfile
import threading
from pathlib import Path

from softbench.jobs import pieces
from softbench.jobs.progress import gib
from softbench.machine.finding import Finding

NAME = "results folder"
TEXTS = ("a" * 100_000, "b" * 100_000)
RENAMES = 30
LITTLE, FEW = 10 * 2**30, 100_000  # bytes and files left: below, a campaign on real data soon stops
NONE = 2**30  # bytes: not even the demo


def check(folder: Path) -> Finding:
    """Write, rename and count; a folder that is not there yet stands for the one above it."""
    above = existing(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".check.", dir=above) as scratch:
            seen = _seen_while_renaming(Path(scratch) / "file.txt")
    except OSError as error:
        what = f"`{folder}` cannot be written ({error.strerror or error})."
        return Finding(NAME, "failed", f"{what} Start where you may write, or make `{folder}` a link to such a place.")
    if seen - set(TEXTS):
        what = "a file that a rename replaced was for a moment missing or half there"
        return Finding(NAME, "failed", f"{what}: use another file system, a kill could leave half a result here.")
    return _room(above)


def existing(folder: Path) -> Path:
    """Return the folder, or the lowest one above it that exists."""
    return next(path for path in [folder.absolute(), *folder.absolute().parents] if path.is_dir())


def _seen_while_renaming(path: Path) -> set[str]:
    """Return all contents that a reader met while a file was replaced again and again; "" where it met none."""
    seen: set[str] = set()
    done = threading.Event()
    pieces.write_text(path, TEXTS[0])

    def read() -> None:
        while not done.is_set():
            try:
                seen.add(path.read_text(encoding="utf-8"))
            except FileNotFoundError:
                seen.add("")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(RENAMES):
            pieces.write_text(path, TEXTS[number % 2])
    finally:
        done.set()
        reader.join()
    return seen | {path.read_text(encoding="utf-8")}


def _room(folder: Path) -> Finding:
    room, files = shutil.disk_usage(folder).free, _files_left(folder)
    found = f"writable, a rename replaces a file at once, {gib(room)} free"
    if room < NONE:
        return Finding(NAME, "failed", f"{found}: too little even for the demo. Make room.")
    if room < LITTLE or (files is not None and files < FEW):
        why = f"{found}" if room < LITTLE else f"{found}, but room for {files} more files only"
        return Finding(NAME, "warning", f"{why}: enough for the demo; prepared data of the papers need more.")
    return Finding(NAME, "ok", f"{found}.")


def _files_left(folder: Path) -> int | None:
    """Return how many files more there may be; None where the file system does not count them."""
    of = os.statvfs(folder)
    return of.f_favail if of.f_files else None
