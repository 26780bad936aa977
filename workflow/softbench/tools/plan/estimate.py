"""From runs to hours, memory and disk, by what runs of the same network, batch and grid took; nothing is invented."""

import functools
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from softbench import length
from softbench.datasets import splits
from softbench.errors import InputError
from softbench.jobs import storage
from softbench.length import Length
from softbench.plan.answers import memory
from softbench.plan.modules import constant_of_source, source_has
from softbench.plan.plan import Plan
from softbench.tables.cost_records import read_seed_cost

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
    named: list[Job] = []
    for line in text.splitlines():
        if begun := JOB.match(line):
            named.append(Job(begun[1]))
        elif named and (written := OUTPUT.match(line)):
            named[-1] = Job(named[-1].rule, tuple(written[1].split(", ")))
    return named


def by_rule(jobs: Sequence[Job]) -> dict[str, int]:
    """Return how many jobs each rule has, most first."""
    return dict(Counter(job.rule for job in jobs).most_common())


TRAINING = ("train", "train_chosen", "try_setting")  # rules
TRIED = "tried"  # the manifest of a setting that is tried


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
    data_bytes: what the training data take in memory at most; NaN where that is not known.
    """

    experiment: str
    network: str
    method: str
    seeds: tuple[int, ...]
    there: tuple[int, ...]
    length: length.Length
    load: Load
    tested: tuple[str, int | None]
    data_bytes: float

    @property
    def new(self) -> int:
        """Seeds without a model."""
        return len(self.seeds) - len(self.there)


def collect_runs(plan: Plan, jobs: Iterable[Job]) -> list[Runs]:
    """Return what the jobs that train will train, in the order of the jobs' outputs."""
    paths = sorted(Path(job.outputs[0]) for job in jobs if job.rule in TRAINING)
    return [_runs(plan, path) for path in paths]


def _runs(plan: Plan, batch: Path) -> Runs:
    experiment, network, method = batch.parts[-4:-1]
    seeds = tuple(_seeds(plan, experiment, method, batch.stem))
    there = tuple(seed for seed in seeds if (batch.parent / f"seed-{seed}" / "model.key.json").exists())
    lasts = training_length(plan, experiment, method)
    load = find_load(plan, experiment, network, method)
    held = memory.data_bytes(plan, experiment, method)
    data_bytes = math.nan if held is None else held
    return Runs(experiment, network, method, seeds, there, lasts, load, find_tested(plan, experiment), data_bytes)


def _seeds(plan: Plan, experiment: str, method: str, batch: str) -> list[int]:
    """Return the seeds of a batch, or of a setting that is tried."""
    if batch == TRIED:
        return list(plan.tuning_of(experiment)["seeds"])
    return plan.batches_of(experiment, method)[int(batch.removeprefix("batch-"))]


