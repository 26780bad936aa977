"""Which code made a piece: what a dear job reaches, written once by its content, and its hash into the piece's record.

A circumstance: no rule's input or parameter, in no key and in no manifest. `notice` compares it with the code as it is.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages

FOLDER = Path("results", "logs", "code")
CACHE = Path(".snakemake", "softbench", "modules.json")
WORKFLOW = Path(__file__).parents[3]

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

Modules = dict[str, tuple[int, str]]  # path -> VERSION, fingerprint


def note(*stages: str, folder: Path = FOLDER, **named: Any) -> str:
    """Write down the code of this job's stages, and let its pieces name it.

    Args:
        stages: names of `Stages.entries`; a job may have several.
        folder: gets `<hash>.json`: each module with its VERSION and fingerprint, and which of them each stage reaches.
        named: what they load by name, as `Stages.entries` takes it.
    Returns: the hash.
    """
    from softbench.jobs import pieces  # numpy, which a plan need not wait for

    code = Code(WORKFLOW, CACHE)
    reached = {stage: modules_of(code, *Stages(code).entries(stage, **named)) for stage in stages}
    modules = {path: facts for of_stage in reached.values() for path, facts in of_stage.items()}
    content = {"modules": modules, "stages": {stage: sorted(of_stage) for stage, of_stage in reached.items()}}
    name = pieces.key_of(**content)[:32]
    if not (folder / f"{name}.json").exists():
        pieces.write_json(folder / f"{name}.json", content)
    os.environ[pieces.MADE_BY] = name  # so that worker processes know it, too
    return name


def beside(path: Path, *stages: str, **named: Any) -> None:
    """Write down the code of a job that makes no pieces, in a file of its own: of `x.csv`, `x.code.json`."""
    from softbench.jobs import pieces

    pieces.write_json(path.with_suffix(".code.json"), {"code": note(*stages, **named)})


def modules_of(code: Code, *entries: str) -> Modules:
    """Return the modules that some entries reach and that decide numbers, with their VERSION and fingerprint."""
    known = ((path, code.facts[path]) for path in sorted(code.reached(*entries)))
    return {path: (facts.version, facts.fingerprint) for path, facts in known if facts.version is not None}


def read(name: str, folder: Path = FOLDER) -> dict[str, Modules]:
    """Return the modules of each stage that a hash names; nothing where its file is missing or cannot be read."""
    try:
        content = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        modules = {path: (int(version), str(mark)) for path, (version, mark) in content["modules"].items()}
        return {stage: {path: modules[path] for path in paths} for stage, paths in content["stages"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def results_made(results: Path) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
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
