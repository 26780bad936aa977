"""Several networks of one make as one: their weights are groups of its channels.

It works for networks whose levels are added, as `compact_unet`; where they are concatenated, channels of all networks
would be mixed.
"""

import copy
from collections.abc import Sequence
from typing import Any

import torch
from softbench.networks.layers.normalisation import InstanceNormLeakyReLU
from torch import nn

CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def fused(models: Sequence[nn.Module]) -> nn.Module:
    """Return one network, images (B, K * M, ...) -> logits (B, K * C, ...), each seed with its own normalisation.

    Raises: TypeError: if a layer has weights and is neither a convolution nor group normalisation.
    """
    result = copy.deepcopy(models[0])
    for name, first in models[0].named_modules():
        if not list(first.parameters(recurse=False)):
            continue
        layers: list[Any] = [model.get_submodule(name) for model in models]
        made = widened(layers)
        with torch.no_grad():
            for key, weights in made.named_parameters():
                weights.copy_(torch.cat([layer.get_parameter(key) for layer in layers]))
        parent, _, last = name.rpartition(".")
        setattr(result.get_submodule(parent), last, made)
    return result


def widened(layers: Sequence[Any]) -> nn.Module:
    """Return a layer with a group of channels for each of the layers."""
    first, count = layers[0], len(layers)
    if isinstance(first, InstanceNormLeakyReLU):  # a group a channel
        return InstanceNormLeakyReLU(count * first.num_channels, first.slope)
    if isinstance(first, nn.GroupNorm):
        return nn.GroupNorm(count * first.num_groups, count * first.num_channels, eps=first.eps)
    kind = next((kind for kind in CONVOLUTIONS if isinstance(first, kind)), None)
    if kind is None:
        raise TypeError(f"{type(first).__name__} cannot be fused: say in `widened` how.")
    how = {name: getattr(first, name) for name in ("kernel_size", "stride", "padding")}
    channels = (first.in_channels * count, first.out_channels * count)
    made: nn.Module = kind(*channels, **how, groups=count, bias=first.bias is not None)
    return made
