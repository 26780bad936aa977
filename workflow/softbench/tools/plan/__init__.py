"""`softbench plan`: print what a target will take before it is started: jobs, hours, memory, disk, downloads."""

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from softbench import length
from softbench.jobs.progress import grid
from softbench.plan.plan import Plan
from softbench.tools.command import Command, add_config, add_json, print_json
from softbench.tools.plan import estimate, measured, operations
from softbench.tools.plan.estimate import Group
from softbench.tools.plan.operations import Rate

EXAMPLES = """\
examples, in the folder of the suite:
  softbench plan hippocampus
  softbench plan svls_1 geols_1 -- --config 'folders={brats2019: /data/brats2019}'
  softbench plan results/tables/hippocampus.md -- --configfile mine.yaml --profile slurm
  softbench plan --gpu A100 svls_1_open geols_1_open -- --config 'seeds=[0, 1, 2]'

Jobs are those of Snakemake's dry run. Hours, memory and disk are those of finished runs in results/ with the same
network, batch and grid, scaled by the steps. Where there are none, those of the phantoms that were run when the suite
was made, on the machine that is named. Where none was seen it says so, and estimates the hours on a GPU: the operations
of the training steps over a share of the card's published peak. Run one seed to know more:
snakemake --cores all TARGET --config 'seeds=[0]'
"""
MIB_OF_GIB = 1024
MIB = 2**20
TERA = 1e12
NOTHING = "Nothing to be done: everything is there."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a table, file or rule, as given to snakemake")
    parser.add_argument(
        "--gpu", default=Rate.gpu, choices=tuple(operations.CARDS), help="card of the estimate where no run was seen"
    )
    parser.add_argument(
        "--share",
        type=float,
        default=Rate.share,
        help="of the card's peak that a step is assumed to reach (%(default)s)",
    )
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print what the targets will take; `options.passed` goes on to Snakemake."""
    config, rate = parse_config(options.passed), Rate(options.gpu, options.share)
    plan = Plan.read(Path(), config.configfile, config.config)  # first: it names file and line of a wrong setting
    jobs = estimate.jobs(options.targets, options.passed)
    seen = estimate.groups(estimate.collect_runs(plan, jobs), measured.known(plan))
    groups = operations.with_estimates(plan, seen, rate)
    told = (
        estimate.by_rule(jobs),
        groups,
        estimate.downloads(jobs, plan.config),
        estimate.left_out(options.targets, plan),
    )
    if options.json:
        named: dict[str, Any] = dict(zip(("jobs", "groups", "downloads_gb", "left_out"), told, strict=True))
        print_json({**named, "groups": [_plain(group) for group in groups]})
    else:
        print(render(*told, rate))


def parse_config(passed: Sequence[str]) -> argparse.Namespace:
    """Return `configfile` and `config` of Snakemake's arguments."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_config(parser)
    return parser.parse_known_args(list(passed))[0]


def _plain(group: Group) -> dict[str, Any]:
    """Return a group with None for what is not known."""
    values = {**asdict(group), "steps": group.steps}
    return {name: None if value != value else value for name, value in values.items()}


def render(
    jobs: Mapping[str, int],
    groups: Sequence[Group],
    downloads_gb: Mapping[str, tuple[float, float] | None],
    left_out: Mapping[str, str],
    rate: Rate | None = None,
) -> str:
    """Return jobs by rule, each group of runs, downloads, what is left out for want of data, and the sums."""
    if not jobs:
        return NOTHING
    chapters = [list(_jobs(jobs)), *(list(_group(group, rate)) for group in groups), list(_downloads(downloads_gb))]
    chapters.append([f"Left out: {experiment}; {reason}" for experiment, reason in left_out.items()])
    chapters.append(list(_total(groups, rate)))
    return "\n\n".join("\n".join(lines) for lines in chapters if lines)


def _jobs(jobs: Mapping[str, int]) -> Iterator[str]:
    yield f"Jobs: {sum(jobs.values())}"
    width = max(map(len, jobs))
    yield from (f"  {rule:<{width}}  {count:>4}" for rule, count in jobs.items())


