"""From runs to hours, memory and disk, by what runs of the same network, batch and grid took; nothing is invented."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from softbench.forecast.work import Load, Runs
from softbench.length import Length

HOUR = 3600


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
        seen: of `seen.collect`. Where runs of several kinds of hardware were seen, those of the one seen most count.
    Returns: groups in the order of the runs.
    """
    found: dict[tuple[str, str, Load, Length], list[Runs]] = {}
    for one in runs:
        found.setdefault((one.experiment, one.network, one.load, one.length), []).append(one)
    return [_group(Group(*key), members, seen) for key, members in found.items()]


def _group(group: Group, members: Sequence[Runs], seen: pd.DataFrame) -> Group:
    group.methods = [one.method for one in members]
    group.runs, group.kept = sum(one.new for one in members), sum(len(one.there) for one in members)
    alike = seen[(seen["load"] == group.load) & seen["s_per_step"].notna()] if len(seen) else seen
    if alike.empty:
        return group
    group.hardware = str(alike["hardware"].mode().iloc[0])
    alike = alike[alike["hardware"] == group.hardware]
    group.on_gpu = bool(alike["on_gpu"].iloc[0])
    group.basis = f"{len(alike)} run{'s' if len(alike) > 1 else ''} of {', '.join(sorted(set(alike['experiment'])))}"
    steps = math.nan if group.steps is None else group.steps
    of_run = [steps * _of_method(alike, one)["s_per_step"].median() / HOUR for one in members]
    group.hours = sum(one.new * hours for one, hours in zip(members, of_run, strict=True))
    group.kept_hours = sum(len(one.there) * hours for one, hours in zip(members, of_run, strict=True))
    group.peak_mib, group.peak_gpu_mib = float(alike["peak_mib"].max()), float(alike["peak_gpu_mib"].max())
    _add_scoring(group, seen[(seen["network"] == group.network) & (seen["tested"] == members[0].tested)])
    return group


def _of_method(alike: pd.DataFrame, one: Runs) -> pd.DataFrame:
    """Return the seen runs of the same method and experiment; where there are none, of any."""
    own = alike[(alike["method"] == one.method) & (alike["experiment"] == one.experiment)]
    return own if len(own) else alike


def _add_scoring(group: Group, own: pd.DataFrame) -> None:
    """Fill in what depends on the test cases, from runs of the same network on as many cases of the same data set."""
    if own.empty:
        return
    group.scoring_hours = float(group.runs * own["scoring_s"].median() / HOUR)
    group.disk_mib = float(group.runs * own["disk_mib"].median())
