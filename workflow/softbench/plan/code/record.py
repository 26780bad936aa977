"""Record which code made a piece: the modules that an expensive job imports, in a file that the record names.

A circumstance: no rule's input or parameter, in no key and in no manifest.

As a run begins it is compared with the code as it is. A result counts as touched where a module that its stage reached
has another fingerprint now and the same VERSION. Where any VERSION of its stage was raised it is made anew anyway, and
where somebody said that a change moves no number (`keep`) it is as good as unchanged; of both nothing is told. A result
of before this record was kept tells nothing.
"""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan.code.deciding import Job, deciding
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
    "soft labels": ("soft_labels/*/*/provenance.json", ("soften", "pack")),
    "trained seeds": ("runs/*/*/*/seed-*/model.key.json", ("train",)),
    "scored seeds": ("runs/*/*/*/seed-*/scores.key.json", ("score", "sanity")),
    "seeds of teachers": ("teachers/*/*/fold-*/seed-*/model.key.json", ("train",)),
    "predictions of teachers": ("teachers/*/*/provenance.json", ("teach",)),
    "tried settings": ("runs/*/*/*/seed-*/tried.key.json", ("try",)),
    "rater studies": ("rater_study/*/manifest.code.json", ("raters",)),
    "rater laboratory": ("rater_laboratory/manifest.code.json", ("laboratory",)),
    "ensembles": ("runs/*/*/*/ensemble/scores.key.json", ("ensemble",)),
    "post-hoc scores": ("runs/*/*/*/posthoc/seed-*/*.key.json", ("posthoc",)),
}

KEPT = "kept.json"  # beside the records: pairs of fingerprints of a module that give the same numbers
RAISED = re.compile(r"^VERSION(: int)? = (\d+)", re.MULTILINE)

Modules = dict[str, tuple[int, str]]  # path -> VERSION, fingerprint
Touched = dict[str, Counter[str]]  # module -> what was made of its earlier code -> how many
Pairs = dict[str, list[list[str]]]  # module -> fingerprints, two and two


def note(*stages: str, folder: Path = FOLDER, job: Job | None = None, files: Iterable[Path] = (), **named: Any) -> str:
    """Write down the code of this job's stages, let its pieces name it, and note all files that decide it.

    Args:
        stages: names of `Stages.entries`; a job may have several.
        job: Snakemake's, whose rule, config and inputs decide it, too.
        files: more that do.
        folder: gets `<hash>.json`: each module with its VERSION and fingerprint, and which of them each stage reaches.
        named: what they load by name, as `Stages.entries` takes it.
    Returns: the hash.
    """
    from softbench.jobs import pieces, sources  # numpy, which a plan need not wait for

    code = Code(WORKFLOW, CACHE)
    decides = deciding(code, stages, job, named)
    sources.note([*decides.files, *files], decides.records, decides.assigned)
    reached = {stage: list_modules(code, *Stages(code).entries(stage, **named)) for stage in stages}
    modules = {path: facts for of_stage in reached.values() for path, facts in of_stage.items()}
    content = {"modules": modules, "stages": {stage: sorted(of_stage) for stage, of_stage in reached.items()}}
    name = pieces.key_of(**content)[:32]
    if not (folder / f"{name}.json").exists():
        pieces.write_json(folder / f"{name}.json", content)
    os.environ[pieces.MADE_BY] = name  # so that worker processes know it, too
    return name


def beside(path: Path, *stages: str, **named: Any) -> None:
    """Write down the code of a job that makes no pieces, in a file of its own: of `x.csv`, `x.code.json`."""
    from softbench.jobs import pieces, sources

    record, name = path.with_suffix(".code.json"), note(*stages, **named)
    pieces.write_json(record, {"code": name, **sources.write(record)})


def list_modules(code: Code, *entries: str) -> Modules:
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


def lines(results: Path, code: Code) -> list[str]:
    """Return what to say as a run begins; nothing where all results are of the code as it is."""
    touched = find(results, code)
    if not touched:
        return []
    told = [f"  {path} ({_counted(counts)})" for path, counts in touched.items()]
    return [
        "The code of these modules has changed since it made results that lie here, but their VERSION has not:",
        *told,
        "If numbers change: `softbench code raise` raises these VERSIONs, and this command makes the results anew.",
        "If none changes: `softbench code keep` says so, and this is not told again.",
    ]


def find(results: Path, code: Code) -> Touched:
    """Return the modules that changed under results of theirs, and how many results."""
    kept = _kept(results)
    known: dict[tuple[str, tuple[str, ...]], frozenset[str]] = {}
    touched: Touched = defaultdict(Counter)
    for what, stages, names in results_made(results):
        changed: set[str] = set()
        for name in names:
            if (name, stages) not in known:
                known[name, stages] = _changed(_recorded(results, name, stages), code, kept)
            changed |= known[name, stages]
        for path in changed:
            touched[path][what] += 1
    return dict(sorted(touched.items()))


def keep(results: Path, code: Code) -> list[str]:
    """Note that the changed modules give the numbers that they gave; return them."""
    from softbench.jobs import pieces

    touched, kept = find(results, code), _kept(results)
    names = {(name, stages) for _, stages, of_result in results_made(results) for name in of_result}
    recorded = [_recorded(results, name, stages) for name, stages in names]
    for path in touched:
        now = code.own_fingerprint(path)
        before = {modules[path][1] for modules in recorded if path in modules} - {now}
        kept[path] = sorted([*kept.get(path, []), *([earlier, now] for earlier in before)])
    if touched:
        pieces.write_json(_folder(results) / KEPT, kept)
    return list(touched)


def raise_versions(results: Path, code: Code) -> list[str]:
    """Raise the VERSION of each changed module in its file by one; return them.

    Raises: InputError: if a file has no line such as `VERSION = 2`.
    """
    touched = find(results, code)
    for path in touched:
        file = code.workflow / path
        text, count = RAISED.subn(lambda line: f"VERSION{line[1] or ''} = {int(line[2]) + 1}", file.read_text("utf-8"))
        if count != 1:
            raise InputError(f"{file} must have one line `VERSION = ...`, but has {count}. Raise it by hand.")
        file.write_text(text, encoding="utf-8")
    return list(touched)


def _changed(modules: Modules, code: Code, kept: Pairs) -> frozenset[str]:
    """Return the modules whose code is another at the same VERSION; none where any has another VERSION."""
    there = {path: code.facts[path] for path in modules if path in code.facts}
    if any(there[path].version != modules[path][0] for path in there):
        return frozenset()
    marks = {path: (modules[path][1], facts.fingerprint) for path, facts in there.items()}
    return frozenset(path for path, (before, now) in marks.items() if not _same(kept.get(path, []), before, now))


def _same(pairs: Iterable[list[str]], before: str, now: str) -> bool:
    """Return whether steps that move no number lead from one fingerprint to the other."""
    reached, grows = {before}, True
    while grows:
        new = {mark for pair in pairs if reached & set(pair) for mark in pair} - reached
        reached |= new
        grows = bool(new)
    return now in reached


def _recorded(results: Path, name: str, stages: tuple[str, ...]) -> Modules:
    reached = read(name, _folder(results))
    return {path: facts for stage in stages for path, facts in reached.get(stage, {}).items()}


def _kept(results: Path) -> Pairs:
    try:
        kept: Pairs = json.loads((_folder(results) / KEPT).read_text(encoding="utf-8"))
        return kept if isinstance(kept, dict) else {}
    except (OSError, ValueError):
        return {}


def _folder(results: Path) -> Path:
    return results / "logs" / "code"


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in counts.items())
