"""What a training step costs: ours beside the plain loop of the SVLS authors and beside MONAI's recipe, in one run.

Usage: python benchmarks/training.py [--device cuda] [--work hippocampus | phantom | brats] [--folder FOLDER]
           [--steps N] [--rounds N] [--steps-alone] [--keep]
           (in the project's folder, with .venv active; six CPU minutes)
Same cases as published, layers, patch, batch and one-hot target for all three; `training_peers.py` says what the others
do, (a) and (b). First the losses of ours and of (b) are compared over five steps, from the same weights and on the same
batches: where they differ in four digits, this stops (`training_losses.py`). Ours is `softbench.training.train` with
config's protocol: AdamW, schedule, clipping, crops, flips and intensities drawn per step; (b) has the same optimiser,
schedule and clipping. One thread of torch; on a CPU each run is a process of its own, split off once all is imported
and read. Contestants take turns; printed is the median of the rounds. A round trains a new network, takes 10 steps that
are not timed, then an epoch. On a CPU seconds are CPU seconds of the process and of loader workers, once these have
ended; on a GPU they are those between two events of its stream, so that waiting for data counts. What happens once a
model before its first step (reading prepared cases into memory; filling MONAI's cache) is start-up; imports are not in
it. Preparing, which the suite does once for all models, is printed and in no ratio.
Work: hippocampus (real, default); phantom, the demo's brain phantom and protocol, written as the files of BraTS are; or
brats: made cases of 4 x 155 x 240 x 240, batches of 4 x 4 x 128 x 192 x 192, the U-Net of SVLS, for a GPU; `--tiny` is
the last, small. At the end come the share of the achievable rate (`rates.py`) and `training_runs.py`: many runs a
process.
"""

import argparse
import os
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import options
import rates
import torch
import training_contest
import training_losses
import training_runs
import training_work
from rows import Peer, Rows, rounded
from softbench.datasets import Dataset
from training_contest import Result
from training_peers import MonaiRecipe, SvlsLoop, network
from training_suite import Suite
from training_work import Work, read_clock, seconds_between

WARM_UP = 10  # steps of each run that are not timed
TARGETS = {
    ("cpu", "hippocampus"): {SvlsLoop.name: 1.5, MonaiRecipe.name: 1.6},
    ("cpu", "phantom"): {MonaiRecipe.name: 1.6},
    ("cuda", "brats"): {SvlsLoop.name: 5, MonaiRecipe.name: 2},
}
STEPS = {"hippocampus": 95, "phantom": 100, "brats": 20}  # timed in a round; hippocampus: an epoch


def main() -> None:
    """Print what a step and a model cost, then the share of the achievable rate, then what many runs cost."""
    chosen = arguments()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch warns of two workers on one core
    device = torch.device(chosen.device)
    with tempfile.TemporaryDirectory() as scratch:
        work = make_work(chosen, Path(scratch), device)
        dataset, same = prepare(work, Path(scratch, "prepared"))
        results = contest(work, dataset, chosen)
    add_steps(Rows("training", chosen, "torch", "monai", "numba"), work, results, same)
    print_share(work, results[Suite.name].step_s, "tiny" if chosen.tiny else device.type)
    if not chosen.steps_alone:
        training_runs.compare(chosen)
    if chosen.device == "cpu":
        print("not run: the same on a GPU (--device cuda), whose targets are 5 times (a) and 2 times (b)")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--work", choices=tuple(STEPS), help="default: hippocampus on a CPU, brats on a GPU")
    parser.add_argument("--folder", type=Path, default=Path("../shared/data/msd_task04_hippocampus"))
    parser.add_argument("--steps", type=int, help="timed in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps-alone", action="store_true", help="leave out training_runs.py")
    chosen = parser.parse_args()
    chosen.work = chosen.work or ("brats" if chosen.tiny or chosen.device == "cuda" else "hippocampus")
    chosen.steps, chosen.warm_up = chosen.steps or STEPS[chosen.work], WARM_UP
    if chosen.tiny:
        chosen.steps, chosen.warm_up, chosen.rounds = 1, 1, 1
    return chosen


