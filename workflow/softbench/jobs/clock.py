"""Clocks that jump: Snakemake decides by the times of files, so their order must be that in which they were made.

Three rules keep it: no run begins while the clock shows a time before that of its own sources (`require_after`); none
begins with files of results in the future (`settle` moves such times to now, in their order); and no job writes while
the clock shows a time before the run's start (`require_onward`).
"""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from softbench.errors import InputError

BEGAN = "SOFTBENCH_BEGAN"  # in a job's environment: when its Snakemake started, seconds since 1970
SOURCES = {".smk", ".py", ".yaml", ".csv"}
SKEW_S = 60.0  # hosts of a cluster may differ by less


def note_start() -> None:
    """Let the jobs of this Snakemake know when it started; a Snakemake below another keeps the first one's time."""
    os.environ.setdefault(BEGAN, repr(time.time()))


def require_onward() -> None:
    """Raise InputError if the clock shows a time before the run's start: what was written now would look older."""
    behind_s = float(os.environ.get(BEGAN, "0")) - time.time()
    if behind_s > SKEW_S:
        raise InputError(
            f"the clock was set back by {behind_s / 60:.0f} minutes or more during this run, and Snakemake decides by "
            "the times of files. Give the same command again: what is finished is kept, and the times are set right."
        )


def require_after(workflow: Path) -> None:
    """Raise InputError if the clock shows a time before that of a file of the workflow: then the clock is wrong now.

    Args: workflow: the folder of rules, scripts, splits and package.
    """
    sources = (
        path for path in workflow.rglob("*") if path.suffix in SOURCES
    )  # caches may be of a clock that was ahead
    newest = max(sources, key=_time, default=workflow)
    if _time(newest) > time.time() + SKEW_S:
        shown, of_file = (time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) for at in (time.time(), _time(newest)))
        raise InputError(
            f"the clock shows {shown}, but {newest} is of {of_file}, and Snakemake decides by the times of files. Set "
            "the clock right, then give the same command again. If it is right: "
            f"`find {workflow} -newermt now -exec touch {{}} +`. Nothing was changed."
        )


def settle(results: Path, watched: Iterable[Path]) -> int:
    """Move times that lie in the future to now, keeping their order; return of how many files.

    Args:
        results: the folder whose files are moved.
        watched: the files that are looked at first: all of the folder is searched only if one is of the future.
    """
    now = time.time()
    if not any(_time(path) > now + SKEW_S for path in watched):
        return 0
    files = [path for path in results.rglob("*") if path.is_file()]
    late = sorted((path.stat().st_mtime_ns, path) for path in files if _time(path) > now)
    first = time.time_ns()
    for number, (_, path) in enumerate(late):
        os.utime(path, ns=(first + 1000 * number,) * 2)
    return len(late)


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
