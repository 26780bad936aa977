"""The training that a plan still asks for: runs, and the steps and voxels of each."""

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench import length
from softbench.datasets import splits
from softbench.forecast.dry_run import Job
from softbench.plan.plan import Plan


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
    grid = tuple(-(-length // one) for length, one in zip(lengths, factors, strict=True))
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
