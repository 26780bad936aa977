"""Checks before a run: is the folder writable and free, are file times in order, does Snakemake know the results.

**One run at a time in a folder.** A second one stops and names the first; a killed run blocks no later one. The lock is
the kernel's (`flock`), so that it goes with its process, however that ends, and no clock and no process number can be
mistaken. What Snakemake's own lock files say is then stale, unless a run on another host wrote them: not every shared
file system takes such locks across hosts, so these are left until a person says that the run has ended.

**Clocks.** Snakemake decides by the times of files, so their order must be that in which they were made. No run begins
while the clock shows a time before that of its own sources (`require_after`); none begins with files of results in the
future (`settle` moves such times to now, in their order); and no job writes while the clock shows a time before the
run's start (`logs.require_onward`).

**Results without Snakemake's record** (copied without `.snakemake`, or it was deleted, or a record is cut). Snakemake
then knows no settings of those jobs, and a changed setting would change nothing. So their outputs are marked as not
finished (`marks.make_again`): each of these jobs looks again, finds its finished pieces by their keys, and makes what
is missing or of other settings.

**Slurm jobs of a killed run.** Snakemake cancels its jobs at Ctrl-C only. Its next call knows nothing of them: it would
submit the same work again, and two jobs would write the same files.
"""

import fcntl
import json
import os
import platform
import re
import shlex
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from softbench.errors import InputError
from softbench.jobs import marks, outputs, pieces, storage
from softbench.jobs.logs import SKEW_S

OWN_JOB = os.environ.get("SLURM_JOB_ID")  # read early: Snakemake's Slurm plugin deletes it when run inside a job
SECONDS = 30.0  # for squeue; a controller that does not answer stops nobody here
PREPARED = (
    "data/*/manifest.json",
    "maps/*/*/shard-*.json",
    "soft_labels/*/*/manifest.json",
    "teachers/*/*/fold-*.json",
    "teachers/*/*/manifest.json",
    "rater_study/*/manifest.json",
    "rater_laboratory/manifest.json",
)
JOINT = "runs/*/*/sanity.json"  # lists records that are called like batches
RUNS = (
    "runs/*/*/*/batch-*.json",
    "runs/*/*/*/tried.json",
    "runs/*/*/*/choice.json",
    "runs/*/*/*/posthoc.json",
    JOINT,
    "runs/*/*/ensembles.json",
)
RUN_LOCK = Path(".snakemake/run.lock")
OWNER = Path(".snakemake/owner.json")
LOCKS = Path(".snakemake/locks")
LOOKS = re.compile(  # options of calls that only look
    r"-[Fikpqrt]*n[Fikpqrt]*|-[lSDhv]|--(dry-?run|list.*|lint|help.*|version|summary|detailed-summary|report|dag|d3dag"
    r"|rulegraph|filegraph|print-compilation|generate-unit-tests|containerize|archive|export-cwl)(=.*)?"
)
DRY = re.compile(r"-[Fikpqrt]*n[Fikpqrt]*|--dry-?run")
_held: list[TextIO] = []  # open until this process ends
SOURCES = {".smk", ".py", ".yaml", ".csv"}


def run(results: Path, workflow: Path, arguments: Sequence[str]) -> list[str]:
    """Lock the folder for this run, and repair what kills, wrong clocks and copies left; return lines for the user.

    Args:
        results: the folder of results.
        workflow: the folder of rules, scripts, splits and package.
        arguments: of the call of Snakemake.
    Raises: InputError: if nothing can be written, another run is at work there, or the clock is wrong.
    """
    storage.require_writable(results, RUN_LOCK.parent)
    require_after(workflow)
    lines = []
    if take(arguments):
        lines.append("An earlier run was killed; its lock is gone, and its finished pieces are kept.")
    if moved := settle(results, lists(results)):
        lines.append(f"The clock was set back: the times of {moved} files lay in the future; they are now, in order.")
    lines += outputs.begin(results)
    if jobs := look_again(results):
        lines.append(
            f"Snakemake does not remember the settings of {jobs} jobs, because .snakemake was deleted or not copied: "
            "each looks at its pieces again. If the whole folder is copied (`cp -a`), no job runs."
        )
    return lines


def is_run(arguments: Sequence[str]) -> bool:
    """Return whether a call of Snakemake may change the folder: a dry run, a report or a list only look."""
    return not any(LOOKS.fullmatch(argument) for argument in arguments)


def is_dry(arguments: Sequence[str]) -> bool:
    """Return whether a call of Snakemake is a dry run."""
    return any(DRY.fullmatch(argument) for argument in arguments)


