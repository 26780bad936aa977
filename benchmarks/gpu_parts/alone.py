"""How long the convolutions of a network take when each runs alone: what no arrangement of the rest can beat."""

from collections.abc import Sequence

import rates
import torch
from softbench.training.device import channels_last
from torch import nn

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def seconds(network: nn.Module, shape: Sequence[int], device: torch.device) -> float:
    """Return the summed seconds of forward and backward of each convolution at its size in a step.

    Args:
        network: with weights on the CPU.
        shape: of the images, (B, M, ...).
    """
    return sum(_seconds(layer, size, device, first=n == 0) for n, (layer, size) in enumerate(sizes(network, shape)))


def sizes(network: nn.Module, shape: Sequence[int]) -> list[tuple[nn.Module, torch.Size]]:
    """Return each convolution with the shape of what comes in, in the order in which they run."""
    seen: list[tuple[str, torch.Size]] = []
    on_meta = {name: module for name, module in network.named_modules() if isinstance(module, CONVOLUTIONS)}
    hooks = [
        module.register_forward_pre_hook(lambda _, inputs, name=name: seen.append((name, inputs[0].shape)))
        for name, module in on_meta.items()
    ]
    layers = dict(on_meta)
    with torch.no_grad():
        network.to("meta")(torch.empty(tuple(shape), device="meta"))
    for hook in hooks:
        hook.remove()
    return [(layers[name], size) for name, size in seen]


def _seconds(layer: nn.Module, size: torch.Size, device: torch.device, *, first: bool) -> float:
    """Return the seconds of one convolution; the first of a network gives no gradient of its images."""
    kind = rates.type_on(device)
    here = channels_last(layer.to_empty(device=device).to(kind))
    for weights in here.parameters():
        nn.init.normal_(weights, std=0.01)
    features = channels_last(torch.randn(size, device=device).to(kind)).requires_grad_(not first)
    sources = [*([] if first else [features]), *here.parameters()]
    gradient = torch.randn_like(here(features))
    return rates.fastest_s(lambda: torch.autograd.grad(here(features), sources, gradient), device, repeats=5)
