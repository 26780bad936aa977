"""What a training step takes at the papers' largest crops: seconds, memory, rate, and how long it waits for data."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
import rates
import torch
from softbench.datasets.case import Case
from softbench.training.batches import draw_batch
from softbench.training.cached_data import CachedData
from softbench.training.protocol import Protocol
from training_suite import in_memory, step_cost
from training_work import CONFIG, TINY_NETWORK, Cost, build

from gpu_parts import alone, kernels
from gpu_parts.job import Job

CASES = 4  # made, and held in memory


@dataclass(frozen=True)
class Setting:
    """What is trained: network and protocol are keys of config; the lengths of `tiny` replace those of the crop."""

    network: str
    protocol: str
    channels: int
    classes: int
    crop: tuple[int, ...]
    tiny: tuple[int, ...]

    def network_of(self, tiny: bool) -> dict[str, Any]:
        """Return the network, narrow for the tiny size where it can be."""
        return TINY_NETWORK if tiny and self.network == TINY_NETWORK["name"] else CONFIG["networks"][self.network]

    def protocol_of(self, tiny: bool) -> Protocol:
        """Return the protocol on its grid."""
        settings = {name: value for name, value in CONFIG["protocols"][self.protocol].items() if name != "coarse_batch"}
        protocol = replace(Protocol(**settings), patch_size=list(self.crop))
        return replace(protocol, patch_size=list(self.tiny), batch=2) if tiny else protocol


SETTINGS = {  # the third is LIDC's crop, one channel; the last has EPD's three windows and six tissues
    "BraTS, batch 4": Setting("unet3d", "geols", 4, 4, (128, 192, 192), (32, 32, 32)),
    "BraTS, batch 2": Setting("unet3d", "svls", 4, 4, (128, 192, 192), (32, 32, 32)),
    "96 x 96 x 96, batch 2": Setting("unet3d", "svls_lidc", 1, 2, (96, 96, 96), (32, 32, 32)),
    "512 x 512, batch 16": Setting("epd_net", "epd", 3, 6, (512, 512), (64, 64)),
}


def run(job: Job) -> None:
    """Note the achievable rates, then what a step takes in each setting."""
    size = "tiny" if job.tiny else job.device.type
    job.note(product_rate=rates.product_rate(job.device, size))
    best = {dims: rates.convolution_rates(job.device, dims, size) for dims in (3, 2)}
    job.note(convolution_rates={f"{dims}-D": found for dims, found in best.items()})
    achievable = {dims: max(found.values()) for dims, found in best.items()}
    job.each("steps", {name: partial(measure, job, setting, achievable) for name, setting in SETTINGS.items()})


def measure(job: Job, setting: Setting, achievable: dict[int, float]) -> dict[str, Any]:
    """Return what a step takes in one setting; see docs/performance.md for what the words mean."""
    protocol, network = setting.protocol_of(job.tiny), setting.network_of(job.tiny)
    data = made_data(setting, protocol, job.device)
    forget_peak(job)
    cost = few_steps(job, data, setting, protocol)
    peak = torch.cuda.max_memory_allocated(job.device) if job.on_gpu else None
    with data_at_hand(data, protocol):
        at_hand = few_steps(job, data, setting, protocol)
    make = partial(build, network, setting.channels, setting.classes, len(protocol.patch_size))
    shape = (protocol.batch, setting.channels, *protocol.patch_size)
    operations = rates.count_operations(make, shape)
    rate = operations / cost.step_s
    again = partial(few_steps, job, data, setting, protocol)
    return {
        "network": setting.network,
        "batch": list(shape),
        "step_s": cost.step_s,
        "step_with_data_at_hand_s": at_hand.step_s,
        "share_waiting_for_data": 1 - at_hand.step_s / cost.step_s,
        "peak_bytes": peak,
        "operations": operations,
        "rate": rate,
        "share_of_achievable": rate / achievable[len(protocol.patch_size)],
        "convolutions_alone_s": job.attempt("convolutions alone", lambda: alone.seconds(make(), shape, job.device)),
        **(job.attempt("profile", lambda: kernels.profile(again, job.device)) or {}),
    }


def few_steps(job: Job, data: CachedData, setting: Setting, protocol: Protocol) -> Cost:
    """Train by the suite's loop."""
    steps, warm_up = (1, 1) if job.tiny else (20, 10)
    return step_cost(data, setting.network_of(job.tiny), protocol, setting.classes, steps, warm_up)


@contextmanager
def data_at_hand(data: CachedData, protocol: Protocol) -> Iterator[None]:
    """Let the suite's loop train on one batch that is there already, step after step."""
    images, target = draw_batch(data, protocol, 0, 0)
    with mock.patch("softbench.training.loop.draw_batch", return_value=(images, target)):
        yield


def made_data(setting: Setting, protocol: Protocol, device: torch.device) -> CachedData:
    """Return cases of noise with labels of noise, in memory."""
    rng = np.random.default_rng(0)
    lengths, dims = protocol.patch_size, len(protocol.patch_size)
    cases = []
    for number in range(CASES):
        images = rng.standard_normal((setting.channels, *lengths), np.float32)
        labels = rng.integers(0, setting.classes, (1, *lengths), np.uint8)
        cases.append(Case(f"made_{number}", images, labels, (1.0,) * dims, np.eye(dims + 1)))
    return in_memory(cases, setting.classes, lengths, device)


def forget_peak(job: Job) -> None:
    """Set the peak of device memory back to what is held now."""
    if job.on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(job.device)
