"""Any network of MONAI, by the name of its class: `{name: monai, network: SegResNet, init_filters: 8}`."""

from typing import Any

import torch
from torch import nn

from softbench.errors import InputError
from softbench.networks import monai_classes, trial

VERSION = 1  # speaks for monai_classes and trial too
ALLOWED = {  # and the arguments of the class, which MONAI checks
    "network": {"type": "string", "description": "name of a class in monai.networks.nets"},
    "multiple": {
        "type": ["integer", "null"],
        "minimum": 1,
        "description": "of an input's lengths; null: found by trial",
    },
}


class MonaiNetwork(nn.Module):
    """A MONAI network that returns logits on the grid of the image, also where it has more outputs for supervision."""

    def __init__(self, network: nn.Module, classes: int) -> None:
        """Wrap the network; `multiple` and `head` are found by `trial`."""
        super().__init__()
        self.network, self.classes = network, classes
        self.multiple = 1
        self.head_name: str | None = None

    @property
    def head(self) -> nn.Module | None:
        """The layer whose bias is added to the logits; no member of its own, so that weights have one name each."""
        return None if self.head_name is None else self.get_submodule(self.head_name)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logits (B, C, ...)."""
        return full_resolution(self.network(images), self.classes, images.shape[2:])


def build(
    in_channels: int, classes: int, dims: int, *, network: str, multiple: int | None = None, **arguments: Any
) -> MonaiNetwork:
    """Build a MONAI network; channels, classes and dimensions are filled in, whatever its class calls them.

    Args:
        in_channels: channels of the image (M).
        classes: number of classes (C), background included.
        dims: 2 or 3.
        network: name of a class in `monai.networks.nets`.
        multiple: what each length of an input must be a multiple of; found by trial if not given.
        arguments: the class's own; a network of one fixed `img_size` takes images of that size only.
    Returns: the network; its `head` is None where no bias is added to the logits as it is.
    Raises: InputError: if there is no such network or argument, or it gives no logits on the grid of the image.
    """
    wrapped = MonaiNetwork(monai_classes.make(network, in_channels, classes, dims, arguments), classes)
    size = _lengths(arguments.get("img_size"), dims)
    title = f"{network} of MONAI"
    wrapped.multiple = trial.find_multiple(wrapped, in_channels, dims, title=title, multiple=multiple, size=size)
    grid = size or trial.small_grid(wrapped.multiple, dims)
    wrapped.head_name = trial.find_head(wrapped, in_channels, classes, grid)
    return wrapped


def _lengths(img_size: int | list[int] | None, dims: int) -> list[int]:
    """Return the one size of a network's images; nothing where it takes any."""
    if img_size is None:
        return []
    return [img_size] * dims if isinstance(img_size, int) else list(img_size)


def full_resolution(output: Any, classes: int, grid: torch.Size) -> torch.Tensor:
    """Return the logits (B, C, *grid) among the outputs of a network.

    Args:
        output: a tensor; or several, the last of which on this grid counts (UNet++ orders them shallow to deep, all
            on the grid; others have one there); or a stack (B, K, C, *grid), whose first counts (DynUNet).
        classes: number of classes (C).
        grid: that of the image.
    Raises: InputError: if there are none.
    """
    if isinstance(output, torch.Tensor) and output.ndim == len(grid) + 3:
        output = output[:, 0]
    several = list(output) if isinstance(output, list | tuple) else [output]
    for one in reversed(several):
        if isinstance(one, torch.Tensor) and one.shape[1:] == (classes, *grid):
            return one
    found = ", ".join(str(tuple(one.shape)) if isinstance(one, torch.Tensor) else type(one).__name__ for one in several)
    raise InputError(f"the network must give (B, {', '.join(map(str, (classes, *grid)))}), but gives {found}.")
