"""How much memory a training step needs, estimated on a CPU with a small crop, and what would fit instead.

Tensors kept for the backward pass grow with the voxels of a batch; their slope is measured. Two more of the largest are
allowed for, the gradients that flow into a layer and out of it, and four copies of the weights: themselves, their
gradients and the two means of Adam. What a GPU's libraries take as work space is not counted.
"""

import math
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from softbench import losses, networks
from softbench.errors import InputError
from softbench.jobs.progress import gib, grid
from softbench.losses import Target
from softbench.networks import small_grid
from softbench.training.device import channels_last

VERSION = None  # words on memory that was too small
COPIES = 4
FLOWING = 2  # gradients of the size of the largest tensor
USABLE = 0.85  # of what is free: estimates err by a seventh, libraries take work space


@dataclass(frozen=True)
class Step:
    """A training step: `name` and settings of the network, channels of the images, classes, images and their grid."""

    network: dict[str, Any]
    channels: int
    classes: int
    batch: int
    crop: tuple[int, ...]

    def build(self) -> nn.Module:
        """Return the network with some weights; torch's generator is left as it was."""
        settings = {name: value for name, value in self.network.items() if name != "name"}
        with torch.random.fork_rng(devices=[]):
            return networks.build(self.network["name"], self.channels, self.classes, len(self.crop), **settings)

    def require_whole(self) -> None:
        """Raise unless the network can halve the crop as often as it does."""
        multiple: Any = self.build().multiple
        if any(length % multiple for length in self.crop):
            raise InputError(
                f"the crop {grid(self.crop)} does not suit network {self.network['name']}: each length must be a "
                f"multiple of {multiple}."
            )


@dataclass(frozen=True)
class Need:
    """Bytes that a step needs: `fixed` and, for each voxel of a batch, `of_voxel`; `multiple` is the network's."""

    fixed: float
    of_voxel: float
    multiple: int

    def bytes(self, batch: int, crop: Sequence[int]) -> float:
        """Return the bytes of a batch of crops."""
        return self.fixed + self.of_voxel * batch * math.prod(crop)

    def largest_batch(self, crop: Sequence[int], free: float) -> int:
        """Return how many crops fit into so many bytes, 0 if none does."""
        return max(0, int((free - self.fixed) // (self.of_voxel * math.prod(crop))))

    def largest_crop(self, batch: int, crop: Sequence[int], free: float) -> tuple[int, ...] | None:
        """Return the largest crop below this one of which a batch fits; None if none does."""
        return next(
            (smaller_crop for smaller_crop in smaller(crop, self.multiple) if self.bytes(batch, smaller_crop) <= free),
            None,
        )


def smaller(crop: Sequence[int], multiple: int) -> list[tuple[int, ...]]:
    """Return ever smaller crops of whole multiples: each time the longest axis, the last of equals, loses one."""
    lengths = [length // multiple for length in crop]
    found = []
    while max(lengths) > 1 and min(lengths) > 0:
        longest = max(range(len(lengths)), key=lambda axis: (lengths[axis], axis))
        lengths[longest] -= 1
        found.append(tuple(multiple * length for length in lengths))
    return found


def estimate(step: Step, precision: str = "fp32") -> Need:
    """Measure what a step needs on the CPU, in seconds.

    Args: precision: "fp32" or "bf16". Of the latter the CPU knows about what a GPU would keep in bf16.
    """
    model = channels_last(step.build())
    multiple: Any = model.multiple
    only_one = all(length == multiple for length in step.crop)  # so it is with networks made for one size
    lengths = list(step.crop) if only_one else small_grid(multiple, len(step.crop))
    few, more = (_kept_bytes(model, step, batch, lengths, precision) for batch in (2, 4))
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    return Need(COPIES * weights, (more - few) / (2 * math.prod(lengths)), multiple)


def advice(step: Step, free_bytes: float, precision: str = "fp32") -> str:
    """Return what a step needs, what is free, and which smaller batch or crop would fit.

    Args: free_bytes: what a step may take, that is `usable_bytes` less the data on the device.
    """
    try:
        need = estimate(step, precision)
    except Exception:  # the caller reports the error that it has
        title = f"batch {step.batch} of {grid(step.crop)}"
        return f"{title} does not fit, {gib(free_bytes)} are free: take a smaller batch or crop."
    usable = USABLE * free_bytes
    found = f"batch {step.batch} of {grid(step.crop)} needs about {gib(need.bytes(step.batch, step.crop))}"
    found += f", {gib(free_bytes)} are free"
    options: list[str] = []
    if batch := min(step.batch - 1, need.largest_batch(step.crop, usable)):
        options.append(f"batch {batch}")
    if crop := need.largest_crop(step.batch, step.crop, usable):
        options.append(f"a crop of {grid(crop)}")
    elif crop := need.largest_crop(1, step.crop, usable):
        options.append(f"batch 1 of {grid(crop)}")
    if options:
        return f"{found}: {', or '.join(options)} would fit."
    return f"{found}: no crop fits. Take a narrower network, or a device with more memory."


@contextmanager
def explained(step: Step, precision: str, device: torch.device) -> Iterator[None]:
    """Turn a GPU's out-of-memory error into one that says which batch or crop would fit.

    Raises: InputError: in place of `torch.OutOfMemoryError`.
    """
    try:
        yield
        return
    except torch.OutOfMemoryError as error:
        said = str(error).splitlines()[0]
        traceback.clear_frames(error.__traceback__)  # what they hold counts as used
    free = usable_bytes(device) if device.type == "cuda" else 0
    raise InputError(
        f"{device} has too little memory: {advice(step, free, precision)} Change `batch` or `patch_size` of the "
        f"protocol. torch says: {said}"
    )


def usable_bytes(device: torch.device) -> int:
    """Return the memory of a GPU that this process has or may still take."""
    free, _ = torch.cuda.mem_get_info(device)
    return int(free + torch.cuda.memory_reserved(device))


def _kept_bytes(model: nn.Module, step: Step, batch: int, lengths: Sequence[int], precision: str) -> float:
    """Return the bytes of images, target, all that a forward pass keeps, and gradients of the largest tensor."""
    weights = {tensor.untyped_storage().data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    fed = torch.zeros(batch, step.channels, *lengths)
    images = channels_last(fed)
    shape = (batch, *lengths)
    target = Target(
        torch.zeros(batch, step.classes, *lengths),
        torch.zeros(shape, dtype=torch.int64),
        torch.ones(shape, dtype=torch.bool),
    )
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    for tensor in (fed, images, *target):
        keep(tensor)
    criterion = losses.build("ce")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = model(images)
        loss = criterion(logits, target)
    del loss  # until here, so that no two tensors had one place
    return sum(kept.values()) + FLOWING * max(kept.values())
