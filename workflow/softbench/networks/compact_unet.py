"""A U-Net small enough to train on one CPU core in half a minute.

One convolution at full resolution on the way in and one on the way out, where almost all the cost lies; strided
convolutions down, transposed convolutions up (both have deterministic gradients on CUDA), skips added.
"""

import itertools

import torch
from torch import nn

from softbench.errors import InputError
from softbench.jobs import progress
from softbench.networks.layers.convolution import NarrowConvolution2d, NarrowConvolution3d
from softbench.networks.layers.head import Head2d, Head3d
from softbench.networks.layers.normalisation import InstanceNormLeakyReLU

VERSION = 5
ALLOWED = {
    "widths": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "description": "channels of each level, full resolution first",
    }
}


class CompactUNet(nn.Module):
    """Encoder and decoder of the given widths, one per level; see the module's docstring."""

    def __init__(self, in_channels: int, classes: int, dims: int, widths: list[int]) -> None:
        """Make the layers; `widths` holds the channels of each level, full resolution first."""
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        self.multiple = 2 ** len(pairs)
        self.stem = _block(in_channels, widths[0], dims)
        self.down = nn.ModuleList(_down(narrow, wide, dims) for narrow, wide in pairs)
        self.up = nn.ModuleList(_up(narrow, wide, dims) for narrow, wide in reversed(pairs))
        self.merge = nn.ModuleList(_block(narrow, narrow, dims) for narrow, _ in reversed(pairs))
        self.head = (Head2d, Head3d)[dims - 2](widths[0], classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logits (B, C, ...)."""
        features = self.stem(images)
        skips = []
        for down in self.down:
            skips.append(features)
            features = down(features)
        if features[0, 0].numel() == 1:
            raise InputError(
                f"an image of {progress.grid(images.shape[2:])} is one voxel on compact_unet's coarsest grid, and "
                f"nothing is left to normalise over. Take a crop of at least {2 * self.multiple} along one axis, or "
                "fewer `widths`."
            )
        for up, merge in zip(self.up, self.merge, strict=True):
            features = merge(up(features) + skips.pop())
        logits: torch.Tensor = self.head(features)
        return logits


def build(in_channels: int, classes: int, dims: int, *, widths: list[int]) -> CompactUNet:
    """Build the network; `widths` as in config, e.g. [8, 16, 32, 64]."""
    return CompactUNet(in_channels, classes, dims, list(widths))


def _block(channels_in: int, channels_out: int, dims: int, stride: int = 1) -> nn.Sequential:
    """Convolution, instance normalisation, leaky ReLU."""
    return nn.Sequential(
        _convolution(channels_in, channels_out, dims, stride),
        InstanceNormLeakyReLU(channels_out),
    )


def _convolution(channels_in: int, channels_out: int, dims: int, stride: int) -> nn.Module:
    if stride == 1:
        return (NarrowConvolution2d, NarrowConvolution3d)[dims - 2](channels_in, channels_out)
    return (nn.Conv2d, nn.Conv3d)[dims - 2](channels_in, channels_out, 3, stride=stride, padding=1, bias=False)


def _down(narrow: int, wide: int, dims: int) -> nn.Sequential:
    """Halve the grid, then one more convolution."""
    return nn.Sequential(_block(narrow, wide, dims, stride=2), _block(wide, wide, dims))


def _up(narrow: int, wide: int, dims: int) -> nn.Module:
    """Double the grid."""
    return (nn.ConvTranspose2d, nn.ConvTranspose3d)[dims - 2](wide, narrow, 2, stride=2)
