"""Which source files decide what a job makes: code, its rule, what that names, config, splits, and records of inputs.

Of config these are the files in which a value of the job's own entries was written (its experiment, method, network,
data set, soft label, map), and no others: config.yaml also holds what decides no number, such as `mirror`.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from softbench.plan import forms
from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages
from softbench.plan.places import ASSIGNED, Node, plain
from softbench.plan.rule_files import RULE

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

INDEX = "SOFTBENCH_CONFIG_FILES"  # in a job's environment: names the file that `note_config` wrote
NOTES = Path(".snakemake", "softbench")
PLANS = "softbench/plan/bridge.py"  # what it reaches hands config to the job
ALWAYS = ("Snakefile", "workflow/plan.smk")
RESULTS = "results"
QUOTED = re.compile(r"[\"']([^\"'\n]+)[\"']")
Written = tuple[set[str], dict[str, Any]]  # files, and values of --config by their place


class Job(Protocol):
    """What Snakemake tells a script of its job."""

    @property
    def rule(self) -> str:
        """Return the name of its rule."""

    @property
    def input(self) -> Iterable[str]:
        """Return the paths of its inputs."""

    @property
    def wildcards(self) -> Any:
        """Return its wildcards, with `items`."""


@dataclass(frozen=True)
class Called:
    """The same of a command that a rule calls."""

    rule: str
    input: Iterable[str] = ()
    wildcards: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Deciding:
    """The files that decide a job, the records of its inputs, and values of `--config` by their place."""

    files: list[Path]
    records: list[Path]
    assigned: dict[str, Any]


def deciding(code: Code, stages: Iterable[str], job: Job | None, named: Mapping[str, Any]) -> Deciding:
    """Return what decides a job.

    Args:
        code: of the suite.
        stages, named: as `Stages.entries` takes them.
        job: Snakemake's; None: only the code counts.
    Raises: InputError: as `Stages.entries`.
    """
    suite = code.workflow.parent
    entries = [entry for stage in stages for entry in Stages(code).entries(stage, **named)]
    reached = code.reached(*entries, *([PLANS] if PLANS in code.facts else []))
    files = [code.workflow / path for path in sorted(reached)]
    if job is None:
        return Deciding(files, [], {})
    files += [suite / name for name in ALWAYS]
    files += [path for rule in (job.rule, f"soften_{named.get('recipe')}") for path in of_rule(suite, rule)]
    given = [Path(path) for path in job.input]
    files += [path for path in given if path.parts[:1] != (RESULTS,) and path.is_file()]
    written, assigned = of_config(job.wildcards.items())
    records = [record for path in given if path.parts[:1] == (RESULTS,) for record in list_records(path)]
    return Deciding(files + [suite / path for path in sorted(written)], list(dict.fromkeys(records)), assigned)


def of_rule(suite: Path, rule: str) -> Iterator[Path]:
    """Give the file of a rule and the files that its text names: a script, an environment, a program."""
    for path in [suite / "Snakefile", *sorted((suite / "workflow" / "rules").rglob("*.smk"))]:
        _, *parts = RULE.split(path.read_text(encoding="utf-8")) if path.exists() else [""]
        texts = dict(zip(parts[::2], parts[1::2], strict=True))
        if rule in texts:
            yield path
            said = [word for text in QUOTED.findall(texts[rule]) for word in text.split()]
            places = (folder / word for word in said for folder in (path.parent, suite) if "{" not in word)
            yield from (place for place in places if place.is_file() and RESULTS not in place.parts)


def list_records(path: Path) -> list[Path]:
    """Return the records of circumstances of an input below results/: beside it, or of the seeds that it lists."""
    own = [path.with_suffix(".provenance.json"), path.with_suffix(".code.json")]
    own += [path.with_name("provenance.json")] if path.name == "manifest.json" else []
    of_seeds = path.name.startswith("batch-") or path.name == "tried.json"
    folder = path.with_suffix("") if path.name.startswith("fold-") else path.parent if of_seeds else None
    seeds = sorted(folder.glob("seed-*/provenance.json")) if folder else []
    return [record for record in [*own, *seeds] if record.exists()]


def of_config(names: Iterable[tuple[str, str]]) -> Written:
    """Return where the entries of config that a job's wildcards name were written.

    Args:
        names: pairs such as ("experiment", "demo_brain"); other wildcards count nothing.
    """
    try:
        index: dict[str, Any] = json.loads(Path(os.environ.get(INDEX, "")).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set(), {}
    files, assigned = set[str](), dict[str, Any]()
    for kind, name in names:
        entry = index.get(f"{kind}s", {}).get(name, {})
        files |= set(entry.get("files", ()))
        assigned |= entry.get("assigned", {})
    return files, assigned


def note_config(plan: "Plan", folder: Path = NOTES) -> None:
    """Write down for the jobs of this run in which files each entry of config was written.

    Args:
        plan: with the places of its config; without them nothing is written.
        folder: gets `config-<hash>.json`.
    """
    from softbench.jobs import pieces

    if plan.places is None:
        return
    index = index_of(plan)
    path = folder / f"config-{pieces.key_of(**index)[:16]}.json"
    if not path.exists():
        pieces.write_json(path, index)
    os.environ[INDEX] = str(path)


def index_of(plan: "Plan") -> dict[str, dict[str, dict[str, Any]]]:
    """Return section -> entry -> `files` and values that `--config` `assigned`; also of the entries that it names."""
    parts: dict[str, dict[str, list[tuple[str, str]]]] = {
        "experiments": {name: _of_experiment(plan, name) for name in plan.experiments},
        "methods": {name: [("methods", name), *_of_label(plan, method)] for name, method in plan.methods.items()},
        "soft_labels": {name: _of_label(plan, {"soft_label": name}) for name in plan.soft_labels},
        **{section: {name: [(section, name)] for name in plan.config[section]} for section in ("networks", "maps")},
        "datasets": {name: [("datasets", name)] for name in plan.datasets},
    }
    known: dict[tuple[str, str], Written] = {}
    return {
        section: {name: _together([_written(plan, entry, known) for entry in entries]) for name, entries in of.items()}
        for section, of in parts.items()
    }


def _of_experiment(plan: "Plan", name: str) -> list[tuple[str, str]]:
    """Return the entries that decide an experiment; a rehearsal stands in that of its experiment."""
    base = name if name in plan.config["experiments"] else name.removesuffix(forms.SUFFIX)
    protocols = [plan.experiments[key]["protocol"] for key in (name, base) if key in plan.experiments]
    named = [("protocols", protocol) for protocol in protocols if protocol in plan.config["protocols"]]
    return [("experiments", base), ("datasets", plan.dataset_of(name)), *named]


def _of_label(plan: "Plan", method: Mapping[str, Any]) -> list[tuple[str, str]]:
    name = method["soft_label"]
    of_map = plan.soft_labels.get(name, {}).get("map") if name else None
    return [("soft_labels", name), *([("maps", of_map)] if of_map else [])] if name else []


def _written(plan: "Plan", entry: tuple[str, str], known: dict[tuple[str, str], Written]) -> Written:
    if entry not in known:
        node = plan.places.node(entry) if plan.places else None
        leaves = list(_leaves(node, entry)) if node else []
        files = {leaf.place.file for _, leaf in leaves} - {ASSIGNED}
        assigned = {".".join(map(str, path)): plain(leaf) for path, leaf in leaves if leaf.place.file == ASSIGNED}
        known[entry] = files, assigned
    return known[entry]


def _leaves(node: Node, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Node]]:
    if not isinstance(node.value, dict | list) or not node.value:
        yield path, node
        return
    for step, child in node.value.items() if isinstance(node.value, dict) else enumerate(node.value):
        yield from _leaves(child, (*path, step))


def _together(parts: Iterable[Written]) -> dict[str, Any]:
    parts = list(parts)
    assigned = {path: value for _, of in parts for path, value in of.items()}
    return {"files": sorted({file for files, _ in parts for file in files}), "assigned": assigned}
