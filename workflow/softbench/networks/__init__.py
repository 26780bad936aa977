"""Which function maps an image to logits: networks by name, one module each."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbench.checks import require_one_of

if TYPE_CHECKING:
    from torch import nn


def names() -> list[str]:
    """Return the networks found, sorted: every module of this folder that defines `build`."""
    modules = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in modules if path.stem != "__init__" and "\ndef build(" in path.read_text())


def build(name: str, in_channels: int, classes: int, dims: int, **settings: Any) -> "nn.Module":
    """Build a network with fresh weights, drawn from torch's global generator.

    Args:
        name: one of `names()`.
        in_channels: channels of the image (M).
        classes: number of classes (C), background included.
        dims: 2 or 3.
        settings: the network's own, see its module.
    Returns: a module, images (B, M, D, H, W) -> logits (B, C, D, H, W), with `multiple`: each length of its input must
        be a multiple of it; and `head`: its last convolution, whose bias takes the log prior.
    Raises: InputError: if there is no such network, or `dims` is neither 2 nor 3.
    """
    require_one_of("network", name, names())
    require_one_of("dims", dims, (2, 3))
    module = importlib.import_module(f"softbench.networks.{name}")
    network: nn.Module = module.build(in_channels, classes, dims, **settings)
    return network
