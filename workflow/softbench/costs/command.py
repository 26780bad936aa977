"""`softbench costs`: what training took, a line a method: time, memory and energy, as each seed's records say."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbench.costs import seed
from softbench.errors import InputError

if TYPE_CHECKING:  # a second to import, which `softbench --help` need not wait for
    import pandas as pd

MISSING = "-"


def add_to(commands: Any) -> None:
    """Add `costs` to the commands of a parser."""
    parser = commands.add_parser(
        "costs",
        help="time, memory and energy of trained methods, a line each",
        description=(
            "What training took, as results/runs/*/*/*/seed-*/provenance.json and history.csv say: seconds and CPU "
            "seconds a seed (median), milliseconds a step (median), the largest memory of a process and of the GPU, "
            "and energy a seed (mean). Scoring is not in it. The first seed of a job reads the data, too. With soft "
            "labels, disk and the ratio to the control: results/tables/costs_<table>.md."
        ),
    )
    parser.add_argument("runs", type=Path, nargs="*", help="folders below results/runs; default: all of it")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the numbers there as well")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    table = collect(options.runs or [Path("results/runs")])
    print(table.to_string(index=False, na_rep=MISSING, float_format=lambda value: f"{value:.4g}"))
    if options.csv:
        table.to_csv(options.csv, index=False)


def collect(folders: list[Path]) -> "pd.DataFrame":
    """Return a row for each (experiment, network, method) below the folders, in the order of their names.

    Raises: InputError: if no trained seed lies there.
    """
    import pandas as pd

    seeds = sorted({path.parent for root in folders for path in root.rglob("seed-*/history.csv")})
    if not seeds:
        raise InputError(
            f"no trained seed lies below {', '.join(map(str, folders))}. Name results/runs or a folder in it, after "
            "training."
        )
    table = pd.DataFrame([seed.cost_of(folder) for folder in seeds])
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
