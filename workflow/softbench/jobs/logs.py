"""A job from its start to its end: its lines go to its log file and to the terminal, and one message ends it.

No two jobs write the same output. A Snakemake that is killed alone leaves its jobs at work, and the next one starts
them again. So a local job ends when its Snakemake has ended. A job on a cluster goes on (its Snakemake there lives), so
each job also holds a lock, for which the same job of another run waits; then it finds the finished pieces. Nor does a
job write while the clock shows a time before the run's start: Snakemake decides by the times of files.
"""

import fcntl
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from softbench.errors import InputError, TimeLimitError
from softbench.jobs import fork_server, storage

BEGAN = "SOFTBENCH_BEGAN"  # in a job's environment: when its Snakemake started, seconds since 1970
SKEW_S = 60.0  # hosts of a cluster may differ by less
STARTER = "SOFTBENCH_SNAKEMAKE"  # in a job's environment: which Snakemake started it
LOOK_EVERY_S = 0.5


@contextmanager
def job(path: str) -> Iterator[Callable[[str], None]]:
    """Give a job its `log` and end it with one message where the input cannot be used.

    Scripts import below it what costs time: where the run has a process that has imported it, a fork of that process
    carries out the script from its first line, and this one waits and ends here (`fork_server`).

    Args:
        path: the rule's log file; it is begun anew.
    Yields: a function that writes a line to the file and to the terminal.
    """
    fork_server.hand_over()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    name = Path(path).with_suffix("").as_posix().removeprefix("results/logs/")

    def show(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    with alone(Path(path), show), open(path, "wb", buffering=0) as file:

        def keep(text: str) -> None:
            with suppress(OSError):  # a log that cannot be written, on a full disk, stops no job
                file.write(text.encode())

        def log(line: str) -> None:
            show(line)
            keep(f"{time.strftime('%H:%M:%S')} {line}\n")

        end_with_starter(log)
        try:
            with ending_at_interrupt(log):
                require_onward()
                yield log
                require_onward()
        except InputError as error:
            log(f"ERROR: {error}")
            sys.exit(1)
        except TimeLimitError as error:
            log(f"STOPPED: {error}")
            sys.exit(1)
        except BaseException as error:
            if message := storage.explained(error):
                log(f"ERROR: {message}")
                sys.exit(1)
            keep(traceback.format_exc())
            raise


@contextmanager
def ending_at_interrupt(log: Callable[[str], None]) -> Iterator[None]:
    """End this process with one line at Ctrl-C, which reaches every job; its files are whole or not there.

    No exception is raised: one that comes up within compiled code ends in tracebacks of numba and torch.
    """

    def stop(number: int, frame: object) -> None:
        try:
            log("STOPPED by Ctrl-C: what is finished is kept, and the same command goes on from here.")
        finally:  # also where the line cannot be written
            os._exit(1)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # the process that clears semaphores away behind a pool would warn of them: Python starts it with these options
    sys.warnoptions.append("ignore:resource_tracker")
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        sys.warnoptions.remove("ignore:resource_tracker")


def sign() -> None:
    """Let the jobs of this Snakemake know it: called where it reads its rules."""
    os.environ[STARTER] = f"{_processes()} {os.getpid()}"
    if os.environ.get(fork_server.PLACE) != fork_server.OFF:
        os.environ.pop(fork_server.PLACE, None)  # that of a Snakemake above: on another host, or of other limits


def _processes() -> str:
    """Name the table of processes: a number means a process on one host, and in one container, only."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = "pid"
    return f"{platform.node()} {space}"


def starter_is_gone() -> bool:
    """Return whether the Snakemake that started this job has ended; False where that cannot be seen from here."""
    import psutil  # not where another process carries out the job

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
