"""From runs to hours, memory and disk, by what runs of the same network, batch and grid took; nothing is invented."""

import calendar
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.length import Length
from softbench.plan.plan import Plan
from softbench.tables.cost_records import cost_of_seed
from softbench.tools.plan.work import Load, Runs, load_of, tested_of

HOUR = 3600
RUNS, BENCHMARKS = Path("results/runs"), Path("results/benchmarks/runs")
SLACK_S = 5.0  # between the start of a job and Snakemake's clock


@dataclass
class Group:
    """Runs of one experiment and network that compute the same in a step; NaN is what is not known.

    `runs` are those without a model, which take `hours`; `kept` have one. Hours of training are CPU-hours, or GPU-hours
    where `on_gpu`; those of scoring are by the clock. `basis` says what they rest on; empty where no such run was seen.
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

    @property
    def steps(self) -> int | None:
        """Of a run; None where the data decides."""
        return self.length.steps


def groups(runs: Sequence[Runs], seen: pd.DataFrame) -> list[Group]:
    """Return what the runs will take, group by group.

    Args:
        runs: of `work.runs_of`.
        seen: of `seen`. Where runs of several kinds of hardware were seen, those of the one seen most count.
    Returns: groups in the order of the runs.
    """
    found: dict[tuple[str, str, Load, Length], list[Runs]] = {}
    for member in runs:
        found.setdefault((member.experiment, member.network, member.load, member.length), []).append(member)
    return [_group(Group(*key), members, seen) for key, members in found.items()]


def _group(group: Group, members: Sequence[Runs], seen: pd.DataFrame) -> Group:
    group.methods = [member.method for member in members]
    group.runs, group.kept = sum(member.new for member in members), sum(len(member.there) for member in members)
    alike = seen[(seen["load"] == group.load) & seen["s_per_step"].notna()] if len(seen) else seen
    if alike.empty:
        return group
    group.hardware = str(alike["hardware"].mode().iloc[0])
    alike = alike[alike["hardware"] == group.hardware]
    group.on_gpu = bool(alike["on_gpu"].iloc[0])
    group.basis = f"{len(alike)} run{'s' if len(alike) > 1 else ''} of {', '.join(sorted(set(alike['experiment'])))}"
    steps = math.nan if group.steps is None else group.steps
    of_run = [steps * _of_method(alike, member)["s_per_step"].median() / HOUR for member in members]
    group.hours = sum(member.new * hours for member, hours in zip(members, of_run, strict=True))
    group.kept_hours = sum(len(member.there) * hours for member, hours in zip(members, of_run, strict=True))
    group.peak_mib, group.peak_gpu_mib = float(alike["peak_mib"].max()), float(alike["peak_gpu_mib"].max())
    _add_scoring(group, seen[(seen["network"] == group.network) & (seen["tested"] == members[0].tested)])
    return group


def _of_method(alike: pd.DataFrame, member: Runs) -> pd.DataFrame:
    """Return the seen runs of the same method and experiment; where there are none, of any."""
    own = alike[(alike["method"] == member.method) & (alike["experiment"] == member.experiment)]
    return own if len(own) else alike


def _add_scoring(group: Group, own: pd.DataFrame) -> None:
    """Fill in what depends on the test cases, from runs of the same network on as many cases of the same data set."""
    if own.empty:
        return
    group.scoring_hours = float(group.runs * own["scoring_s"].median() / HOUR)
    group.disk_mib = float(group.runs * own["disk_mib"].median())


def seen(plan: Plan) -> pd.DataFrame:
    """Return a row for each seed below results/runs whose experiment, network and method config still has.

    Returns: the columns of `cost_records.cost_of_seed`; `load`, what a step computed, by config as it is now; `tested`;
        `s_per_step`, seconds on a GPU, CPU seconds elsewhere, reading and validation included; NaN for runs that were
        stopped and resumed; and `scoring_s`, NaN where a job did not train all of its seeds. No row where nothing was
        trained.
    """
    folders = sorted({path.parent for path in RUNS.glob("*/*/*/seed-*/history.csv")})
    rows = [_row(plan, folder) for folder in folders if (folder / "provenance.json").exists() and _known(plan, folder)]
    return pd.DataFrame(rows)


def _known(plan: Plan, folder: Path) -> bool:
    experiment, network, method = folder.parts[-4:-1]
    known = experiment in plan.experiments and network in plan.config["networks"] and method in plan.methods
    return known and plan.methods[method]["sanity"] is None


def _row(plan: Plan, folder: Path) -> dict[str, Any]:
    cost = cost_of_seed(folder)
    place = (cost["experiment"], cost["network"], cost["method"])
    taken = float("nan") if cost["resumed"] else cost["s" if cost["on_gpu"] else "cpu_s"]
    return {
        **cost,
        "load": load_of(plan, *place),
        "tested": tested_of(plan, cost["experiment"]),
        "s_per_step": taken / cost["steps"],
        "scoring_s": scoring_s(folder),
    }


def scoring_s(folder: Path) -> float:
    """Return the seconds of scoring a seed: those of its job that are not training, shared by the job's seeds.

    NaN where there is no record of the job, or a seed was trained before the job began.
    """
    for path in folder.parent.glob("batch-*.json"):
        seeds = json.loads(path.read_text(encoding="utf-8"))["seeds"]
        clock = BENCHMARKS.joinpath(*folder.parts[-4:-1], f"{path.stem}.tsv")
        if folder.name.removeprefix("seed-") in seeds and clock.exists():
            return _apart(clock, [folder.parent / f"seed-{seed}" / "provenance.json" for seed in seeds])
    return float("nan")


def _apart(clock: Path, records: list[Path]) -> float:
    job_s = float(pd.read_csv(clock, sep="\t")["s"].iloc[0])
    began = clock.stat().st_mtime - job_s
    facts = [json.loads(path.read_text(encoding="utf-8")) for path in records if path.exists()]
    starts = [calendar.timegm(time.strptime(record["began"], "%Y-%m-%dT%H:%M:%SZ")) for record in facts]
    if not facts or len(facts) < len(records) or min(starts) < began - SLACK_S:
        return float("nan")
    return max(0.0, job_s - sum(record["seconds"] for record in facts)) / len(facts)
