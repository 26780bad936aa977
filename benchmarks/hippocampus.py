"""What DSC a CPU core reaches on the real hippocampus data in half a CPU minute and in five.

Usage: python benchmarks/hippocampus.py [--folder FOLDER] [--seeds 0 1 2] [--only hippocampus] [--method one_hot]
           (in the project's folder, with .venv active; about 17 CPU minutes)
Config's experiments `hippocampus` (bar: 0.83 in 30 CPU s) and `hippocampus_5min` (0.885 in 300 CPU s): their network,
protocol and split (190 training, 10 validation, 60 test cases). CPU seconds of the process, one thread of torch, from
reading the prepared cases to the last validation; preparing and imports are not in it. The DSC is the mean over both
structures and all test cases; no choice was made on them (docs/training.md).
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import monai.inferers.utils  # noqa: F401 (seconds to import, as torch is)
import torch
import yaml
from softbench import datasets
from softbench.arrays import one_hot
from softbench.datasets import prepare, splits
from softbench.store import encode
from softbench.training import resident, train
from softbench.training.inference import view_of
from softbench.training.protocol import Protocol
from softbench.training.validate import validate

ROOT = Path(__file__).parents[1]
BARS = {"hippocampus": (0.83, 30), "hippocampus_5min": (0.885, 300)}  # DSC, CPU seconds


def main() -> None:
    """Print a line a seed and one a budget."""
    options = _options()
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        settings = {"normalise": config["datasets"]["hippocampus"]["normalise"]}
        prepare.run("hippocampus", options.folder, Path(scratch), settings=settings, log=lambda line: None)
        for name in options.only:
            compete(config, name, options.method, Path(scratch), options.seeds)


def compete(config: dict, name: str, method: str, data: Path, seeds: list[int]) -> None:
    """Train the seeds of an experiment's method and print what they reach."""
    reached, took = [], []
    for seed in seeds:
        dsc, seconds, parameters = one_run(config, name, method, data, seed)
        print(
            f"{name}, {method}, seed {seed}: test DSC {dsc:.4f}, {seconds:.1f} CPU s, {parameters} weights", flush=True
        )
        reached.append(dsc)
        took.append(seconds)
    bar, limit_s = BARS[name]
    mean, most = statistics.mean(reached), max(took)
    print(f"{name}, {method}: mean {mean:.4f} (bar {bar}) in at most {most:.1f} CPU s (bar {limit_s})", flush=True)


def one_run(config: dict, name: str, method: str, data: Path, seed: int) -> tuple[float, float, int]:
    """Train one seed; return its mean test DSC, the CPU seconds before it is scored, and its number of weights."""
    experiment = config["experiments"][name]
    protocol = Protocol(**config["protocols"][experiment["protocol"]])
    dataset = datasets.open(data)
    split = splits.read(ROOT / "workflow" / "splits" / "hippocampus" / f"{experiment['split']}.csv")
    start = time.process_time()
    cases = {part: [dataset.load(c) for c in split.loc[split["part"] == part, "case"]] for part in ("train", "val")}
    targets = ((encode(one_hot(case.labels[0], len(dataset.classes)))[None], case.labels) for case in cases["train"])
    data_in_memory = resident.load(cases["train"], targets, protocol.crop, torch.device("cpu"))
    with tempfile.TemporaryDirectory() as folder:
        model, _ = train(
            data_in_memory,
            cases["val"],
            network=config["networks"][experiment["networks"][0]],
            loss=config["methods"][method]["loss"],
            protocol=protocol,
            classes=len(dataset.classes),
            seed=seed,
            folder=Path(folder),
            key="benchmark",
            log=lambda line: None,
        )
    took = time.process_time() - start
    test = [dataset.load(case) for case in split.loc[split["part"] == "test", "case"]]
    return validate(model, test, view_of(protocol))["val_dsc"], took, sum(p.numel() for p in model.parameters())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = ROOT.parent / "shared" / "data" / "msd_task04_hippocampus"
    parser.add_argument("--folder", type=Path, default=shared, help="the published files (imagesTr, labelsTr)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--method", default="one_hot_ce_dice", help="a method of config.yaml with one-hot labels")
    parser.add_argument("--only", nargs="+", choices=list(BARS), default=list(BARS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
