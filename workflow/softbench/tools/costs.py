"""`softbench costs`: what training took, one line a method: time, memory and energy, from the records of its seeds."""

import argparse
from pathlib import Path

import pandas as pd

from softbench.errors import InputError
from softbench.plan.plan import Plan
from softbench.tables.cost_records import read_seed_cost
from softbench.tools.command import Command
from softbench.tools.plan import measured

MISSING = "-"
DESCRIPTION = """\
What training took, as results/runs/*/*/*/seed-*/provenance.json and history.csv say: seconds and CPU seconds a seed
(median), milliseconds a step (median), the largest memory of a process and of the GPU, and energy a seed (mean).
Scoring is not in it. The first seed of a job reads the data, too. With soft labels, disk and the ratio to the control:
results/tables/costs_<table>.md.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("runs", type=Path, nargs="*", help="folders below results/runs; default: all of it")
    text = "write there what `softbench plan` takes times from; the folders must be results/runs"
    parser.add_argument("--times", type=Path, metavar="FILE", help=text)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the numbers there as well")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = collect(options.runs or [Path("results/runs")])
    print(table.to_string(index=False, na_rep=MISSING, float_format=lambda value: f"{value:.4g}"))
    if options.csv:
        table.to_csv(options.csv, index=False)
    if options.times:
        folders = [folder.parent for folder in options.runs or [Path("results/runs")]]
        count = measured.write(Plan.read(Path()), folders, options.times)
        print(f"{options.times}: the times of {count} methods")


def collect(folders: list[Path]) -> pd.DataFrame:
    """Return a row for each (experiment, network, method) below the folders, in the order of their names.

    Raises: InputError: if no trained seed lies there.
    """
    seeds = sorted({path.parent for root in folders for path in root.rglob("seed-*/history.csv")})
    if not seeds:
        raise InputError(
            f"no trained seed lies below {', '.join(map(str, folders))}. Name results/runs or a folder in it, after "
            "training."
        )
    table = pd.DataFrame([read_seed_cost(folder) for folder in seeds])
    groups = table.groupby(["experiment", "network", "method"], sort=False)
    return groups.agg(
        seeds=("s", "size"),
        s=("s", "median"),
        cpu_s=("cpu_s", "median"),
        ms_per_step=("ms_per_step", "median"),
        peak_mib=("peak_mib", "max"),
        peak_gpu_mib=("peak_gpu_mib", "max"),
        energy_j=("energy_j", "mean"),
    ).reset_index()


COMMAND = Command(
    description=DESCRIPTION,
    add_arguments=add_arguments,
    run=run,
)
