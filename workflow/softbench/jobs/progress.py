"""Progress in words: how much is done, how long the rest takes, and how durations and sizes are written."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

VERSION = None  # lines of the log
Log = Callable[[str], None]


@dataclass
class Progress:
    """Counts towards `total` and logs a line at most every `every_s` seconds, and one at the end.

    Attributes:
        log: takes a line.
        what: first words of each line.
        total: how much there is; None where unknown.
        unit: of the count, e.g. "cases" or "MB".
        scale: divides the count for display, e.g. 1e6 for bytes shown in MB.
        skipped: what was done before the start and took no time now (a download that resumes).
    """

    log: Log
    what: str
    total: float | None
    unit: str
    scale: float = 1
    skipped: float = 0
    every_s: float = 5
    _start: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)

    def at(self, done: float) -> None:
        """Say that `done` of the total is done."""
        now = time.monotonic()
        if done != self.total and now - self._last < self.every_s:
            return
        self._last = now
        self.log(self.line(done, now - self._start))

    def line(self, done: float, elapsed_s: float) -> str:
        """Return the line for `done` after `elapsed_s` seconds."""
        if self.total is None:
            return f"{self.what}: {done / self.scale:.0f} {self.unit}"
        text = f"{self.what}: {done / self.scale:.0f} of {self.total / self.scale:.0f} {self.unit}"
        if done >= self.total:
            return f"{text}, {duration(elapsed_s)}"
        pace = (done - self.skipped) / elapsed_s if elapsed_s > 0 else 0
        return f"{text}, about {duration((self.total - done) / pace)} left" if pace > 0 else text


def duration(seconds: float) -> str:
    """Write a duration as people say it: `8 s`, `3 min`, `2.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def gib(number: float) -> str:
    """Return bytes in GiB, with one more digit below one."""
    value = number / 2**30
    return f"{value:.1f} GiB" if value >= 1 else f"{value:.2f} GiB"


def grid(lengths: Sequence[int]) -> str:
    """Return lengths as "128 x 192 x 192"."""
    return " x ".join(map(str, lengths))