def make_work(chosen: argparse.Namespace, scratch: Path, device: torch.device) -> Work:
    """Return what is trained; cases are made where none are published."""
    if chosen.work == "hippocampus":
        return training_work.hippocampus(chosen.folder, device)
    make = training_work.phantom if chosen.work == "phantom" else training_work.brats
    return make(scratch, device, tiny=chosen.tiny)


def prepare(work: Work, folder: Path) -> tuple[Dataset, dict[str, float]]:
    """Prepare the cases; return them, and on a CPU the largest relative difference of two losses of a step.

    Raises: SystemExit: if the losses of ours and of MONAI's recipe differ in four digits.
    """
    start = read_clock(torch.device("cpu"))
    dataset = work.prepare(folder)
    prepare_s = seconds_between(start, read_clock(torch.device("cpu")))
    print(f"prepared once for all models of ours: {len(work.cases())} training cases, {prepare_s:.1f} CPU s")
    if work.device.type != "cpu":  # autocast rounds differently
        return dataset, {}
    ours, theirs = training_contest.apart(
        lambda: training_losses.of_both(work, Suite(work, dataset).data, network(work))
    )
    found, steps = training_losses.largest_difference(ours, theirs), len(ours)
    print(f"losses of {steps} steps, ours beside MONAI's recipe: they differ by {found:.1e} of their value at most")
    return dataset, {"loss_difference": rounded(found), "loss_steps": steps}


def contest(work: Work, dataset: Dataset, chosen: argparse.Namespace) -> dict[str, Result]:
    """Let the contestants take turns; print their medians and ratios; return what they cost."""
    results = training_contest.take_turns(
        work, dataset, steps=chosen.steps, warm_up=chosen.warm_up, rounds=chosen.rounds
    )
    for name, error in training_contest.failed(results).items():
        raise SystemExit(f"{name} failed:\n{error}")
    print(
        f"{work.name}, {work.network['name']}, batch {work.protocol.batch}, {work.protocol.patch_size}, "
        f"{of_device(work)}"
    )
    for name in results:
        print_contestant(work, name, results)
    return results


def of_device(work: Work) -> str:
    """Return what is computed on, and the unit of its seconds."""
    return "CPU seconds, one thread" if work.device.type == "cpu" else f"seconds of {torch.cuda.get_device_name()}"


def print_contestant(work: Work, name: str, results: dict[str, Result]) -> None:
    """Print what start-up and a whole run cost, and how many times that is ours."""
    one, ours = results[name], results[Suite.name]
    model_s, ours_s = (result.start_s + work.whole_run * result.step_s for result in (one, ours))
    line = f"{name}: start-up {one.start_s:.1f} s, a model of {work.whole_run} steps {model_s:.0f} s"
    print(line + ("" if one is ours else f", {model_s / ours_s:.2f} times ours"), flush=True)


def add_steps(rows: Rows, work: Work, results: dict[str, Result], same: dict[str, float]) -> None:
    """Add what a step costs in each round, beside each of the others; `same`: how near the losses of MONAI's are."""
    milliseconds = {name: [1000 * step_s for step_s in result.of_rounds] for name, result in results.items()}
    ours = milliseconds.pop(Suite.name)
    for name, theirs in milliseconds.items():
        target = TARGETS.get((work.device.type, work.name), {}).get(name, "none")
        what = f"training step, {work.name}, {work.network['name']}"
        more = {"facts": same} if name == MonaiRecipe.name else {}
        rows.add(what, ours, Peer(name, theirs), unit="ms", more=f"; target: {target}", **more)


def print_share(work: Work, step_s: float, size: str) -> None:
    """Print the rate of a step of ours, and its share of what a product and a large convolution reach."""
    shape = (work.protocol.batch, work.channels, *work.protocol.patch_size)
    operations = rates.count_operations(work.model, shape)
    convolution = max(rates.convolution_rates(work.device, len(work.protocol.patch_size), size).values())
    product = rates.product_rate(work.device, size)
    print(f"rate of a step of ours: {operations / step_s / 1e12:.3f} TFLOP/s of {operations / 1e12:.4f} TFLOP")
    for name, peak in (("a product", product), ("the achievable rate of convolutions", convolution)):
        share, kind = operations / step_s / peak, rates.type_on(work.device)
        print(f"  {100 * share:.0f} % of {name}, {peak / 1e12:.3f} TFLOP/s in {kind}", flush=True)


if __name__ == "__main__":
    main()
