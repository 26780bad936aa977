"""What a training step costs: ours beside the plain loop of the SVLS authors and beside MONAI's recipe, in one run.

Usage: python benchmarks/training.py [--device cuda] [--work hippocampus | brats | brats_tiny] [--folder FOLDER]
           [--steps N] [--rounds N] [--steps-alone]     (in the project's folder, with .venv active; six CPU minutes)
Same cases as published, network, patch, batch and one-hot target for all three; `training_peers.py` says what the
others do, (a) and (b). Ours is `softbench.training.train` with config's protocol: AdamW, schedule, clipping, crops,
flips and intensities drawn per step. One process, one thread of torch. Contestants take turns; printed is the median
of the rounds. A round trains a new network, takes 10 steps that are not timed, then an epoch. On a CPU seconds are CPU
seconds of the process and of loader workers, once these have ended; on a GPU they are those between two events of its
stream, so that waiting for data counts. What happens once a model before its first step (reading prepared cases into
memory; filling MONAI's cache) is start-up; imports are not in it. Preparing, which the suite does once for all models,
is printed and in no ratio.
Work: hippocampus (real, default), or brats: made cases of 4 x 155 x 240 x 240, batches of 4 x 4 x 128 x 192 x 192, the
U-Net of SVLS, for a GPU; brats_tiny rehearses the latter anywhere. Last, the share of the achievable rate: the step's
FLOPs (torch's counter) over what a large product and a convolution reach, and `training_runs.py`: many runs a process.
"""

import argparse
import os
import statistics
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Protocol as Interface

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
import training_runs
import training_work
from softbench.training import train
from softbench.training.layout import channels_last
from softbench.training.protocol import Protocol
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from training_peers import MonaiRecipe, SvlsLoop
from training_work import Cost, Work, clock_read_each_step, read_clock, seconds_between

WARM_UP = 10  # steps of each run that are not timed
TARGETS = {
    ("cpu", "hippocampus"): {SvlsLoop.name: 1.5, MonaiRecipe.name: 1.2},
    ("cuda", "brats2019_geols"): {SvlsLoop.name: 5, MonaiRecipe.name: 2},
}
MADE = {"brats": ((155, 240, 240), [128, 192, 192]), "brats_tiny": ((48, 80, 80), [32, 64, 64])}
STEPS = {"hippocampus": 95, "brats": 20, "brats_tiny": 4}  # timed in a round; hippocampus: an epoch
LARGE = {"cpu": (1536, torch.float32, 48), "cuda": (8192, torch.bfloat16, 128)}  # product, type, grid of a convolution


