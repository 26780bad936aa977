"""What is still to be done: the jobs of a dry run, the training in them, and the downloads."""

import functools
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench import length
from softbench.datasets import splits
from softbench.errors import InputError
from softbench.plan.modules import constant_of_source, source_has
from softbench.plan.plan import Plan

JOB = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$")
COMPLAINT = re.compile(r"^\w*(Exception|Error)\b")
OUTPUT = re.compile(r"^    output: (.+)$")
RAW = ("results", "raw")  # where the manifests of fetched sources lie
ALL = "paper_tables"  # the target that is every paper's table


@dataclass(frozen=True)
class Job:
    """A job to be done: its rule, and the files that it writes; a target has none."""

    rule: str
    outputs: tuple[str, ...] = ()


def jobs(targets: Sequence[str], passed: Sequence[str] = ()) -> list[Job]:
    """Return the jobs that are still to be done; none where everything is there.

    Args:
        targets: as given to Snakemake.
        passed: further arguments for it: --config, --configfile, --profile.
    Raises: InputError: with Snakemake's own message, where it would not start.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nocolor", *targets, *passed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"snakemake cannot plan this:\n{complaint(done.stdout + done.stderr)}")
    return parse(done.stdout + done.stderr)


def complaint(text: str) -> str:
    """Return what a failed dry run says, without what it says of itself."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Using ")]
    first = next((index for index, line in enumerate(lines) if COMPLAINT.match(line)), 0)
    return "\n".join(lines[first:])


def parse(text: str) -> list[Job]:
    """Return the jobs that a dry run names."""
    found: list[Job] = []
    for line in text.splitlines():
        if begun := JOB.match(line):
            found.append(Job(begun[1]))
        elif found and (written := OUTPUT.match(line)):
            found[-1] = Job(found[-1].rule, tuple(written[1].split(", ")))
    return found


def by_rule(jobs: Sequence[Job]) -> dict[str, int]:
    """Return how many jobs each rule has, most first."""
    return dict(Counter(job.rule for job in jobs).most_common())


@dataclass(frozen=True)
class Load:
    """What a step computes: a network with its settings, images in a batch, and the grid of training, voxels."""

    network: str
    batch: int
    grid: tuple[int, ...]

    @property
    def voxels(self) -> int:
        """Of a step."""
        return self.batch * math.prod(self.grid)


@dataclass(frozen=True)
class Runs:
    """The seeds of a method that a job trains.

    length: of a run; its steps are None where the split is made only when data is there.
    there: seeds that have a finished model; they are kept if nothing that decides them has changed.
    tested: data set and number of test cases (None where that is not known), which decide what scoring takes.
    """

    experiment: str
    network: str
    method: str
    seeds: tuple[int, ...]
    there: tuple[int, ...]
    length: length.Length
    load: Load
    tested: tuple[str, int | None]

    @property
    def new(self) -> int:
        """Seeds without a model."""
        return len(self.seeds) - len(self.there)


def runs_of(plan: Plan, jobs: Iterable[Job]) -> list[Runs]:
    """Return what the jobs of the rule `train` train, in the order of the jobs' outputs."""
    paths = sorted(Path(job.outputs[0]) for job in jobs if job.rule == "train")
    return [_runs(plan, path) for path in paths]


def _runs(plan: Plan, batch: Path) -> Runs:
    experiment, network, method = batch.parts[-4:-1]
    seeds = tuple(plan.batches_of(experiment, method)[int(batch.stem.removeprefix("batch-"))])
    there = tuple(seed for seed in seeds if (batch.parent / f"seed-{seed}" / "model.key.json").exists())
    return Runs(
        experiment, network, method, seeds, there, length_of(plan, experiment, method),
        load_of(plan, experiment, network, method), tested_of(plan, experiment),
    )  # fmt: skip


def load_of(plan: Plan, experiment: str, network: str, method: str) -> Load:
    """Return what a step of a method computes; with a coarser resolution on its coarser grid."""
    protocol, resolution = plan.protocol_of(experiment, method), plan.methods[method]["resolution"]
    lengths = protocol["patch_size"]
    factor = resolution["factor"] if resolution else 1
    factors = factor if isinstance(factor, list) else [factor] * len(lengths)
    grid = tuple(-(-length // part) for length, part in zip(lengths, factors, strict=True))
    return Load(_named(plan.config["networks"][network]), protocol["batch"], grid)


def _named(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(settings.items()))


def length_of(plan: Plan, experiment: str, method: str) -> length.Length:
    """Return how long a run trains; without steps where they follow from a split that is not made yet."""
    return length.of(plan.protocol_of(experiment, method), cases_of(plan, experiment, "train"))


def tested_of(plan: Plan, experiment: str) -> tuple[str, int | None]:
    """Return the data set of an experiment, and how many of its cases are tested."""
    return plan.experiments[experiment]["dataset"], cases_of(plan, experiment, "test")


def cases_of(plan: Plan, experiment: str, part: str) -> int | None:
    """Return the cases of a part of a split; None where the split is not made yet."""
    path = Path(plan.split_of(experiment))
    return _count(path, part) if path.exists() else None


@functools.cache
def _count(path: Path, part: str) -> int:
    return int((splits.read(path)["part"] == part).sum())


def downloads(jobs: Iterable[Job], config: dict[str, Any]) -> dict[str, tuple[float, float] | None]:
    """Return source -> (download, unpacked) in GB; None where no size is published, zeros where a folder is given."""
    written = [Path(path).parts for job in jobs for path in job.outputs]
    return {parts[2]: _size(parts[2], config) for parts in written if parts[:2] == RAW}


def _size(source: str, config: dict[str, Any]) -> tuple[float, float] | None:
    if source in config["folders"]:
        return 0.0, 0.0
    size = constant_of_source(source, "SIZE_GB") if source_has(source, "SIZE_GB") else None
    return None if size is None else (float(size[0]), float(size[1]))


def left_out(targets: Iterable[str], plan: Plan) -> dict[str, str]:
    """Return the experiments that papers' tables among the targets would show, had they data: each with the reason."""
    of_papers = plan.papers_of(plan.config["data"])
    named = [name for target in targets for name in (of_papers if target == ALL else [target])]
    tables = [name for name in named if name in plan.paper_tables]
    experiments = dict.fromkeys(experiment for table in tables for experiment in plan.experiments_of(table))
    reasons = {name: plan.missing(name) for name in experiments}
    return {name: reason for name, reason in reasons.items() if reason is not None}
