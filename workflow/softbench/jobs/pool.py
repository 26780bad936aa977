"""One function over many items in fresh processes, with progress: the loop over cases inside a job."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

from softbench.errors import InputError
from softbench.jobs.progress import Log, Progress

VERSION = None  # processes
Result = TypeVar("Result")


def each(
    function: Callable[..., Result], items: Sequence[tuple[Any, ...]], *, workers: int, what: str, log: Log
) -> list[Result]:
    """Return `function(*item)` for every item, in the order of the items, whatever the number of workers.

    Args:
        function: at the top level of a module, so that another process can import it.
        items: arguments that can be pickled.
        workers: processes; with 1 everything runs in this one.
        what: first words of the progress lines.
        log: takes the progress lines.
    Raises: InputError: if a worker was killed, most likely for want of memory. What `function` raises is passed on.
    """
    progress = Progress(log, what, len(items), "cases", every_s=10)
    results: dict[int, Result] = {}
    for index, result in _finished(function, items, min(workers, len(items))):
        results[index] = result
        progress.at(len(results))
    return [results[index] for index in range(len(items))]


def _finished(function: Callable[..., Result], items: Sequence[Any], workers: int) -> Iterator[tuple[int, Result]]:
    if workers <= 1:
        yield from ((index, function(*item)) for index, item in enumerate(items))
        return
    # not `fork`: the parent may hold threads (a progress log, a BLAS), and a fork of those can hang
    context = multiprocessing.get_context("spawn")
    try:
        with _main_not_imported(), ProcessPoolExecutor(workers, context, _end_with_parent) as executor:
            index_of = {executor.submit(function, *item): index for index, item in enumerate(items)}
            for future in as_completed(index_of):
                yield index_of[future], future.result()
    except BrokenProcessPool as error:
        raise InputError(
            f"a worker of {workers} was killed, most likely for want of memory. Run again with fewer cores: "
            "what is finished is kept."
        ) from error


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