def _group(group: Group, rate: Rate | None) -> Iterator[str]:
    methods = ", ".join(dict.fromkeys(group.methods))
    yield f"{group.experiment}, {group.network}: {_count(group.runs, 'run')} to train ({methods})"
    if group.kept:
        again = f"; then another {_hours(group.kept_hours, _kind(group))}" if _known(group.kept_hours) else ""
        yield f"  {group.kept} more have a model: kept, unless what decides them has changed{again}"
    load = group.load
    yield f"  each run: {length.words(group.length)}"
    of_run = "" if group.steps is None else f"; {group.steps * load.voxels:,} a run"
    yield f"  a step of {load.batch} x {grid(load.grid)} voxels ({load.voxels:,}{of_run})"
    held = f"up to {_mib(group.data_bytes / MIB)}" if _known(group.data_bytes) else "not known before they are prepared"
    yield f"  training data of a job in memory: {held} (on the GPU if they fit into half of it, else on the host)"
    if not group.basis:
        where = f"{group.network} at {load.batch} x {grid(load.grid)}"
        yield f"  training, memory, disk: not known: no run of {where} was seen"
        if rate is not None and _known(group.operations):
            yield _estimate(group, rate)
        return
    kind = _kind(group)
    taken = _hours(group.hours, kind) if _known(group.hours) else "not known before the split is made"
    yield f"  training {taken}, on {group.hardware}: {group.basis}, scaled by steps"
    yield f"  scoring {_clock(group.scoring_hours) if _known(group.scoring_hours) else 'not known'}"
    gpu = f" and {_mib(group.peak_gpu_mib)} of the GPU" if _known(group.peak_gpu_mib) else ""
    yield f"  memory up to {_mib(group.peak_mib)}{gpu} a job"
    yield f"  disk {_mib(group.disk_mib) if _known(group.disk_mib) else 'not known'}"


def _estimate(group: Group, rate: Rate) -> str:
    """Return the line of an estimate; without hours where the steps are not known."""
    of_step = f"{group.operations / TERA:.2g} TFLOP a step"
    if not _known(group.estimated_hours):
        return f"  estimate: {of_step}; hours not known before the split is made"
    return f"  estimate, not measured: {_hours(group.estimated_hours, rate.gpu)} for {of_step}"


def _downloads(sizes: Mapping[str, tuple[float, float] | None]) -> Iterator[str]:
    if sizes:
        yield "Downloads"
    for source, size in sizes.items():
        if size is None:
            yield f"  {source}: size not published"
        elif size == (0.0, 0.0):
            yield f"  {source}: none, a folder is given"
        else:
            yield f"  {source}: {size[0]:g} GB, {size[1]:g} GB on disk when unpacked"


def _total(groups: Sequence[Group], rate: Rate | None) -> Iterator[str]:
    if not groups:
        yield "Nothing to train."
        return
    yield f"In all {_count(sum(group.runs for group in groups), 'run')} to train"
    for kind in ("CPU", "GPU"):
        of_kind = [group for group in groups if _known(group.hours) and _kind(group) == kind]
        if of_kind:
            yield f"  training {_hours(sum(group.hours for group in of_kind), kind)} for {_runs(of_kind)}"
    scored = [group for group in groups if _known(group.scoring_hours)]
    if scored:
        yield f"  scoring {_clock(sum(group.scoring_hours for group in scored))} for {_runs(scored)}"
    unknown = Counter[str]()
    for group in groups:
        unknown[group.experiment] += 0 if _known(group.hours) else group.runs
    lacking = [f"{experiment} ({_count(runs, 'run')})" for experiment, runs in (+unknown).items()]
    if lacking:
        yield f"  training not known: {', '.join(lacking)}"
    guessed = [group for group in groups if _known(group.estimated_hours)]
    if guessed and rate is not None:
        hours = _hours(sum(group.estimated_hours for group in guessed), rate.gpu)
        yield f"  estimate, not measured: training {hours} for {_runs(guessed)}, validation not included"
        share = f"{100 * rate.share:g} % of the peak of one {rate.gpu}"
        yield f"    it assumes that a step reaches {share}, {_peaks(guessed, rate)}"
    yield "  Soft labels, tables and figures come on top."


def _peaks(groups: Sequence[Group], rate: Rate) -> str:
    """Return the published peaks that an estimate counts with, and their source."""
    card = operations.CARDS[rate.gpu]
    said = " or ".join(f"{peak / TERA:.3g} TFLOP/s" for peak in dict.fromkeys(group.peak for group in groups))
    return f"{said} ({card.source})"


def _runs(groups: Sequence[Group]) -> str:
    return _count(sum(group.runs for group in groups), "run")


def _kind(group: Group) -> str:
    return "GPU" if group.on_gpu else "CPU"


def _hours(hours: float, kind: str) -> str:
    """Write hours with two digits that count; minutes below an hour."""
    if hours < 1:
        return f"{60 * hours:.2g} {kind}-minutes"
    return f"{hours:.2g} {kind}-hours" if hours < 100 else f"{hours:.0f} {kind}-hours"


def _clock(hours: float) -> str:
    return f"about {60 * hours:.2g} minutes by the clock" if hours < 1 else f"about {hours:.2g} hours by the clock"


def _mib(value: float) -> str:
    return f"{value / MIB_OF_GIB:.1f} GiB" if value >= MIB_OF_GIB else f"{value:.0f} MiB"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _known(value: float) -> bool:
    return not math.isnan(value)


COMMAND = Command(
    description="Say what a target will take, from what finished runs took. Nothing is started.",
    usage="softbench plan [-h] [--json] TARGET [TARGET ...] [-- ARGUMENTS OF SNAKEMAKE]",
    notes=EXAMPLES,
    add_arguments=add_arguments,
    run=run,
    takes_program=True,
)
