"""How many cores other programs keep busy while a benchmark runs, from what the kernel counts (Linux)."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")
BUSY = slice(0, 8)  # of the fields of its first line: all but guests, which user time has in it
IDLE = slice(3, 5)  # idle, and waiting for a disk
SHORT_S = 0.5  # rows that follow one another so soon are of one measurement


@dataclass(frozen=True)
class Reading:
    """Seconds so far: on the clock, those of all cores at work, and those of this process and its ended children."""

    clock: float
    of_all: float
    ours: float


def read() -> Reading | None:
    """Return what the kernel counts now; None where it cannot be read."""
    try:
        fields = [int(field) for field in STAT.read_text(encoding="utf-8").splitlines()[0].split()[1:]]
    except (OSError, ValueError, IndexError):
        return None
    busy = (sum(fields[BUSY]) - sum(fields[IDLE])) / os.sysconf("SC_CLK_TCK")
    return Reading(time.monotonic(), busy, sum(os.times()[:4]))


def others(before: Reading, after: Reading) -> float:
    """Return how many cores others kept busy between two readings, on average.

    A process that was started here and has not ended counts as another program.
    """
    seconds = after.clock - before.clock
    return max(0.0, (after.of_all - before.of_all) - (after.ours - before.ours)) / seconds


class Load:
    """What other programs did since the row before."""

    def __init__(self) -> None:
        """Begin now."""
        self._before, self._cores = read(), None

    def cores(self) -> float | None:
        """Return how many cores other programs kept busy since the last call; None where that is unknown.

        Calls that follow one another at once, for rows of one measurement, get the same.
        """
        now = read()
        if now is None or self._before is None:
            return None
        if self._cores is None or now.clock - self._before.clock >= SHORT_S:
            self._cores = others(self._before, now) if now.clock > self._before.clock else None
            self._before = now
        return self._cores
