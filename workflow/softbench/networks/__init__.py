"""Which function maps an image to logits: networks by name, one module each."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError
from softbench.networks.settings import defaults_of, dims_of, require_settings, settings_of

if TYPE_CHECKING:
    from torch import nn

__all__ = ["build", "defaults_of", "dims_of", "names", "parameters", "require_settings", "settings_of"]
VERSION = None  # builds by name


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
        be a multiple of it; and `head`: its last convolution, whose bias takes the log prior, or None where it has
        no such layer (some MONAI networks).
    Raises: InputError: if there is no such network, `dims` is neither 2 nor 3 or not the network's, or a setting is
        missing or unknown.
    """
    from softbench.checks import require_one_of  # it needs numpy, which those who read config do not

    require_one_of("network", name, names())
    require_one_of("dims", dims, (2, 3))
    if dims not in dims_of(name):
        only = " and ".join(f"{one}-D" for one in dims_of(name))
        raise InputError(f"`dims`: the network {name} is {only}, but the images are {dims}-D. Choose another network.")
    require_settings(f"network {name}", name, settings)
    module = importlib.import_module(f"softbench.networks.{name}")
    network: nn.Module = module.build(in_channels, classes, dims, **settings)
    return network


def parameters(name: str, in_channels: int, classes: int, dims: int, **settings: Any) -> int:
    """Return the number of weights that training changes; the arguments are those of `build`."""
    import torch

    with torch.random.fork_rng(devices=[]):
        network = build(name, in_channels, classes, dims, **settings)
    return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)
