"""Time and memory of a training step of nnU-Net, with its own trainer and with ours, on one of your data sets.

    python benchmarks/nnunet.py 4 --recipe svls --configuration 3d_fullres

Each round trains a few steps in a process of its own, nnU-Net's trainer and ours by turns, on one thread of the CPU and
with augmentation in the same process: CPU seconds a step (loading, augmentation, forward, backward) and the peak of the
process's memory. Needs nnunetv2, its variables, and targets that were made: softbench nnunet prepare.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

KIB = 1024


def main() -> None:
    """Run the rounds, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_set")
    parser.add_argument("--recipe", default="svls")
    parser.add_argument("--configuration", default="3d_fullres")
    parser.add_argument("--plans", default="nnUNetPlans")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--one", choices=("nnunet", "ours"), help="a round of one trainer, in this process")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options)))
        return
    found: dict[str, list[dict[str, float]]] = {"nnunet": [], "ours": []}
    for number in range(options.rounds):
        for name in found if number % 2 == 0 else reversed(found):
            found[name].append(in_process(name))
            print(f"round {number + 1}, {name}: {found[name][-1]}", flush=True)
    for what in ("cpu_s", "peak_mib"):
        theirs, ours = (median(run[what] for run in found[name]) for name in ("nnunet", "ours"))
        print(f"{what}: nnU-Net {theirs:.3f}, ours {ours:.3f}, ratio {ours / theirs:.3f}")


def in_process(name: str) -> dict[str, float]:
    """Return what a round of one trainer took in a process of its own."""
    command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "nnUNet_n_proc_DA": "0"}
    done = subprocess.run(command, env=alone, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def one(options: argparse.Namespace) -> dict[str, float]:
    """Return CPU seconds a step, after one that is not counted, and the peak of memory."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as results:
        os.environ["nnUNet_results"] = results  # noqa: SIM112  (nnU-Net's name)
        trainer = make(options)
        trainer.on_train_start()
        trainer.on_train_epoch_start()
        trainer.train_step(next(trainer.dataloader_train))
        start = time.process_time()
        for _ in range(options.steps):
            trainer.train_step(next(trainer.dataloader_train))
        seconds = (time.process_time() - start) / options.steps
    return {"cpu_s": seconds, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB}


def make(options: argparse.Namespace) -> Any:
    """Return the trainer, with one seed for both."""
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
    from softbench.for_nnunet import data_set, nnUNetTrainerSoft
    from softbench.for_nnunet.recipe import Recipe
    from softbench.for_nnunet.trainer import set_seed

    place = data_set.find(options.data_set, options.plans, options.configuration)
    plans = json.loads((place.folder / f"{place.plans}.json").read_text(encoding="utf-8"))
    described = json.loads((place.folder / "dataset.json").read_text(encoding="utf-8"))
    kind = nnUNetTrainer
    if options.one == "ours":
        recipe = Recipe.of(options.recipe, {})
        says = {"target": recipe.name, "recipe": recipe.recipe, "settings": recipe.settings, "stored": recipe.stored}
        kind = type("nnUNetTrainerSoft_timed", (nnUNetTrainerSoft,), says)
    set_seed(0)
    plans["continue_training"] = False
    return kind(plans, place.configuration, 0, described, torch.device("cpu"))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
    main()
