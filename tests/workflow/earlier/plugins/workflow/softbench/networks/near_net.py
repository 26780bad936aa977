"""near_net: an own network. Here two convolutions on a grid of half the resolution; write yours in their place.

Contract: images (B, M, D, H, W) or (B, M, H, W) become logits (B, C, ...) on the same grid; no softmax. `multiple` and
`head` are explained where they are set. Tests in tests/networks run on it; docs/networks.md has the rest.
"""

import torch
from torch import nn
from torch.nn import functional

VERSION = 1  # raise it when the same weights and images give other logits, or a seed other weights
DIMS = (2, 3)  # of the images it takes; (2,) or (3,) where it takes one kind alone


class Network(nn.Module):
    """Stem, coarse convolution, and a head on the full grid."""

    def __init__(self, in_channels: int, classes: int, dims: int, width: int) -> None:
        """Make the layers; their weights are drawn from torch's generator, which the seed sets."""
        super().__init__()
        convolution = (nn.Conv2d, nn.Conv3d)[dims - 2]
        self.multiple = 2  # each length of the input is a multiple of it: inference pads and cuts
        self.stem = convolution(in_channels, width, 3, padding=1)
        self.coarse = convolution(width, width, 3, stride=2, padding=1)
        self.head = convolution(width, classes, 1)  # its bias takes the log class frequencies; None where there is none

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logits (B, C, ...)."""
        fine = functional.leaky_relu(self.stem(images), 0.01)
        coarse = functional.leaky_relu(self.coarse(fine), 0.01)
        for axis in range(2, images.ndim):
            coarse = coarse.repeat_interleave(2, dim=axis)
        logits: torch.Tensor = self.head(fine + coarse)
        return logits


def build(in_channels: int, classes: int, dims: int, *, width: int = 8) -> Network:
    """Build the network; what stands behind the star is set in config, and without a default must be."""
    return Network(in_channels, classes, dims, width)
