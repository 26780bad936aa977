"""What many short runs cost: the seeds of a method in one process, as the suite's jobs train them, or a process each.

Usage: python benchmarks/training_runs.py [--device cuda] [--steps N] [--keep]     (in the project's folder, with
           .venv active)
Five seeds of the demo's brain phantom: config's protocol, compact_unet, one-hot, trained and scored by
`softbench.training.batch`, with config's scoring. CPU seconds of whole processes: interpreter, imports, data, training,
scoring. Preparation is in none. Five processes with one seed each are the other way. Median of three rounds.
`--tiny`: one seed, few steps and few cases, once.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import options
from rows import Peer, Rows
from softbench.plan.config import read

ROOT = Path(__file__).parents[1]
SEEDS, ROUNDS, TARGET, LIMIT_S = 5, 3, 1.3, 10
TINY_STEPS, TINY_CASES = 2, 16
EXPERIMENT = "demo_brain"


def main() -> None:
    """Compare, or be one of the processes that are compared."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--steps", type=int, help="instead of the protocol's")
    parser.add_argument("--seeds", type=int, nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--prepared", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.seeds is None:
        compare(chosen, chosen.steps)
    else:
        train_seeds(chosen.prepared, chosen.output, chosen.seeds, chosen.device, chosen.steps)


def compare(chosen: argparse.Namespace, steps: int | None = None) -> None:
    """Add what a model costs each way."""
    rows = Rows("training_runs", chosen, "torch", "numba")
    seeds, repeats, steps = (1, 1, TINY_STEPS) if chosen.tiny else (SEEDS, ROUNDS, steps)
    extra = ["--device", chosen.device, *(["--steps", str(steps)] if steps else [])]
    with tempfile.TemporaryDirectory() as scratch:
        prepare_cases(Path(scratch, "prepared"), {"cases": TINY_CASES} if chosen.tiny else {})
        rounds = [(cost_s(scratch, [range(seeds)], extra), cost_s(scratch, [[n] for n in range(seeds)], extra))
                  for _ in range(repeats)]  # fmt: skip
    together, apart = ([seconds / seeds for seconds in column] for column in zip(*rounds, strict=True))
    what = f"a model of {EXPERIMENT}{f', {steps} steps' if steps else ''}, {seeds} seeds in one process"
    rows.add(what, together, Peer("a process each", apart), more=f" (limit: {LIMIT_S} CPU s, target: {TARGET} times)")


def prepare_cases(folder: Path, more: dict) -> None:
    """Make the phantom, with more settings than config's, and its one-hot labels."""
    from softbench.datasets.prepare import prepare
    from softbench.soft_labels.produce import produce

    config = settings()
    dataset = config["datasets"][config["experiments"][EXPERIMENT]["dataset"]]
    how = {name: value for name, value in dataset.items() if name != "source"} | more
    prepare.run(dataset["source"], None, folder / "data", versions={}, settings=how, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)


def settings() -> dict:
    """Read config."""
    return read(ROOT).values


def cost_s(scratch: str, groups: list, extra: list[str]) -> float:
    """Return the CPU seconds of processes that train a group of seeds each."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for seeds in groups:
        with tempfile.TemporaryDirectory() as output:
            where = ["--prepared", f"{scratch}/prepared", "--output", output, "--seeds", *map(str, seeds)]
            subprocess.run([sys.executable, __file__, *where, *extra], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def train_seeds(prepared: Path, output: Path, seeds: list[int], device: str, steps: int | None) -> None:
    """Train and score seeds as workflow/scripts/train.py does; nothing else is imported."""
    from softbench import datasets
    from softbench.datasets import splits
    from softbench.training.batch import Batch, Run, run_batch
    from softbench.training.device import choose

    config = settings()
    experiment = config["experiments"][EXPERIMENT]
    names = {"experiment": EXPERIMENT, "dataset": experiment["dataset"], "split": experiment["split"]}
    run = {
        "names": names | {"network": "compact_unet", "method": "one_hot"},
        "network": config["networks"]["compact_unet"],
        "loss": "ce",
        "protocol": config["protocols"][experiment["protocol"]] | ({"steps": steps} if steps else {}),
        "scoring": {name: value for name, value in experiment["scoring"].items() if name != "ensemble"},  # a later job
        "versions": {"training": {}, "scoring": {}},
    }
    split = splits.read(Path(ROOT, "workflow/splits", experiment["dataset"], f"{experiment['split']}.csv"))
    split = split[split["case"].isin(datasets.open(prepared / "data").cases["case"])]
    silent = lambda line: None  # noqa: E731
    batch = Batch(Run.of(run), prepared / "data", prepared / "soft", split, choose(device, silent), silent)
    run_batch(batch, seeds, output, output / "batch-0.json")


if __name__ == "__main__":
    main()
