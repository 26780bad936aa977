"""The page of a run while it goes on: each finished table writes it anew, so that it is there early and grows.

What the page shows is noted when a run begins, for a job of one table knows no other; a run that does not end with this
page notes nothing. The page is the one that the last job of the run writes too; until then it is dated back. One that a
run left so, because it broke off, is deleted when the next begins: Snakemake would take it for that of the last job.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from softbench.jobs import provenance
from softbench.page import report
from softbench.plan.paths import INDEX as PAGE
from softbench.plan.paths import INDEX_NOTE as NOTE
from softbench.plan.paths import LONG_AGO

LOCK = Path(".snakemake", "softbench", "index.lock")


def write(log: Callable[[str], None]) -> None:
    """Write the page with the tables that are finished; say so and go on where that fails: no number is lost.

    Args:
        log: takes a line.
    """
    try:
        shown = json.loads(NOTE.read_text(encoding="utf-8")) if NOTE.exists() else None
        if shown is None:
            return
        with _alone():
            report.write(PAGE, **shown, provenance={"commit": provenance.commit(), **provenance.versions()})
            os.utime(PAGE, LONG_AGO)
    except Exception as error:
        log(f"{PAGE} was not written: {type(error).__name__}: {error}")


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other job writes the page."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with open(LOCK, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
