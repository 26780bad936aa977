"""Whether two ways to train learn the same: the losses of our steps beside MONAI's, from the same weights and batches.

Over the first steps of a whole run alone: rounding grows from step to step, since Adam moves a weight by the whole rate
in the direction of its gradient, also where that is 0 but for rounding. With a schedule of 12 steps on the phantom, two
trainings of MONAI's whose first weights differ by 1e-7 differ by 3e-3 at the eighth step, as ours and MONAI's do.
"""

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from softbench.training import loop
from softbench.training.cached_data import CachedData
from softbench.training.protocol import Protocol
from torch import nn
from training_monai import new_step
from training_work import Work

LIMIT = 1e-4  # of a loss, relative: four digits
STEPS = 5  # that are compared
PADDING = -100  # class index that torch's cross-entropy leaves out, as ours leaves out what is padded


@dataclass
class Seen:
    """What our loop saw: the first weights, and of each step images, class indices (B, 1, ...) and loss."""

    weights: list[torch.Tensor] = field(default_factory=list)
    batches: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)


class _EnoughError(Exception):
    """As many steps as were asked for have been seen."""


def of_both(work: Work, data: CachedData, model: nn.Module) -> tuple[list[float], list[float]]:
    """Return the losses of the first steps of a whole run, of ours and of MONAI's with `model`."""
    seen = ours(data, work.network, work.protocol, work.classes, STEPS)
    return seen.losses, monais(model, work.protocol, seen, work.device)


def ours(
    data: CachedData, network: dict[str, Any], protocol: Protocol, classes: int, steps: int, loss: str = "ce"
) -> Seen:
    """Train a new network by the suite's loop on one-hot labels; keep what it saw, at most so many steps."""
    with tempfile.TemporaryDirectory() as folder, _noting(steps) as seen, suppress(_EnoughError):
        loop.train(
            data, [], network=network, loss=loss, protocol=protocol, classes=classes, seed=0, folder=Path(folder),
            key="", log=lambda line: None,
        )  # fmt: skip
    return seen


@contextmanager
def _noting(steps: int) -> Iterator[Seen]:
    """Give what the loop's steps see from now on; it is stopped after so many."""
    seen, step = Seen(), loop._step

    def noting(parts: Any, forward: Any, images: torch.Tensor, target: Any, *more: Any) -> torch.Tensor:
        if len(seen.losses) == steps:
            raise _EnoughError
        if not seen.weights:
            seen.weights = [value.detach().clone() for value in parts.model.parameters()]
        if not torch.equal(target.soft.sum(dim=1), target.soft.amax(dim=1)):
            raise ValueError("The target is not one-hot, so that class indices do not say all of it.")
        labels = target.soft.argmax(dim=1, keepdim=True).masked_fill(~target.valid[:, None], PADDING)
        seen.batches.append((images.clone().contiguous(), labels))
        value: torch.Tensor = step(parts, forward, images, target, *more)
        seen.losses.append(float(value))
        return value

    loop._step = noting
    try:
        yield seen
    finally:
        loop._step = step


def monais(model: nn.Module, protocol: Protocol, seen: Seen, device: torch.device, loss: str = "ce") -> list[float]:
    """Return the losses of MONAI's steps on the batches that were seen, from the same first weights."""
    with torch.no_grad():
        for own, weight in zip(model.parameters(), seen.weights, strict=True):
            own.copy_(weight)
    step = new_step(model.to(device), protocol, protocol.steps or 0, device, loss)
    return [step(images, labels) for images, labels in seen.batches]


def largest_difference(ours: list[float], theirs: list[float]) -> float:
    """Return the largest relative difference of two losses of a step.

    Raises: SystemExit: if it is not below `LIMIT`: then both do not train the same, and their times say nothing.
    """
    apart = [abs(own - their) / abs(their) for own, their in zip(ours, theirs, strict=True)]
    largest = max(apart, key=lambda value: math.inf if math.isnan(value) else value)
    if not largest < LIMIT:
        raise SystemExit(
            f"The losses of ours and of MONAI's recipe differ by {largest:.1e} of their value at step "
            f"{apart.index(largest) + 1}, from the same weights and batches; allowed is {LIMIT:g}. They do not train "
            "the same, so their times are not comparable: see training_losses.py."
        )
    return largest
