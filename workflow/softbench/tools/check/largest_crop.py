"""Does the largest crop of a campaign fit: trained on a GPU, estimated on a CPU."""

import gc
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from softbench.datasets.case import Case
from softbench.jobs.available import available_bytes
from softbench.jobs.progress import gib, grid
from softbench.networks import small_grid
from softbench.store import ONE
from softbench.tools.check.findings import Finding, failed, ok, warning
from softbench.training import cached_data, train
from softbench.training.memory import USABLE, Need, Step, estimate, smaller
from softbench.training.protocol import Protocol

NAME = "memory"
STEPS = 2  # the second has Adam's means beside everything else
Option = TypeVar("Option")


def check(device: torch.device, step: Step) -> Finding:
    """Say whether a step fits and, if not, what would."""
    return _trained(device, step) if device.type == "cuda" else judge(step, estimate(step), available_bytes())


def judge(step: Step, need: Need, free: int) -> Finding:
    """Compare an estimate with what is free; only a warning, for it is an estimate."""
    bytes_ = need.bytes(step.batch, step.crop)
    text = f"{_title(step)} needs about {gib(bytes_)}, {gib(free)} are free"
    if bytes_ <= USABLE * free:
        return ok(NAME, f"{text}.")
    batch = need.largest_batch(step.crop, USABLE * free)
    crop = need.largest_crop(1, step.crop, USABLE * free)
    fits = f"batch {batch} fits" if batch else f"batch 1 of {grid(crop)} fits" if crop else "no crop fits"
    return warning(NAME, f"{text}: {fits}. Train smaller crops here (--crop, --batch), or on a GPU.")


def _trained(device: torch.device, step: Step) -> Finding:
    peak = peak_bytes(device, step)
    total = _total_bytes(device)
    if peak is not None:
        text = f"{_title(step)} peaks at {gib(peak)} of {gib(total)}"
        return ok(NAME, f"{text}; each training case held there takes {gib(_case_bytes(step))} more.")
    what = f"{_title(step)} does not fit into {gib(total)}, of which {gib(_free_bytes(device))} are free"
    return failed(NAME, f"{what}: {_what_fits(device, step)}.")


def _what_fits(device: torch.device, step: Step) -> str:
    """Find by bisection the largest batch or, where not even one crop fits, the largest crop."""

    def batch_fits(batch: int) -> bool:
        return peak_bytes(device, replace(step, batch=batch)) is not None

    def crop_fits(crop: tuple[int, ...]) -> bool:
        return peak_bytes(device, replace(step, batch=1, crop=crop)) is not None

    if batch := last_that_fits(range(1, step.batch), batch_fits):
        return f"batch {batch} does; set `batch`, or take a GPU with more memory"
    multiple: Any = step.build().multiple
    crop = last_that_fits(smaller(step.crop, multiple)[::-1], crop_fits)
    return (
        f"at batch 1 a crop of {grid(crop)} does; set `patch_size`" if crop else "no crop does; take a narrower network"
    )


def last_that_fits(options: Sequence[Option], fits: Callable[[Option], bool]) -> Option | None:
    """Return the last option that fits, by bisection: after one that does not fit, none does; None if none does."""
    low, high = -1, len(options)  # options[low] fits, options[high] does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(options[middle]) else (low, middle)
    return options[low] if low >= 0 else None


def peak_bytes(device: torch.device, step: Step) -> int | None:
    """Return the most device memory that tensors take in training; None where it does not suffice."""
    _forget(device)
    fitted = _fitted(device, step)
    peak = _peak(device)
    _forget(device)  # here, when the frames of an error, and their tensors, are gone
    return peak if fitted else None


def _fitted(device: torch.device, step: Step) -> bool:
    try:
        few_steps(device, step)
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or "ALLOC_FAILED" in str(error):  # cuDNN's own words
            return False
        raise
    return True


def few_steps(device: torch.device, step: Step) -> None:
    """Train two steps on empty images, by the loop that a campaign uses."""
    protocol = Protocol(
        steps=STEPS, batch=step.batch, patch_size=list(step.crop), learning_rate=1e-4, schedule="constant"
    )
    multiple: Any = step.build().multiple
    case = _empty(step.channels, step.crop)
    codes = np.zeros((1, step.classes, *step.crop), np.uint16)
    codes[:, 0] = ONE
    data = cached_data.load([case] * step.batch, [(codes, case.labels)] * step.batch, step.crop, device)
    look = [_empty(step.channels, small_grid(multiple, len(step.crop)))] if min(step.crop) > multiple else [case]
    with tempfile.TemporaryDirectory() as scratch:
        train(
            data, look, network=step.network, loss="ce", protocol=protocol, classes=step.classes, seed=0,
            folder=Path(scratch), key="memory", log=lambda line: None,
        )  # fmt: skip


def _empty(channels: int, lengths: Sequence[int]) -> Case:
    dims = len(lengths)
    images = np.zeros((channels, *lengths), np.float32)
    return Case("empty", images, np.zeros((1, *lengths), np.uint8), (1.0,) * dims, np.eye(dims + 1))


def _case_bytes(step: Step) -> int:
    """Return what a case of the size of a crop takes in the training data: images of float16, soft and hard label."""
    return int((2 * step.channels + 2 * step.classes + 1) * np.prod(step.crop))


def _title(step: Step) -> str:
    return f"{step.network['name']}, batch {step.batch} of {step.channels} x {grid(step.crop)},"


def _forget(device: torch.device) -> None:
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.current_device()  # starts CUDA: before that there is nothing to reset
    torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device) -> int:
    return int(torch.cuda.max_memory_allocated(device))


def _total_bytes(device: torch.device) -> int:
    return int(torch.cuda.get_device_properties(device).total_memory)


def _free_bytes(device: torch.device) -> int:
    return int(torch.cuda.mem_get_info(device)[0])