def take(arguments: Sequence[str] = ()) -> bool:
    """Take the folder for this process until it ends; return whether Snakemake's lock of a killed run was removed.

    Args: arguments: of the call; `--nolock` takes nothing, `--unlock` says that a run on another host has ended.
    Raises: InputError: if another run is at work in the folder; the message says which.
    """
    if "--nolock" in arguments:
        return False
    RUN_LOCK.parent.mkdir(exist_ok=True)
    file = open(RUN_LOCK, "a", encoding="utf-8")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise _in_use(_owner(), "Wait until it has ended: nothing of it was touched.") from None
    except OSError:  # a file system without locks: Snakemake's own must do
        return False
    stale = list(LOCKS.glob("*.lock"))
    if stale and "--unlock" not in arguments and (owner := _owner()).get("host") != platform.node():
        raise _in_use(
            owner, f"This host ({platform.node()}) cannot see whether it has ended. If it has, say "
            "`snakemake --unlock` once, then the same command; what is finished is kept.",
        )  # fmt: skip
    _held.append(file)
    for lock in stale:
        lock.unlink()
    note_owner(arguments)
    return bool(stale)


def note_owner(arguments: Sequence[str] = ()) -> None:
    """Write down who holds the folder, for the message that another run gets."""
    since, command = time.strftime("%Y-%m-%d %H:%M:%S"), shlex.join(["snakemake", *arguments])
    pieces.write_json(OWNER, {"host": platform.node(), "pid": os.getpid(), "since": since, "command": command})


def _owner() -> dict[str, Any]:
    """Return what the last owner noted; nothing where that cannot be read."""
    try:
        owner = json.loads(OWNER.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _in_use(owner: dict[str, Any], way_out: str) -> InputError:
    said = {name: owner.get(name, "unknown") for name in ("pid", "host", "since", "command")}
    return InputError(
        f"the folder {Path.cwd()} is in use: process {said['pid']} on {said['host']}, since {said['since']}: "
        f"`{said['command']}`. {way_out}"
    )


def require_none_left(folder: Path) -> None:
    """Raise unless no Slurm job of an earlier run of this folder is in the queue.

    Raises: InputError: with the ids, how to wait and how to cancel.
    """
    jobs = find_jobs(folder)
    if jobs:
        raise InputError(
            f"{len(jobs)} Slurm jobs of an earlier run of this folder are still in the queue, and would write the same "
            f"files. Wait until `squeue --me` no longer shows them, or cancel them; what is finished is kept: "
            f"scancel {' '.join(jobs)}"
        )


def find_jobs(folder: Path) -> list[str]:
    """Return the ids of this user's Slurm jobs that Snakemake submitted from a folder; none where there is no Slurm."""
    command = ["squeue", "--me", "--noheader", "--format=%F\t%k\t%Z"]  # job, comment, folder; an array is one job
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [line.split("\t") for line in answer.stdout.splitlines() if answer.returncode == 0]
    ours = [job for job, comment, where in rows if comment.startswith("rule_") and Path(where) == folder.resolve()]
    return [job for job in dict.fromkeys(ours) if job != OWN_JOB]


def lists(results: Path, patterns: tuple[str, ...] = PREPARED + RUNS) -> Iterator[Path]:
    """Give the lists that jobs wrote last, without their provenance (`shard-0.provenance.json`) and the
    records that a list of several methods names, which are no outputs."""
    named: set[Path] = set()
    for joint in results.glob(JOINT):
        with suppress(OSError, ValueError, KeyError, TypeError):  # nothing of a list that cannot be read
            listed = json.loads(joint.read_text(encoding="utf-8"))["pieces"]
            named |= {joint.parent / entry["path"] for entry in listed}
    records = (path for pattern in patterns for path in sorted(results.glob(pattern)))
    yield from (path for path in records if "." not in path.stem and path not in named)


def look_again(results: Path) -> int:
    """Make every job run whose settings Snakemake does not know; return how many there are, but those of tables."""
    if marks.DATABASE.exists():
        return 0
    forgotten = [path for path in lists(results) if not marks.is_remembered(path)]
    marks.make_again([*forgotten, *(path for path in outputs.products(results) if not marks.is_remembered(path))])
    return len(forgotten)


def require_after(workflow: Path) -> None:
    """Raise InputError if the clock shows a time before that of a file of the workflow: then the clock is wrong now.

    Args: workflow: the folder of rules, scripts, splits and package.
    """
    # no caches: those may be of a clock that was ahead
    sources = (path for path in workflow.rglob("*") if path.suffix in SOURCES)
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
    except OSError:  # gone, or a link to itself: what is damaged is told later, by name
        return 0.0
