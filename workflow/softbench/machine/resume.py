"""Does a training that was stopped end as the undisturbed one."""

import tempfile
import time
from pathlib import Path

import torch

from softbench.errors import TimeLimitError
from softbench.machine import small_run
from softbench.machine.finding import Finding
from softbench.training.model_file import hash_weights

NAME = "stop and continue"
TIMES = 10.0  # a resumed run on a GPU may differ from the whole by so many times as much as a rerun does


def check(device: torch.device) -> Finding:
    """Stop a training at half its steps and go on: the weights must be those of a training that nobody stopped."""
    with tempfile.TemporaryDirectory() as scratch:
        whole = small_run.run(Path(scratch) / "whole", device)
        try:
            small_run.run(Path(scratch) / "stopped", device, deadline=time.monotonic() - 1)
        except TimeLimitError:
            resumed = small_run.run(Path(scratch) / "stopped", device)
        else:
            return Finding(NAME, "failed", "a training past its time limit was not stopped. Set the clock; report it.")
        again = small_run.run(Path(scratch) / "again", device) if device.type == "cuda" else whole
    half = f"a training stopped at step {small_run.STEPS // 2} and continued"
    if hash_weights(whole) == hash_weights(resumed):
        return Finding(NAME, "ok", f"{half} ends with the weights of one that nobody stopped.")
    apart, spread = small_run.difference(whole, resumed), small_run.difference(whole, again)
    found = f"{half} ends with weights that differ by up to {apart:.2g} from those of one that nobody stopped"
    if device.type == "cpu":
        return Finding(NAME, "failed", f"{found}: set no time limit here, and report it.")
    if apart <= TIMES * spread:
        return Finding(NAME, "ok", f"{found}; a rerun differs by {spread:.2g}.")
    return Finding(NAME, "warning", f"{found}, a rerun by {spread:.2g} only: set no time limit here, and report it.")
