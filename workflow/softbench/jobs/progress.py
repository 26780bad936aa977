"""Progress lines, durations and sizes in words, and one function over many cases in several processes."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

from softbench.errors import InputError

VERSION = None  # lines of the log
Log = Callable[[str], None]
FORKS = sys.platform == "linux"  # elsewhere a fork of a process that has imported much is not safe
EARLY = set[str]()  # modules that the process of `import_early` imports
KEEP = ((-4, 0), (-1, 2**31 - 1))  # M_MMAP_MAX: no block apart from the heap; M_TRIM_THRESHOLD: what it keeps, bytes
Result = TypeVar("Result")


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


def each(
    function: Callable[..., Result],
    items: Sequence[tuple[Any, ...]],
    *,
    workers: int,
    what: str,
    log: Log,
    imported: bool = False,
) -> list[Result]:
    """Return `function(*item)` for every item, in the order of the items, whatever the number of workers.

    Args:
        function: at the top level of a module, so that another process can import it.
        items: arguments that can be pickled.
        workers: processes; with 1 everything runs in this one.
        what: first words of the progress lines.
        log: takes the progress lines.
        imported: whether workers get what `import_early` imported, where it could; else each imports it for itself.
    Raises: InputError: if a worker was killed, most likely for want of memory. What `function` raises is passed on.
    """
    progress = Progress(log, what, len(items), "cases", every_s=10)
    results: dict[int, Result] = {}
    context = multiprocessing.get_context("forkserver" if imported and EARLY else "spawn")
    for index, result in _finished(function, items, min(workers, len(items)), context):
        results[index] = result
        progress.at(len(results))
    return [results[index] for index in range(len(items))]


def import_early(module: str) -> None:
    """Import a module in a process of its own, which goes on while this one works, for the workers of `each`.

    The module must start no thread: the workers are forks of that process, which does nothing else.
    """
    if not FORKS:
        return
    forkserver.set_forkserver_preload([module])
    with contextlib.suppress(OSError), _main_not_imported():  # its socket does not fit below a long TMPDIR
        forkserver.ensure_running()
        EARLY.add(module)


def _finished(
    function: Callable[..., Result], items: Sequence[Any], workers: int, context: BaseContext
) -> Iterator[tuple[int, Result]]:
    if workers <= 1:
        yield from ((index, function(*item)) for index, item in enumerate(items))
        return
    # the context is not `fork`: this process may hold threads (a progress log, a BLAS), and a fork of those can hang
    try:
        with _main_not_imported(), ProcessPoolExecutor(workers, context, _begin_worker) as executor:
            index_of = {executor.submit(function, *item): index for index, item in enumerate(items)}
            for future in as_completed(index_of):
                yield index_of[future], future.result()
    except BrokenProcessPool as error:
        raise InputError(
            f"a worker of {workers} was killed, most likely for want of memory. Run again with fewer cores: "
            "what is finished is kept."
        ) from error


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the job, and with it its workers
    _end_with_parent()
    keep_memory()


def keep_memory() -> None:
    """Keep what this process frees for what it does next: memory from the system costs more to get than to fill."""
    if sys.platform == "linux":
        mallopt: Any = getattr(ctypes.CDLL(None), "mallopt", None)  # of glibc
        for option, value in KEEP if mallopt else ():
            mallopt(option, value)


def _end_with_parent() -> None:
    """End this worker when the process that started it is gone: after a kill it would wait for work for ever."""

    def watch() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _main_not_imported() -> Iterator[None]:
    """Hide the file of `__main__`: a spawned worker imports it, and an unguarded Snakemake script would run again."""
    main = sys.modules["__main__"]
    hidden = {name: main.__dict__.pop(name) for name in ("__file__",) if name in main.__dict__}
    spec, main.__spec__ = getattr(main, "__spec__", None), None
    try:
        yield
    finally:
        main.__dict__.update(hidden)
        main.__spec__ = spec
