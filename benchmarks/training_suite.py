"""The suite's own way to train, for `training.py` and `gpu.py` to time."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.store import encode
from softbench.training import cached_data, train
from softbench.training.cached_data import CachedData
from softbench.training.device import choose
from softbench.training.protocol import Protocol
from training_work import Cost, Work, clock_read_each_step, read_clock, seconds_between


def in_memory(cases: Sequence[Case], classes: int, crop: Sequence[int], device: torch.device) -> CachedData:
    """Read cases and their one-hot labels into memory, as a job of the suite does."""
    targets = ((encode(one_hot(case.labels[0], classes))[None], case.labels) for case in cases)
    return cached_data.load(cases, targets, crop, device)


def step_cost(
    data: CachedData,
    network: dict[str, Any],
    protocol: Protocol,
    classes: int,
    steps: int,
    warm_up: int,
    loss: str = "ce",
) -> Cost:
    """Train a new network by the suite's loop; a step is timed from the end of the one before."""
    choose(data.device.type, lambda line: None)  # sets what jobs of the suite set
    with tempfile.TemporaryDirectory() as folder, clock_read_each_step(data.device) as readings:
        readings.append(read_clock(data.device))
        train(
            data, [], network=network, loss=loss, protocol=replace(protocol, steps=warm_up + steps, epochs=None),
            classes=classes, seed=0, folder=Path(folder), key="", log=lambda line: None,
        )  # fmt: skip
    if len(readings) != 1 + warm_up + steps:
        raise RuntimeError(f"{len(readings) - 1} steps of an optimiser were seen, but {warm_up + steps} were taken.")
    step_s = seconds_between(readings[warm_up], readings[-1]) / steps
    return Cost(max(0.0, seconds_between(readings[0], readings[warm_up]) - warm_up * step_s), step_s)


class Suite:
    """The suite as a contestant."""

    name = "ours"

    def __init__(self, work: Work, dataset: Dataset) -> None:
        """Read the prepared cases into memory."""
        self.work, self.classes = work, len(dataset.classes)
        cases = [dataset.load(case.id) for case in work.cases()]
        self.data = in_memory(cases, self.classes, work.protocol.patch_size, work.device)

    def run(self, steps: int, warm_up: int) -> Cost:
        """Train a new network."""
        return step_cost(self.data, self.work.network, self.work.protocol, self.classes, steps, warm_up)
