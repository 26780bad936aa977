"""Does a training end the same when it is repeated, and when it is stopped and continued: tried on made data."""

import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from softbench import store
from softbench.datasets.case import Case
from softbench.errors import TimeLimitError
from softbench.soft_labels import one_hot
from softbench.tools.check.findings import Finding, failed, ok, warning
from softbench.training import cached_data, train
from softbench.training.inference import hash_weights
from softbench.training.protocol import Protocol

STEPS = 10
PROTOCOL = Protocol(
    steps=STEPS, batch=2, patch_size=[16, 16, 16], learning_rate=0.01, flips=["W"], intensity_scale=0.1,
    intensity_shift=0.1, validate_every=STEPS // 2,
)  # fmt: skip
NETWORK = {"name": "compact_unet", "widths": [8, 16, 32]}
CASES = 5
RESUME = "stop and continue"
TIMES = 10.0  # a resumed run on a GPU may differ from the whole by so many times as much as a rerun does


def small_run(folder: Path, device: torch.device, deadline: float | None = None) -> nn.Module:
    """Return the network after ten steps; past the deadline it stops at the fifth, with a checkpoint in `folder`."""
    cases = [_case(number) for number in range(CASES)]
    targets = [(_codes(case)[None], case.labels) for case in cases]
    data = cached_data.load(cases, targets, PROTOCOL.patch_size, device)
    threads = torch.get_num_threads()
    try:
        model, _ = train(
            data, cases[:1], network=NETWORK, loss="ce", protocol=PROTOCOL, classes=2, seed=0, folder=folder,
            key="check", deadline=deadline, log=lambda line: None,
        )  # fmt: skip
    finally:
        torch.set_num_threads(threads)
    return model


def difference(first: nn.Module, second: nn.Module) -> float:
    """Return the largest difference between the weights of two networks of one make."""
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return max(float((a.double() - b.double()).abs().max()) for a, b in pairs)


def _case(number: int) -> Case:
    """Return a noisy image of a cube."""
    rng = np.random.default_rng(number)
    labels = np.zeros((1, 18, 20, 17), np.uint8)
    d, h, w = rng.integers(1, 8, 3)
    labels[0, d : d + 8, h : h + 8, w : w + 8] = 1
    images = (labels + 0.2 * rng.normal(size=labels.shape)).astype(np.float32)
    return Case(f"cube_{number}", images, labels, (1.0, 1.0, 1.0), np.eye(4))


def _codes(case: Case) -> np.ndarray:
    return store.encode(one_hot.soften(case.labels, None, case.spacing_mm, classes=2))


def rerun(device: torch.device) -> Finding:
    """Train twice from one seed: on a CPU the weights must be the same; on a GPU only the seed is promised."""
    with tempfile.TemporaryDirectory() as scratch:
        first, second = (small_run(Path(scratch) / name, device) for name in "ab")
    if hash_weights(first) == hash_weights(second):
        return ok("rerun", f"two trainings of {STEPS} steps from one seed end with the same weights.")
    apart = f"weights of two trainings from one seed differ by up to {difference(first, second):.2g}"
    if device.type == "cuda":
        return ok("rerun", f"{apart}: on GPUs seeds are fixed, sums are not; the spread over seeds is reported.")
    return failed("rerun", f"{apart}: no result of this machine can be repeated. Use the pinned torch: `make setup`.")


def resume(device: torch.device) -> Finding:
    """Stop a training at half its steps and go on: the weights must be those of a training that nobody stopped."""
    with tempfile.TemporaryDirectory() as scratch:
        whole = small_run(Path(scratch) / "whole", device)
        try:
            small_run(Path(scratch) / "stopped", device, deadline=time.monotonic() - 1)
        except TimeLimitError:
            resumed = small_run(Path(scratch) / "stopped", device)
        else:
            return failed(RESUME, "a training past its time limit was not stopped. Set the clock; report it.")
        again = small_run(Path(scratch) / "again", device) if device.type == "cuda" else whole
    half = f"a training stopped at step {STEPS // 2} and continued"
    if hash_weights(whole) == hash_weights(resumed):
        return ok(RESUME, f"{half} ends with the weights of one that nobody stopped.")
    apart, spread = difference(whole, resumed), difference(whole, again)
    text = f"{half} ends with weights that differ by up to {apart:.2g} from those of one that nobody stopped"
    if device.type == "cpu":
        return failed(RESUME, f"{text}: set no time limit here, and report it.")
    if apart <= TIMES * spread:
        return ok(RESUME, f"{text}; a rerun differs by {spread:.2g}.")
    return warning(RESUME, f"{text}, a rerun by {spread:.2g} only: set no time limit here, and report it.")
