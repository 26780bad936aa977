"""Make the batch of a step from the cached data: random crops, flips and augmentation, on the device of training.

Random numbers are a function of (seed, purpose, counter): nothing to save, the same for every method of a seed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from softbench.losses import Target
from softbench.store import ONE
from softbench.training import augment
from softbench.training.augment import Move
from softbench.training.cached_data import CachedData
from softbench.training.device import channels_last, send
from softbench.training.protocol import AXES, Protocol

VERSION = 1


class Buffers(NamedTuple):
    """Memory that every batch of a run is written into: allocating it anew costs more than the copy.

    images (B, M, ...) and soft (B, C, ...) float32, channels last; hard (B, ...) int64; valid (B, ...) bool.
    """

    images: torch.Tensor
    soft: torch.Tensor
    hard: torch.Tensor
    valid: torch.Tensor


def buffers(data: CachedData, protocol: Protocol) -> Buffers:
    """Return the memory that a batch of this protocol takes, on the device of training."""
    where: dict[str, Any] = {"device": data.device}
    batch, crop = protocol.batch, protocol.patch_size
    return Buffers(
        channels_last(torch.empty((batch, data.images.shape[1], *crop), **where)),
        torch.empty((batch, data.soft.shape[2], *crop), **where),
        torch.empty((batch, *crop), dtype=torch.int64, **where),
        torch.empty((batch, *crop), dtype=torch.bool, **where),
    )


def draw_batch(
    data: CachedData, protocol: Protocol, seed: int, step: int, into: Buffers | None = None
) -> tuple[torch.Tensor, Target]:
    """Return the images and target of a step: which cases, which crops and flips is a function of (seed, step).

    Args: into: memory that is overwritten, from `buffers`; None takes fresh memory.
    """
    images, soft, hard, valid = places = into or buffers(data, protocol)
    chosen = draw_cases(seed, step, protocol.batch, len(data.cases))
    rng = generator(seed, "augment", step)
    where = rng.random((protocol.batch, data.dims))
    turns = rng.random((protocol.batch, data.dims)) < 0.5
    scale = 1 + protocol.intensity_scale * rng.uniform(-1, 1, (protocol.batch, data.images.shape[1]))
    shift = protocol.intensity_shift * rng.uniform(-1, 1, (protocol.batch, data.images.shape[1]))
    raters = draw_raters(seed, step, protocol.batch, data.hard.shape[1])
    moves = [augment.draw(protocol, data.dims, rng) for _ in chosen]
    for i, n in enumerate(chosen):
        sample, flips = _sample(data, protocol, n, raters[i], where[i]), _flips(data, protocol, turns[i])
        if moves[i] != Move():  # most protocols move nothing, at no cost
            sample, flips = _moved([_flipped(part, flips) for part in sample], moves[i]), []
        for place, part in zip(places, sample, strict=True):
            _put(place[i], part, flips)
    if protocol.intensity_scale or protocol.intensity_shift:
        shape = (protocol.batch, -1) + (1,) * data.dims
        torch.addcmul(
            send(shift, data.device).view(shape), images, send(scale, data.device).view(shape), out=images
        )  # one pass: memory is what a batch costs
    return images, Target(soft.div_(ONE), hard, valid)


def _sample(data: CachedData, protocol: Protocol, n: int, rater: int, where: np.ndarray) -> list[torch.Tensor]:
    """Cut one crop of case n; `where` is its place along each axis, from 0 to 1."""
    extent, crop = data.extents[n], protocol.patch_size
    starts = [int(u * (max(0, have - size) + 1)) for u, have, size in zip(where, extent, crop, strict=True)]
    window: list[Any] = [slice(start, start + size) for start, size in zip(starts, crop, strict=True)]
    parts = [data.images[n][:, *window], data.soft[n, rater][:, *window], data.hard[n, rater][*window]]
    valid = _inside(extent, starts, crop, data.device)
    if data.valid is not None:
        valid = valid & send(data.valid[n][*window], data.device)
    return [*(send(part, data.device) for part in parts), valid]


def _flips(data: CachedData, protocol: Protocol, turns: np.ndarray) -> list[int]:
    """Return the axes, from the end, that a sample is flipped along: those drawn that the protocol allows."""
    names = AXES[-data.dims :]
    return [axis - data.dims for axis in range(data.dims) if turns[axis] and names[axis] in protocol.flips]


def _moved(sample: list[torch.Tensor], move: Move) -> list[torch.Tensor]:
    """Augment a sample whose soft label is integers of the store."""
    images, soft, hard, valid = sample
    images, soft, hard, valid = augment.apply([images.float(), soft.float() / ONE, hard, valid], move)
    return [images, soft * ONE, hard, valid]


def _put(place: torch.Tensor, part: torch.Tensor, flips: list[int]) -> None:
    """Write a part of a sample, flipped, into its place in the batch; numpy flips and converts in one pass."""
    if flips and place.device.type == "cpu":
        np.copyto(place.numpy(), np.flip(part.numpy(), tuple(flips)))
    else:
        place.copy_(_flipped(part, flips))


def _flipped(part: torch.Tensor, flips: list[int]) -> torch.Tensor:
    if not flips:
        return part
    if part.dtype == torch.uint16:  # torch cannot flip it, but can its bits
        return part.view(torch.int16).flip(flips).view(torch.uint16)
    return part.flip(flips)


def _inside(extent: Sequence[int], starts: Sequence[int], crop: Sequence[int], device: torch.device) -> torch.Tensor:
    """Return which voxels of a crop lie inside the case: (D, H, W) bool."""
    inside = torch.ones((), dtype=torch.bool, device=device)
    for have, start, size in zip(extent, starts, crop, strict=True):
        inside = inside.unsqueeze(-1) & (torch.arange(start, start + size, device=device) < have)
    return inside


PURPOSES = {"weights": 0, "order": 1, "augment": 2, "rater": 3, "dropout": 4, "turn": 5}


def generator(seed: int, purpose: str, counter: int = 0) -> np.random.Generator:
    """Return a fresh generator for one purpose of a run, e.g. the augmentation of step `counter`."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, PURPOSES[purpose], counter])))


def weights_seed(seed: int) -> int:
    """Return the number that torch's generator is seeded with before the weights of a run are drawn."""
    return int(generator(seed, "weights").integers(2**62))


def dropout_seed(seed: int, step: int) -> int:
    """Return the number that torch's generator is seeded with before a step, for networks with dropout."""
    return int(generator(seed, "dropout", step).integers(2**62))


def draw_cases(seed: int, step: int, batch: int, cases: int) -> list[int]:
    """Return which of `cases` training cases make up the batch of a step: each once an epoch, in a new order."""
    positions = range(step * batch, (step + 1) * batch)
    orders = {epoch: generator(seed, "order", epoch).permutation(cases) for epoch in {p // cases for p in positions}}
    return [int(orders[p // cases][p % cases]) for p in positions]


def draw_raters(seed: int, step: int, batch: int, raters: int) -> list[int]:
    """Return which rater each image of a step's batch is learned from; always the first where there is one."""
    return [int(n) for n in generator(seed, "rater", step).integers(raters, size=batch)]
