"""After how many steps a run of the superpixel paper's protocols gains no more, on phantoms.

Usage: python benchmarks/lengths.py [--only superpixel_mri] [--steps 6000] [--seeds 0]
           (in the project's folder, with .venv active; about three CPU minutes a run of 6000 steps)
The paper prints no length. Here its optimiser, rate, batch, loss and plateau rule train a small network on small crops
of a phantom (40 cases; 8 for validation), with an epoch of the plateau rule of 25 steps instead of 250. Printed are the
validation DSC and the learning rate along the run, the step that comes within 0.005 of the best DSC first, and CPU
seconds. `--tiny`: one epoch of the rule.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import options
import torch
from softbench import store
from softbench.arrays import one_hot
from softbench.datasets import phantoms
from softbench.datasets.case import Case
from softbench.datasets.prepare.intensities import normalise
from softbench.plan.config import read
from softbench.training import cached_data, train
from softbench.training.protocol import Protocol

ROOT = Path(__file__).parents[1]
EPOCH = 25  # steps
NEAR = 0.005  # DSC
RUNS = {  # protocol -> phantom, crop, loss
    "superpixel_mri": ("phantom_brain", [16, 24, 24], "wce + dice"),
    "superpixel_oct": ("phantom_retina", [96, 32], "wce"),
}
NETWORK = {"name": "compact_unet", "widths": [8, 16, 32, 64]}


def main() -> None:
    """Print a block of lines a run."""
    chosen = _options()
    config = read(ROOT).values
    for name in chosen.only:
        for seed in chosen.seeds:
            began = time.process_time()
            history = run(config["protocols"][name], *RUNS[name], seed, chosen.steps)
            print(f"{name} on {RUNS[name][0]}, seed {seed}, {time.process_time() - began:.0f} CPU s")
            report(history)


def run(settings: dict, phantom: str, crop: list[int], loss: str, seed: int, steps: int) -> list[dict[str, float]]:
    """Train one seed; return the rows of its history that hold a validation."""
    own = {name: value for name, value in settings.items() if name not in ("epochs", "inference_patch")}
    short = {"steps": steps, "patch_size": crop, "plateau_epoch_steps": EPOCH, "validate_every": EPOCH}
    protocol = Protocol(**{**own, **short})
    cases = [_normalised(phantoms.make(phantom, number, size="tiny")) for number in range(48)]
    classes = len(cases[0].truth)
    targets = [(store.encode(one_hot(case.labels[0], classes))[None], case.labels[:1]) for case in cases[:40]]
    data = cached_data.load(cases[:40], targets, protocol.patch_size, torch.device("cpu"))
    with tempfile.TemporaryDirectory() as scratch:
        _, history = train(
            data, cases[40:], network=NETWORK, loss=loss, protocol=protocol, classes=classes, seed=seed,
            folder=Path(scratch), key="", log=lambda line: None,
        )  # fmt: skip
    return [row for row in history if "val_dsc" in row]


def _normalised(case: Case) -> Case:
    images = np.stack([normalise(channel, how="zscore") for channel in case.images])
    return Case(case.id, images, case.labels, case.spacing_mm, case.affine, truth=case.truth)


def report(history: list[dict[str, float]]) -> None:
    """Print ten places along a run, and where it comes near its best."""
    best = max(row["val_dsc"] for row in history)
    for index in np.linspace(0, len(history) - 1, 11).astype(int):
        row = history[index]
        so_far = max(one["val_dsc"] for one in history[: index + 1])
        print(f"  step {row['step']:5.0f}: best DSC so far {so_far:.3f}, rate {row['learning_rate']:.1e}")
    near = next(row["step"] for row in history if row["val_dsc"] >= best - NEAR)
    print(f"  best {best:.4f}; within {NEAR} of it first at step {near:.0f}")


def _options() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--only", nargs="+", choices=list(RUNS), default=list(RUNS))
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    chosen = parser.parse_args()
    chosen.steps = EPOCH if chosen.tiny else chosen.steps
    return chosen


if __name__ == "__main__":
    main()
