"""What Snakemake remembers of an output, and how it is told to make one again.

Snakemake keeps a record of each output that it made (settings, inputs, times), and a mark of each that a job is at work
on. With `rerun-incomplete`, which the default profile sets, an output with such a mark is made again, whatever the
times of files say, if what was asked for depends on it. So to make an output again is to write this mark.
"""

import base64
import json
import os
from collections.abc import Iterable
from pathlib import Path

VERSION = None  # what Snakemake decides by
MEMORY = Path(".snakemake/metadata")
UNFINISHED = Path(".snakemake/incomplete")
DATABASE = Path(".snakemake/metadata.db")  # where Snakemake was told to keep its memory in one file
LONGEST_NAME = 254  # of a file; a longer one is cut into folders


def record_of(path: Path, kind: Path = MEMORY) -> Path:
    """Return where Snakemake keeps its record of an output, or the mark of one that is not finished (`UNFINISHED`)."""
    name = base64.urlsafe_b64encode(str(path).encode()).decode()
    parts = [name[start : start + LONGEST_NAME] for start in range(0, len(name), LONGEST_NAME)]
    return kind.joinpath(*("@" + part for part in parts[:-1]), parts[-1])


def is_remembered(path: Path) -> bool:
    """Return whether there is a whole record of an output."""
    try:
        return bool(json.loads(record_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def made_at(path: Path) -> float:
    """Return when an output was made, seconds since 1970, as Snakemake noted it; 0 where it noted nothing."""
    if DATABASE.exists():
        return DATABASE.stat().st_mtime
    try:
        return float(json.loads(record_of(path).read_text(encoding="utf-8"))["endtime"] or 0)
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def is_unfinished(path: Path) -> bool:
    """Return whether an output is marked as one that a job is, or was, at work on."""
    return record_of(path, UNFINISHED).exists()


def make_again(paths: Iterable[Path]) -> None:
    """Let the jobs of some outputs run, where what is asked for depends on them; one that is missing is put there
    empty, because Snakemake looks at marks of files that are there alone."""
    for path in paths:
        if not os.path.lexists(path):
            path.touch()
        mark = record_of(path, UNFINISHED)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text('{"external_jobid": null}', encoding="utf-8")


def forget_empty(paths: Iterable[Path]) -> None:
    """Delete those of the outputs that `make_again` put there and no job made, with their marks."""
    for path in paths:
        if is_unfinished(path) and path.is_file() and path.stat().st_size == 0:
            path.unlink()
            record_of(path, UNFINISHED).unlink()
