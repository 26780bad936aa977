"""Does a rerun give the same weights."""

import tempfile
from pathlib import Path

import torch

from softbench.machine import small_run
from softbench.machine.finding import Finding
from softbench.training.model_file import hash_weights

NAME = "rerun"


def check(device: torch.device) -> Finding:
    """Train twice from one seed: on a CPU the weights must be the same; on a GPU only the seed is promised."""
    with tempfile.TemporaryDirectory() as scratch:
        one, other = (small_run.run(Path(scratch) / name, device) for name in "ab")
    if hash_weights(one) == hash_weights(other):
        return Finding(NAME, "ok", f"two trainings of {small_run.STEPS} steps from one seed end with the same weights.")
    apart = f"weights of two trainings from one seed differ by up to {small_run.difference(one, other):.2g}"
    if device.type == "cuda":
        return Finding(
            NAME, "ok", f"{apart}: on GPUs seeds are fixed, sums are not; the spread over seeds is reported."
        )
    return Finding(
        NAME, "failed", f"{apart}: no result of this machine can be repeated. Use the pinned torch: `make setup`."
    )
