"""What DSC a CPU core reaches on the real hippocampus data in half a CPU minute and in five.

Usage: python benchmarks/hippocampus.py [--folder FOLDER] [--seeds 0 1 2] [--only hippocampus] [--method one_hot]
           (in the project's folder, with .venv active; about 17 CPU minutes)
Config's experiments `hippocampus` (bar: 0.83 in 30 CPU s) and `hippocampus_5min` (0.885 in 300 CPU s): their network,
protocol and split (see config/hippocampus.yaml). CPU seconds of the process, one thread of torch, from
reading the prepared cases to the last validation; preparing and imports are not in it. The DSC is the mean over both
structures and all test cases; no choice was made on them (docs/training.md). `--tiny`: two cases a part and two steps.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import hippocampus_run
import monai.inferers.utils  # noqa: F401 (seconds to import, as torch is)
import options
import torch
from prepared import prepare_cases
from softbench import datasets
from softbench.datasets import Dataset
from softbench.training.inference import make_view
from softbench.training.loop import validate
from training_work import CONFIG, ROOT

BARS = {"hippocampus": (0.83, 30), "hippocampus_5min": (0.885, 300)}  # DSC, CPU seconds
CPU = torch.device("cpu")


def main() -> None:
    """Print a line a seed and one a budget."""
    chosen = _options()
    with tempfile.TemporaryDirectory() as scratch:
        settings = {"normalise": CONFIG["datasets"]["hippocampus"]["normalise"]}
        files = datasets.source("hippocampus").find_cases(chosen.folder)
        dataset = prepare_cases("hippocampus", files, Path(scratch), settings)
        for name in chosen.only:
            compete(name, dataset, chosen)


def compete(name: str, dataset: Dataset, chosen: argparse.Namespace) -> None:
    """Train the seeds of an experiment's method and print what they reach."""
    reached, took, method = [], [], chosen.method
    for seed in chosen.seeds:
        dsc, seconds, parameters = one_run(name, dataset, seed, chosen)
        print(
            f"{name}, {method}, seed {seed}: test DSC {dsc:.4f}, {seconds:.1f} CPU s, {parameters} weights", flush=True
        )
        reached.append(dsc)
        took.append(seconds)
    bar, limit_s = BARS[name]
    mean, most = statistics.mean(reached), max(took)
    print(f"{name}, {method}: mean {mean:.4f} (bar {bar}) in at most {most:.1f} CPU s (bar {limit_s})", flush=True)


def one_run(name: str, dataset: Dataset, seed: int, chosen: argparse.Namespace) -> tuple[float, float, int]:
    """Train one seed; return its mean test DSC, the CPU seconds before it is scored, and its number of weights."""
    protocol = hippocampus_run.protocol_of(name, steps=2 if chosen.tiny else None)
    parts = hippocampus_run.split_parts(name, dataset, most=2 if chosen.tiny else None)
    start = time.process_time()
    model = hippocampus_run.train_seed(name, chosen.method, dataset, parts, protocol, seed, CPU)
    took = time.process_time() - start
    test = hippocampus_run.cases_of(dataset, parts.test)
    return validate(model, test, make_view(protocol))["val_dsc"], took, sum(p.numel() for p in model.parameters())


def _options() -> argparse.Namespace:
    parser = options.parser(__doc__)
    shared = ROOT.parent / "shared" / "data" / "msd_task04_hippocampus"
    parser.add_argument("--folder", type=Path, default=shared, help="the published files (imagesTr, labelsTr)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--method", default="one_hot_ce_dice", help="a method of config with one-hot labels")
    parser.add_argument("--only", nargs="+", choices=list(BARS), default=list(BARS))
    chosen = parser.parse_args()
    chosen.seeds = chosen.seeds[:1] if chosen.tiny else chosen.seeds
    return chosen


if __name__ == "__main__":
    main()
