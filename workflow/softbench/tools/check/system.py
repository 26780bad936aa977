"""Is the system as a campaign needs it: packages, results folder, clock and worker processes."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from softbench.errors import InputError
from softbench.jobs import pieces, progress
from softbench.jobs.progress import gib
from softbench.plan.modules import PACKAGE
from softbench.tools.check.findings import Finding, failed, not_checked, ok, warning

PINS = tuple(PACKAGE.parent.parent / "envs" / name for name in ("requirements.txt", "source-builds.txt"))
SHOWN = 5  # differences that a line names
TEXTS = ("a" * 100_000, "b" * 100_000)
RENAMES = 30
LITTLE, FEW = 10 * 2**30, 100_000  # bytes and files left: below, a campaign on real data soon stops
NONE = 2**30  # bytes: not even the demo
APART_S = 5.0  # seconds that do not matter


def packages(pins: tuple[Path, ...] = PINS) -> Finding:
    """Compare installed packages with the pins; a build tag such as +cpu or +cu130 is no difference."""
    if not all(path.exists() for path in pins):
        return not_checked("packages", "the pins, envs/requirements.txt, are not beside the package.")
    pinned = {name: version for path in pins for name, version in _pins(path.read_text(encoding="utf-8"))}
    other = [f"{name} {found}, not {pinned[name]}" for name in pinned if (found := _installed(name)) != pinned[name]]
    if not other:
        return ok("packages", f"all {len(pinned)} as pinned in envs/.")
    shown = "; ".join(other[:SHOWN]) + (f"; and {len(other) - SHOWN} more" if len(other) > SHOWN else "")
    return warning("packages", f"{shown}. Numbers may differ from those of the pins: `make setup` installs them.")


def _pins(text: str) -> list[tuple[str, str]]:
    """Return name and version of each line `name==version`."""
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return [(name, version) for name, equals, version in (line.partition("==") for line in lines) if equals]


def _installed(name: str) -> str:
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return "missing"


def results_folder(folder: Path) -> Finding:
    """Write, rename and count; a folder that is not there yet stands for the one above it."""
    above = existing(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".check.", dir=above) as scratch:
            seen = _seen_while_renaming(Path(scratch) / "file.txt")
    except OSError as error:
        what = f"`{folder}` cannot be written ({error.strerror or error})."
        return failed("results folder", f"{what} Start where you may write, or make `{folder}` a link to such a place.")
    if seen - set(TEXTS):
        what = "a file that a rename replaced was for a moment missing or half there"
        return failed("results folder", f"{what}: use another file system, a kill could leave half a result here.")
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
        return failed("results folder", f"{found}: too little even for the demo. Free space.")
    if room < LITTLE or (files is not None and files < FEW):
        why = f"{found}" if room < LITTLE else f"{found}, but room for {files} more files only"
        return warning("results folder", f"{why}: enough for the demo; prepared data of the papers need more.")
    return ok("results folder", f"{found}.")


def _files_left(folder: Path) -> int | None:
    """Return how many files more there may be; None where the file system does not count them."""
    of = os.statvfs(folder)
    return of.f_favail if of.f_files else None


def clock(results: Path, suite: Path = PACKAGE.parent.parent) -> Finding:
    """Compare the clock with the newest file of the suite, and with the time that the file system gives a new one."""
    ahead = newest(_files(suite, results)) - time.time()
    if ahead > APART_S:
        what = f"the newest file here is {ahead:.0f} s in the future: what depends on it would be made at every call"
        return failed("clock", f"{what}. Set the clock, or, where it is right, `touch` the files.")
    apart = _of_new_file(existing(results)) - time.time()
    if abs(apart) > APART_S:
        what = f"a file written now is dated {apart:+.0f} s from this machine's clock"
        return warning("clock", f"{what}: on several machines, results may be made twice. Set the clocks (NTP).")
    return ok("clock", "not before the newest file here, and that of the file system agrees.")


def newest(files: Iterable[Path]) -> float:
    """Return when the newest of the files was written, seconds since 1970; 0 where there is none."""
    return max((file.stat().st_mtime for file in files), default=0.0)


def _files(suite: Path, results: Path) -> Iterator[Path]:
    """Yield the texts of the suite, and what lies at the top of the results: all of them would be too many."""
    yield from (suite / "workflow").rglob("*.py")
    yield from (file for folder in (suite, results) for file in folder.glob("*") if file.is_file())


def _of_new_file(folder: Path) -> float:
    path = folder / f".check.{time.time_ns()}"
    path.touch()
    try:
        return path.stat().st_mtime
    finally:
        path.unlink()


def workers() -> Finding:
    """Let two processes each compute a number; they need semaphores, on Linux in /dev/shm, and no room there."""
    try:
        found = progress.each(abs, [(-1,), (-2,)], workers=2, what="", log=lambda line: None)
    except (OSError, ImportError, InputError) as error:
        what = f"they cannot be started ({error}). Is /dev/shm mounted and writable, and are processes limited?"
        return failed("worker processes", f"{what} Until then: `--cores 1`.")
    if found != [1, 2]:
        return failed("worker processes", f"two of them gave {found} for |-1| and |-2|: do not trust this machine.")
    return ok("worker processes", "two were started, gave what they should and ended.")