def find_load(plan: Plan, experiment: str, network: str, method: str) -> Load:
    """Return what a step of a method computes; with a coarser resolution on its coarser grid."""
    protocol, resolution = plan.protocol_of(experiment, method), plan.methods[method]["resolution"]
    lengths = protocol["patch_size"]
    factor = resolution["factor"] if resolution else 1
    factors = factor if isinstance(factor, list) else [factor] * len(lengths)
    grid = tuple(-(-length // part) for length, part in zip(lengths, factors, strict=True))
    settings = sorted(plan.config["networks"][network].items())
    return Load(", ".join(f"{name} {value}" for name, value in settings), protocol["batch"], grid)


def training_length(plan: Plan, experiment: str, method: str) -> length.Length:
    """Return how long a run trains; without steps where they follow from a split that is not made yet."""
    return length.of(plan.protocol_of(experiment, method), count_cases(plan, experiment, "train"))


def find_tested(plan: Plan, experiment: str) -> tuple[str, int | None]:
    """Return the data set of an experiment, and how many of its cases are tested."""
    return plan.experiments[experiment]["dataset"], count_cases(plan, experiment, "test")


def count_cases(plan: Plan, experiment: str, part: str) -> int | None:
    """Return the cases of a part of a split; None where the split is not made yet."""
    path = Path(plan.split_of(experiment))
    return _count(path, part) if path.exists() else None


@functools.cache
def _count(path: Path, part: str) -> int:
    return int((splits.read(path)["part"] == part).sum())


def downloads(jobs: Iterable[Job], config: dict[str, Any]) -> dict[str, tuple[float, float] | None]:
    """Return source -> (download, unpacked) in GB; None where no size is published, zeros where a folder is given."""
    written = [Path(path).parts for job in jobs for path in job.outputs]
    sizes: dict[str, tuple[float, float] | None] = {}
    for source in (parts[2] for parts in written if parts[:2] == RAW):
        size = constant_of_source(source, "SIZE_GB") if source_has(source, "SIZE_GB") else None
        given = (0.0, 0.0) if source in config["folders"] else None
        sizes[source] = given or (None if size is None else (float(size[0]), float(size[1])))
    return sizes


def left_out(targets: Iterable[str], plan: Plan) -> dict[str, str]:
    """Return the experiments that papers' tables among the targets would show, had they data: each with the reason."""
    of_papers = plan.papers_of(plan.config["data"])
    named = [name for target in targets for name in (of_papers if target == ALL else [target])]
    tables = [name for name in named if name in plan.paper_tables]
    experiments = dict.fromkeys(experiment for table in tables for experiment in plan.experiments_of(table))
    reasons = {name: plan.missing(name) for name in experiments}
    return {name: reason for name, reason in reasons.items() if reason is not None}


HOUR = 3600
RESULTS = Path("results")


@dataclass
class Group:
    """Runs of one experiment and network that compute the same in a step; NaN is what is not known.

    `runs` are those without a model, which take `hours`; `kept` have one. Hours of training are CPU-hours, or GPU-hours
    where `on_gpu`; those of scoring are by the clock. `basis` says what they rest on; empty where no such run was seen,
    and then `operations` of a step, the `peak` of a GPU and `estimated_hours` on it may be known (`plan.operations`).
    `data_bytes` are what the training data of a job take in memory at most.
    """

    experiment: str
    network: str
    load: Load
    length: Length
    methods: list[str] = field(default_factory=list)
    runs: int = 0
    kept: int = 0
    hours: float = math.nan
    kept_hours: float = math.nan
    scoring_hours: float = math.nan
    disk_mib: float = math.nan
    peak_mib: float = math.nan
    peak_gpu_mib: float = math.nan
    on_gpu: bool = False
    hardware: str = ""
    basis: str = ""
    operations: float = math.nan
    peak: float = math.nan
    estimated_hours: float = math.nan
    data_bytes: float = math.nan

    @property
    def steps(self) -> int | None:
        """Of a run; None where the data decides."""
        return self.length.steps


def groups(runs: Sequence[Runs], seen: pd.DataFrame) -> list[Group]:
    """Return what the runs will take, group by group.

    Args:
        runs: of `collect_runs`.
        seen: of `measured.known`. Where runs of several kinds of hardware were seen, those of the one seen most count;
            runs measured elsewhere only where there are none of this folder.
    Returns: groups in the order of the runs.
    """
    by_kind: dict[tuple[str, str, Load, Length], list[Runs]] = {}
    for member in runs:
        by_kind.setdefault((member.experiment, member.network, member.load, member.length), []).append(member)
    return [_group(Group(*key), members, seen) for key, members in by_kind.items()]


def _group(group: Group, members: Sequence[Runs], seen: pd.DataFrame) -> Group:
    group.methods = [member.method for member in members]
    group.runs, group.kept = sum(member.new for member in members), sum(len(member.there) for member in members)
    group.data_bytes = max(member.data_bytes for member in members)
    alike = seen[(seen["load"] == group.load) & seen["s_per_step"].notna()] if len(seen) else seen
    if alike.empty:
        return group
    alike = own_first(alike)
    group.hardware = str(alike["hardware"].mode().iloc[0])
    alike = alike[alike["hardware"] == group.hardware]
    group.on_gpu = bool(alike["on_gpu"].iloc[0])
    group.basis = _basis(alike)
    steps = math.nan if group.steps is None else group.steps
    of_run = [steps * _alike(alike, member)["s_per_step"].median() / HOUR for member in members]
    group.hours = sum(member.new * hours for member, hours in zip(members, of_run, strict=True))
    group.kept_hours = sum(len(member.there) * hours for member, hours in zip(members, of_run, strict=True))
    group.peak_mib, group.peak_gpu_mib = float(alike["peak_mib"].max()), float(alike["peak_gpu_mib"].max())
    own = own_first(seen[(seen["network"] == group.network) & (seen["tested"] == members[0].tested)])
    if len(own):  # scoring depends on the test cases: of the same network on as many cases of the same data set
        group.scoring_hours = float(group.runs * own["scoring_s"].median() / HOUR)
        group.disk_mib = float(group.runs * own["disk_mib"].median())
    return group


def own_first(seen: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of this folder's results; where there are none, those that were measured elsewhere."""
    own = seen[~seen["elsewhere"].astype(bool)] if "elsewhere" in seen else seen
    return own if len(own) else seen


def _basis(alike: pd.DataFrame) -> str:
    count = int(alike["runs"].sum())
    text = f"{count} run{'s' if count > 1 else ''} of {', '.join(sorted(set(alike['experiment'])))}"
    return f"{text}, which the suite brings along" if alike["elsewhere"].any() else text


def _alike(alike: pd.DataFrame, member: Runs) -> pd.DataFrame:
    """Return the seen runs of the same method and experiment; where there are none, of any."""
    own = alike[(alike["method"] == member.method) & (alike["experiment"] == member.experiment)]
    return own if len(own) else alike


def seen(plan: Plan, results: Path = RESULTS) -> pd.DataFrame:
    """Return a row for each seed below a folder of results whose experiment, network and method config still has.

    Returns: the columns of `read_seed_cost`; `load`, what a step computed, by config as it is now; `tested`;
        `s_per_step`, seconds on a GPU, CPU seconds elsewhere, reading and validation included; NaN for runs that were
        stopped and resumed; `scoring_s`, NaN where no record tells it; `runs`, 1; and `elsewhere`,
        false. No row where nothing was trained.
    """
    folders = sorted({path.parent for path in (results / "runs").glob("*/*/*/seed-*/history.csv")})
    rows = [_row(plan, folder) for folder in folders if (folder / "provenance.json").exists() and _known(plan, folder)]
    return pd.DataFrame(rows)


def _known(plan: Plan, folder: Path) -> bool:
    experiment, network, method = folder.parts[-4:-1]
    known = experiment in plan.experiments and network in plan.config["networks"] and method in plan.methods
    return known and plan.methods[method]["sanity"] is None


def _row(plan: Plan, folder: Path) -> dict[str, Any]:
    cost = read_seed_cost(folder)
    place = (cost["experiment"], cost["network"], cost["method"])
    taken = float("nan") if cost["resumed"] else cost["s" if cost["on_gpu"] else "cpu_s"]
    return {
        **cost,
        "load": find_load(plan, *place),
        "tested": find_tested(plan, cost["experiment"]),
        "s_per_step": taken / cost["steps"],
        "scoring_s": scoring_s(folder),
        "runs": 1,
        "elsewhere": False,
    }


def scoring_s(folder: Path) -> float:
    """Return the seconds that scoring a seed took; NaN where there is no record of it."""
    record = folder / "scores.provenance.json"
    if not record.exists():
        return float("nan")
    return float(storage.read_json(record, *storage.lists_of(folder))["seconds"])
