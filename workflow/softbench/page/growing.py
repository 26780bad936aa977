"""The page of a run while it goes on: each finished table writes it anew, so that it is there early and grows.

What the page shows is noted when a run begins, for a job of one table knows no other. The page is the one that
the last job of the run writes too; until then it is dated back, so that Snakemake never takes it for that one.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from softbench import provenance
from softbench.page import report
from softbench.plan.paths import INDEX_NOTE as NOTE

LOCK = Path(".snakemake", "softbench", "index.lock")
PAGE = Path("results", "report", "index.html")
LONG_AGO = (0.0, 0.0)  # access and change, seconds since 1970


def write(log: Callable[[str], None]) -> None:
    """Write the page with the tables that are finished; say so and go on where that fails: no number is lost.

    Args:
        log: takes a line.
    """
    if not NOTE.exists():
        return
    try:
        with _alone():
            shown = json.loads(NOTE.read_text(encoding="utf-8"))
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
