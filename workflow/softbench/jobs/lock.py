"""One run at a time in a folder: a second one stops and names the first; a killed run blocks no later one.

The lock is the kernel's (`flock`), so that it goes with its process, however that ends, and no clock and no process
number can be mistaken. What Snakemake's own lock files say is then stale, unless a run on another host wrote them: not
every shared file system takes such locks across hosts, so these are left until a person says that the run has ended.

Nor do two jobs write the same output. A Snakemake that is killed alone leaves its jobs at work, and the next one starts
them again. So a local job ends when its Snakemake has ended. A job on a cluster goes on (its Snakemake there lives), so
each job also holds a lock, for which the same job of another run waits; then it finds the finished pieces.
"""

import fcntl
import json
import os
import platform
import re
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import psutil

from softbench.errors import InputError
from softbench.jobs import pieces

RUN = Path(".snakemake/run.lock")
OWNER = Path(".snakemake/owner.json")
LOCKS = Path(".snakemake/locks")
LOOKS = re.compile(  # options of calls that only look
    r"-[Fikpqrt]*n[Fikpqrt]*|-[lSDhv]|--(dry-?run|list.*|lint|help.*|version|summary|detailed-summary|report|dag|d3dag"
    r"|rulegraph|filegraph|print-compilation|generate-unit-tests|containerize|archive|export-cwl)(=.*)?"
)
_held: list[TextIO] = []  # open until this process ends


def is_run(arguments: Sequence[str]) -> bool:
    """Return whether a call of Snakemake may change the folder: a dry run, a report or a list only look."""
    return not any(LOOKS.fullmatch(argument) for argument in arguments)


def take(arguments: Sequence[str] = ()) -> bool:
    """Take the folder for this process until it ends; return whether Snakemake's lock of a killed run was removed.

    Args: arguments: of the call; `--nolock` takes nothing, `--unlock` says that a run on another host has ended.
    Raises: InputError: if another run is at work in the folder; the message says which.
    """
    if "--nolock" in arguments:
        return False
    RUN.parent.mkdir(exist_ok=True)
    file = open(RUN, "a", encoding="utf-8")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError(f"{_in_use_by(_owner())} Wait until it has ended: nothing of it was touched.") from None
    except OSError:  # a file system without locks: Snakemake's own must do
        return False
    stale = list(LOCKS.glob("*.lock"))
    if stale and "--unlock" not in arguments:
        _require_of_this_host(_owner())
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


def _in_use_by(owner: dict[str, Any]) -> str:
    said = {name: owner.get(name, "unknown") for name in ("pid", "host", "since", "command")}
    return (
        f"the folder {Path.cwd()} is in use: process {said['pid']} on {said['host']}, since {said['since']}: "
        f"`{said['command']}`."
    )


def _require_of_this_host(owner: dict[str, Any]) -> None:
    if owner.get("host") != platform.node():
        raise InputError(
            f"{_in_use_by(owner)} This host ({platform.node()}) cannot see whether it has ended. If it has, say "
            "`snakemake --unlock` once, then the same command; what is finished is kept."
        )


STARTER = "SOFTBENCH_SNAKEMAKE"  # in a job's environment: which Snakemake started it
LOOK_EVERY_S = 0.5


def sign() -> None:
    """Let the jobs of this Snakemake know it: called where it reads its rules."""
    os.environ[STARTER] = f"{_processes()} {os.getpid()}"


def _processes() -> str:
    """Name the table of processes: a number means a process on one host, and in one container, only."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = "pid"
    return f"{platform.node()} {space}"


def starter_is_gone() -> bool:
    """Return whether the Snakemake that started this job has ended; False where that cannot be seen from here."""
    processes, _, number = os.environ.get(STARTER, "").rpartition(" ")
    if processes != _processes():
        return False
    return int(number) not in [parent.pid for parent in psutil.Process().parents()]


def end_with_starter(log: Callable[[str], None]) -> None:
    """End this process soon after its Snakemake has."""

    def watch() -> None:
        while not starter_is_gone():
            time.sleep(LOOK_EVERY_S)
        try:
            log("STOPPED: Snakemake has ended; the same command goes on from here.")
        finally:  # also where the terminal is gone
            os._exit(1)

    if os.environ.get(STARTER, "").startswith(_processes()):
        threading.Thread(target=watch, daemon=True).start()


@contextmanager
def alone(path: Path, log: Callable[[str], None]) -> Iterator[None]:
    """Hold a job's lock, named after its log file; wait for it as long as another process works on the same output."""
    with open(path.with_name(f".{path.stem}.lock"), "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log("waits: a job of an earlier run is still at work on the same output.")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            log(f"goes on without a lock, which this file system has not ({error}).")
        yield
