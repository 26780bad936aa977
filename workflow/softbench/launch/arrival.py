"""Results of which Snakemake remembers nothing: copied without `.snakemake`, or it was deleted, or a record is cut.

Snakemake then knows no settings of those jobs, and a changed one would change nothing: old numbers under new settings.
So the lists of what jobs prepared are deleted, and those of runs dated before everything: each of these jobs looks
again, finds its finished pieces by their keys, and makes what is missing or of other settings.
"""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MEMORY = Path(".snakemake/metadata")
DATABASE = Path(".snakemake/metadata.db")  # where Snakemake was told to keep its memory in one file
PREPARED = ("data/*/manifest.json", "maps/*/*/shard-*.json", "soft_labels/*/*/manifest.json")
JOINT = "runs/*/*/sanity.json"  # lists records that are called like batches
RUNS = ("runs/*/*/*/batch-*.json", JOINT, "runs/*/*/ensembles.json")
LONGEST_NAME = 254  # of a file; a longer one is cut into folders


def lists(results: Path, patterns: tuple[str, ...] = PREPARED + RUNS) -> Iterator[Path]:
    """Give the lists that jobs wrote last, without the circumstances beside them (`shard-0.provenance.json`) and the
    records that a list of several methods names, which are no outputs."""
    named = set(_named(results))
    found = (path for pattern in patterns for path in sorted(results.glob(pattern)))
    yield from (path for path in found if "." not in path.stem and path not in named)


def _named(results: Path) -> Iterator[Path]:
    """Give the records that lists of several methods name; nothing of a list that cannot be read."""
    for path in results.glob(JOINT):
        with suppress(OSError, ValueError, KeyError, TypeError):
            yield from [path.parent / one["path"] for one in json.loads(path.read_text(encoding="utf-8"))["pieces"]]


def look_again(results: Path) -> int:
    """Make every job run whose settings Snakemake does not know; return how many there are."""
    if DATABASE.exists():
        return 0
    prepared = [path for path in lists(results, PREPARED) if not _is_remembered(path)]
    runs = [path for path in lists(results, RUNS) if not _is_remembered(path)]
    for path in prepared:
        path.unlink()
    for path in runs:
        os.utime(path, (0, 0))
    return len(prepared) + len(runs)


def _is_remembered(path: Path) -> bool:
    try:
        return bool(json.loads(record_of(path).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def record_of(path: Path) -> Path:
    """Return where Snakemake keeps its record of an output."""
    name = base64.urlsafe_b64encode(str(path).encode()).decode()
    parts = [name[start : start + LONGEST_NAME] for start in range(0, len(name), LONGEST_NAME)]
    return MEMORY.joinpath(*("@" + part for part in parts[:-1]), parts[-1])
