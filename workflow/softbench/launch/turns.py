"""Jobs take turns: two processes never write the same output, and none outlives the Snakemake that started it.

A Snakemake that is killed alone leaves its jobs at work, and the next one starts them again. A local job therefore ends
when its Snakemake has gone, as if it had been killed too. A job on a cluster goes on (its Snakemake there lives), so
each job also holds a lock (`flock`), for which the same job of another run waits; then it finds the finished pieces.
"""

import fcntl
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

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
        finally:  # whether or not there is still somebody to tell
            os._exit(1)

    if os.environ.get(STARTER, "").startswith(_processes()):
        threading.Thread(target=watch, daemon=True).start()


@contextmanager
def alone(path: Path, log: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock beside a job's log file; wait for it as long as another process works on the same output."""
    with open(path.with_name(f".{path.stem}.lock"), "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log("waits: a job of an earlier run is still at work on the same output.")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            log(f"goes on without a lock, which this file system has not ({error}).")
        yield
