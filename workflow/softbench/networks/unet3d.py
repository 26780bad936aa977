"""The 3-D U-Net of Çiçek et al. 2016 in the form that SVLS trains: a convolution, then ReLU, then group normalisation.

Each level has two convolutions; max-pooling halves the grid, nearest-neighbour copies double it, skips are
concatenated. By torch's documentation all of these have deterministic gradients on CUDA; trilinear upsampling has not.
"""

import itertools
from math import gcd

import torch
from torch import nn
from torch.nn import functional

VERSION = 1
GROUPS = 8  # SVLS, model.py
ALLOWED = {
    "widths": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "description": "channels of each level, full resolution first",
    }
}


class UNet3D(nn.Module):
    """Encoder and decoder of the given widths, one per level; see the module's docstring."""

    def __init__(self, in_channels: int, classes: int, dims: int, widths: list[int]) -> None:
        """Make the layers; `widths` holds the channels of each level, full resolution first."""
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        self.multiple = 2 ** len(pairs)
        self.pool = (nn.MaxPool2d, nn.MaxPool3d)[dims - 2](2)
        self.encoder = nn.ModuleList(_encode(*pair, dims) for pair in [(in_channels, widths[0]), *pairs])
        self.decoder = nn.ModuleList(_decode(narrow, wide, dims) for narrow, wide in reversed(pairs))
        self.head = _convolution(dims)(widths[0], classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logits (B, C, ...)."""
        features = self.encoder[0](images)
        skips = []
        for encode in self.encoder[1:]:
            skips.append(features)
            features = encode(self.pool(features))
        for decode in self.decoder:
            doubled = functional.interpolate(features, scale_factor=2, mode="nearest")
            features = decode(torch.cat([skips.pop(), doubled], dim=1))
        logits: torch.Tensor = self.head(features)
        return logits


def build(in_channels: int, classes: int, dims: int, *, widths: list[int]) -> UNet3D:
    """Build the network; `widths` as in config: [16, 32, 64, 128, 256, 512] is that of SVLS.

    Source: Çiçek et al. 2016; SVLS model.py (after pytorch-3dunet). Departures: docs/networks.md.
    """
    return UNet3D(in_channels, classes, dims, list(widths))


def _encode(channels_in: int, channels_out: int, dims: int) -> nn.Sequential:
    """Two convolutions; the first gives half the channels of the second, but never fewer than come in."""
    between = max(channels_out // 2, channels_in)
    return nn.Sequential(_block(channels_in, between, dims), _block(between, channels_out, dims))


def _decode(narrow: int, wide: int, dims: int) -> nn.Sequential:
    """Two convolutions over a skip and the doubled features of the level below."""
    return nn.Sequential(_block(narrow + wide, narrow, dims), _block(narrow, narrow, dims))


def _block(channels_in: int, channels_out: int, dims: int) -> nn.Sequential:
    """Convolution, ReLU, group normalisation ("crg")."""
    return nn.Sequential(
        _convolution(dims)(channels_in, channels_out, 3, padding=1, bias=False),
        nn.ReLU(inplace=True),
        nn.GroupNorm(_groups(channels_out), channels_out),
    )


def _groups(channels: int) -> int:
    """Return 8, or as many groups as fewer channels allow, or the largest divisor in common where 8 is none."""
    return channels if channels < GROUPS else gcd(GROUPS, channels)


def _convolution(dims: int) -> type[nn.Conv2d] | type[nn.Conv3d]:
    return nn.Conv2d if dims == 2 else nn.Conv3d