class Contestant(Interface):
    """A way to train; making one is the part of start-up that all steps need."""

    name: str

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network for both numbers of steps; return what it costs."""


class Suite:
    """The suite's own loop."""

    name = "ours"

    def __init__(self, work: Work, prepared: Path) -> None:
        """Read the prepared cases into memory."""
        self.work, self.batch = work, work.batch(prepared)
        self.resident = self.batch.resident

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network; a step is timed from the end of the one before."""
        protocol = Protocol(**asdict(self.work.protocol) | {"steps": warm_up + steps})
        with tempfile.TemporaryDirectory() as folder, clock_read_each_step(self.work.device) as readings:
            readings.append(read_clock(self.work.device))
            train(
                self.resident,
                [],
                network=self.batch.run.network,
                loss=self.batch.run.loss,
                protocol=protocol,
                classes=len(self.batch.dataset.classes),
                seed=0,
                folder=Path(folder),
                key="",
                log=lambda line: None,
            )
        if len(readings) != 1 + warm_up + steps:
            raise SystemExit(f"{len(readings) - 1} steps of an optimiser were seen, but {warm_up + steps} were taken.")
        step_s = seconds_between(readings[warm_up], readings[-1]) / steps
        return Cost(max(0.0, seconds_between(readings[0], readings[warm_up]) - warm_up * step_s), step_s)


def main() -> None:
    """Print what a step and a model cost, then the share of the achievable rate, then what many runs cost."""
    chosen = arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch warns of two workers on one core
    device = torch.device(chosen.device)
    with tempfile.TemporaryDirectory() as scratch:
        work = work_of(chosen.work, chosen.folder, Path(scratch), device)
        step_s = compare(work, Path(scratch, "prepared"), chosen.steps or STEPS[chosen.work], chosen.rounds)
    print_share(work, step_s)
    if not chosen.steps_alone:
        training_runs.compare(chosen.device)
    if chosen.device == "cpu":
        print("not run: the same on a GPU (--device cuda), whose targets are 5 times (a) and 2 times (b)")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--work", choices=tuple(STEPS), help="default: hippocampus on a CPU, brats on a GPU")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data/msd_task04_hippocampus"))
    parser.add_argument("--steps", type=int, help="timed in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps-alone", action="store_true", help="leave out training_runs.py")
    chosen = parser.parse_args()
    chosen.work = chosen.work or ("brats" if chosen.device == "cuda" else "hippocampus")
    return chosen


def work_of(name: str, folder: Path, scratch: Path, device: torch.device) -> Work:
    """Return what is trained; cases are made where none are published."""
    if name == "hippocampus":
        return training_work.hippocampus(folder, device)
    return training_work.brats(scratch, device, *MADE[name])


def compare(work: Work, prepared: Path, steps: int, rounds: int) -> float:
    """Let the contestants take turns; print their medians and ratios; return the seconds of a step of ours."""
    start = read_clock(torch.device("cpu"))
    training_work.prepare_all(work, prepared)
    prepare_s = seconds_between(start, read_clock(torch.device("cpu")))
    contestants: dict[str, tuple[Contestant, float]] = {}
    for make in (lambda: Suite(work, prepared), lambda: SvlsLoop(work), lambda: MonaiRecipe(work)):
        start = read_clock(work.device)
        one = make()
        contestants[one.name] = (one, seconds_between(start, read_clock(work.device)))
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (one, _) in contestants.items():
            with torch.backends.cudnn.flags(enabled=True):  # whatever one sets is not the next one's
                costs[name].append(one.run(steps, WARM_UP))
    print(f"{work.dataset}, {work.network}, batch {work.protocol.batch}, {work.protocol.crop}, {of_device(work)}")
    print(f"prepared once for all models of ours: {len(work.cases())} training cases and others, {prepare_s:.1f} CPU s")
    found = {name: median(costs[name], made_s) for name, (_, made_s) in contestants.items()}
    for name, cost in found.items():
        print_contestant(work, name, cost, found[Suite.name], [one.step_s for one in costs[name]])
    return found[Suite.name].step_s


def of_device(work: Work) -> str:
    """Return what is computed on, and the unit of its seconds."""
    return "CPU seconds, one thread" if work.device.type == "cpu" else f"seconds of {torch.cuda.get_device_name()}"


def median(costs: list[Cost], made_s: float) -> Cost:
    """Return the median cost of the rounds; what was done once for all rounds comes to the start."""
    starts, steps = zip(*[(cost.start_s, cost.step_s) for cost in costs], strict=True)
    return Cost(made_s + statistics.median(starts), statistics.median(steps))


def print_contestant(work: Work, name: str, cost: Cost, ours: Cost, rounds: list[float]) -> None:
    """Print what a step and a whole run cost, and how many times that is ours."""
    model_s, ours_s = (one.start_s + work.whole_run * one.step_s for one in (cost, ours))
    line = f"{name}: {1000 * cost.step_s:.1f} ms a step ({1000 * min(rounds):.1f} to {1000 * max(rounds):.1f}), "
    line += f"start-up {cost.start_s:.1f} s, a model of {work.whole_run} steps {model_s:.0f} s"
    if name != Suite.name:
        target = TARGETS.get((work.device.type, work.dataset), {}).get(name, "none")
        line += f"; ours is {cost.step_s / ours.step_s:.2f} times as fast a step (target: {target}), "
        line += f"{model_s / ours_s:.2f} times a model"
    print(line, flush=True)


def print_share(work: Work, step_s: float) -> None:
    """Print the rate of a step of ours, and its share of what a product and a convolution reach."""
    size, dtype, grid = LARGE[work.device.type]
    square = torch.randn(size, size, device=work.device).to(dtype)
    weights = torch.randn(32, 32, 3, 3, 3, device=work.device).to(dtype)
    images = channels_last(torch.randn(1, 32, grid, grid, grid, device=work.device).to(dtype))
    product = 2 * size**3 / fastest_s(lambda: square @ square, work.device)
    convolution = (
        2
        * 27
        * 32**2
        * grid**3
        / fastest_s(lambda: functional.conv3d(images, channels_last(weights), padding=1), work.device)
    )
    rate = flops_of_step(work) / step_s
    print(f"rate of a step of ours: {rate / 1e12:.3f} TFLOP/s of {flops_of_step(work) / 1e12:.4f} TFLOP")
    for name, peak in (("a product", product), ("a convolution of 32 channels", convolution)):
        print(f"  {100 * rate / peak:.0f} % of {name}, {peak / 1e12:.3f} TFLOP/s in {dtype}", flush=True)


def fastest_s(action: Callable[[], object], device: torch.device, repeats: int = 10) -> float:
    """Return the seconds of the fastest of some calls."""
    times = []
    for _ in range(repeats + 1):
        start = read_clock(device)
        action()
        times.append(seconds_between(start, read_clock(device)))
    return min(times[1:])


def flops_of_step(work: Work) -> int:
    """Return the floating-point operations of forward and backward, counted without computing them."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        work.model()(torch.empty((work.protocol.batch, work.channels, *work.protocol.crop))).sum().backward()
    return counter.get_total_flops()


if __name__ == "__main__":
    main()
