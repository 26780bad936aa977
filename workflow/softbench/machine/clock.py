"""Does the clock agree with the files: Snakemake makes anew what is older than its input."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from softbench.machine.finding import Finding
from softbench.machine.results_folder import existing
from softbench.plan.modules import PACKAGE

NAME = "clock"
APART_S = 5.0  # seconds that do not matter


def check(results: Path, suite: Path = PACKAGE.parent.parent) -> Finding:
    """Compare the clock with the newest file of the suite, and with the time that the file system gives a new one."""
    ahead = newest(_files(suite, results)) - time.time()
    if ahead > APART_S:
        what = f"the newest file here is {ahead:.0f} s in the future: what depends on it would be made at every call"
        return Finding(NAME, "failed", f"{what}. Set the clock, or, where it is right, `touch` the files.")
    apart = _of_new_file(existing(results)) - time.time()
    if abs(apart) > APART_S:
        what = f"a file written now is dated {apart:+.0f} s from this machine's clock"
        return Finding(
            NAME, "warning", f"{what}: on several machines, results may be made twice. Set the clocks (NTP)."
        )
    return Finding(NAME, "ok", "not before the newest file here, and that of the file system agrees.")


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
