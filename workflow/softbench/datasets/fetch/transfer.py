"""Many files at once, politely: a few at a time, one line on all of them, and an end when one is asked for."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from softbench.errors import InputError
from softbench.jobs.progress import Log, duration

VERSION = 1
DOWNLOADS = 4  # at once; SOFTBENCH_DOWNLOADS overrides it
FAILURES = 4  # files that may fail before no further one is begun: most likely the line is down
EVERY_S = 5.0  # between progress lines


class StoppedError(Exception):
    """The fetch ends for another reason than this download."""


def downloads() -> int:
    """Return how many downloads may run at once; raise `InputError` if SOFTBENCH_DOWNLOADS is no number from 1 on."""
    text = os.environ.get("SOFTBENCH_DOWNLOADS", str(DOWNLOADS))
    if not text.isdigit() or int(text) < 1:
        raise InputError(f"SOFTBENCH_DOWNLOADS must be a whole number from 1 on, but is {text!r}.")
    return int(text)


class Transfer:
    """What is known of all files of a fetch together; its methods may be called from several threads.

    Attributes:
        what: first words of each line.
        files: how many there are.
        done: how many of them are there; begins with those of an earlier run.
    """

    def __init__(self, what: str, files: int, done: int, log: Log) -> None:
        self.what, self.files, self.done = what, files, done
        self._log, self._lock, self._stop = log, threading.Lock(), threading.Event()
        self._missing = files - done
        self._start = self._last = time.monotonic()
        self._sizes: dict[str, int] = {}  # of the files that were begun and whose size is known
        self._bytes: dict[str, float] = {}
        self._skipped: dict[str, int] = {}

    def meter(self, name: str, size: int | None, skipped: int) -> "_Share":
        """Begin a file (again); return what is told how far it is."""
        with self._lock:
            if size is not None:
                self._sizes[name] = size
            self._skipped[name] = skipped
            self._bytes[name] = skipped
        return _Share(self, name)

    def at(self, name: str, done: float) -> None:
        """Say that so many bytes of a file are there; raise `StoppedError` if all is to end."""
        self._require_going()
        with self._lock:
            self._bytes[name] = done
            self._say()

    def finish(self) -> None:
        """Say that one more file is there."""
        with self._lock:
            self.done += 1
            self._say(at_once=self.done == self.files)

    def wait(self, seconds: float) -> None:
        """Sleep; raise `StoppedError` if all is to end."""
        self._stop.wait(seconds)
        self._require_going()

    def stop(self) -> None:
        """End all downloads at their next block."""
        self._stop.set()

    def _require_going(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _say(self, at_once: bool = False) -> None:
        now = time.monotonic()
        if at_once or now - self._last >= EVERY_S:
            self._last = now
            self._log(self.line(now - self._start))

    def line(self, elapsed_s: float) -> str:
        """Return the line after so many seconds; sizes that no server has told yet count as the mean of the others."""
        arrived = sum(self._bytes.values())
        unknown = self._missing - len(self._sizes)
        known = sum(self._sizes.values())
        total = known + unknown * known / len(self._sizes) if self._sizes else None
        text = f"{self.what}: {self.done} of {self.files} files"
        if not self._bytes:  # from a mirror on this machine
            return text
        text += f", {arrived / 1e9:.2f}"
        if total is not None:
            text += f" of {'about ' if unknown else ''}{total / 1e9:.2f}"
        if self.done == self.files:
            return f"{text} GB, {duration(elapsed_s)}"
        came = arrived - sum(self._skipped.values())
        pace = came / elapsed_s if elapsed_s > 0 else 0
        return f"{text} GB, about {duration((total - arrived) / pace)} left" if total and pace > 0 else f"{text} GB"


@dataclass(frozen=True)
class _Share:
    """One file of a transfer."""

    transfer: Transfer
    name: str

    def at(self, done: float) -> None:
        """Say that so many bytes of this file are there."""
        self.transfer.at(self.name, done)


def each(names: Sequence[str], bring: Callable[[str], None], transfer: Transfer) -> dict[str, InputError]:
    """Call `bring` for every name, a few at once; return those that failed, with their errors.

    After `FAILURES` failures no further one is begun. Any other exception, and a keyboard interrupt, ends all.
    """
    failed: dict[str, InputError] = {}

    def attempt(name: str) -> None:
        if len(failed) >= FAILURES:
            return
        try:
            bring(name)
        except InputError as error:
            failed[name] = error

    with ThreadPoolExecutor(downloads()) as executor:
        futures = [executor.submit(attempt, name) for name in names]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            transfer.stop()
            executor.shutdown(cancel_futures=True)
            raise
    return failed
