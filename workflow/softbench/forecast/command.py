"""`softbench plan`: its arguments, and what it prints."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # pandas, which `softbench --help` need not wait for
    from softbench.forecast.estimate import Group

EXAMPLES = """\
examples, in the folder of the suite:
  softbench plan hippocampus
  softbench plan svls_1 geols_1 -- --config 'folders={brats2019: /data/brats2019}'
  softbench plan results/tables/hippocampus.md -- --configfile mine.yaml --profile slurm

Jobs are those of Snakemake's dry run. Hours, memory and disk are those of finished runs in results/ with the same
network, batch and grid, scaled by the steps; where none was seen it says so and gives steps and voxels instead. Run one
seed to know more: snakemake --cores all TARGET --config 'seeds=[0]'
"""


def add_to(commands: Any) -> None:
    """Add `plan` to the commands of a parser."""
    parser = commands.add_parser(
        "plan",
        help="jobs, runs, CPU- or GPU-hours, memory, disk and downloads of a target, before launch",
        description="Say what a target will take, from what finished runs took. Nothing is started.",
        usage="softbench plan [-h] [--json] TARGET [TARGET ...] [-- ARGUMENTS OF SNAKEMAKE]",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, passed=[])
    parser.add_argument("targets", nargs="+", metavar="TARGET", help="a table, file or rule, as given to snakemake")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> None:
    """Print what the targets will take; `options.passed` goes on to Snakemake."""
    from softbench.forecast import downloads, dry_run, estimate, seen, text, work
    from softbench.plan import folder  # here, so that `softbench --help` need not wait

    plan = folder.read(Path(), *config_of(options.passed))  # first: it names file and line of what is wrong in config
    jobs = dry_run.jobs(options.targets, options.passed)
    groups = estimate.groups(work.runs_of(plan, jobs), seen.collect(plan))
    told = dry_run.by_rule(jobs), groups, downloads.of(jobs, plan.config), downloads.left_out(options.targets, plan)
    if options.json:
        found: dict[str, Any] = dict(zip(("jobs", "groups", "downloads_gb", "left_out"), told, strict=True))
        print(json.dumps({**found, "groups": [_plain(one) for one in groups]}, indent=1))
    else:
        print(text.render(*told))


def _plain(group: "Group") -> dict[str, Any]:
    """Return a group with None for what is not known."""
    found = {**asdict(group), "steps": group.steps}
    return {name: None if value != value else value for name, value in found.items()}


def config_of(passed: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the values of --configfile and --config among Snakemake's arguments."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", action="extend", default=[])
    parser.add_argument("--config", "-C", nargs="+", action="extend", default=[])
    known, _ = parser.parse_known_args(list(passed))
    return known.configfile, known.config
