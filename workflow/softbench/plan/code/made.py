"""What lies in results/ and which code made it: data sets, maps, soft labels, splits, weights and scores."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = {  # what a reader calls them -> the files that tell of their code, and the stages that may have made them
    "fetched sources": ("raw/*/manifest.code.json", ("fetch",)),
    "splits": ("splits/*/*.code.json", ("split",)),
    "data sets": ("data/*/provenance.json", ("prepare",)),
    "shards of maps": ("maps/*/*/shard-*.provenance.json", ("map",)),
    "soft labels": ("soft_labels/*/*/provenance.json", ("soften",)),
    "trained seeds": ("runs/*/*/*/seed-*/model.key.json", ("train",)),
    "scored seeds": ("runs/*/*/*/seed-*/scores.key.json", ("score", "sanity")),
    "ensembles": ("runs/*/*/*/ensemble/scores.key.json", ("ensemble",)),
}


def found(results: Path) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Give each result that says which code made it: what it is, its stages, and the hashes of that code.

    A data set, a map or a soft label names several where its cases were made at different times.
    """
    for what, (pattern, stages) in RESULTS.items():
        for path in results.glob(pattern):
            if code := _code(path):
                yield what, stages, code


def _code(path: Path) -> tuple[str, ...]:
    try:
        told: Any = json.loads(path.read_bytes()).get("code")
    except (OSError, ValueError, AttributeError):
        return ()
    return (told,) if isinstance(told, str) else tuple(told or ())
