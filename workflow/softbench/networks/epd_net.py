"""The light encoder-decoder that EPD trains on CT slices (2-D), with spatial and channel attention on its skips.

EPD says: 11 Res-Conv and 5 max-poolings in the encoder, 4 Res-Conv and 5 transposed convolutions in the decoder, and
spatial and channel attention with learned weights; the figure is in another paper (Ali et al. 2022). What the counts
leave open is ours: two Res-Conv at each of five resolutions and one at the sixth; one after each transposed convolution
but the last; attention on the skips. The softmax is no part of the network: the losses here read logits.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from softbench.errors import InputError

VERSION = 1
DIMS = (2,)
LEVELS = 6  # five poolings
REDUCTION = 4  # of channels within the channel attention; ours


class EPDNet(nn.Module):
    """Encoder and decoder of the given widths, one per resolution; see the module's docstring."""

    multiple = 2 ** (LEVELS - 1)

    def __init__(self, in_channels: int, classes: int, widths: Sequence[int]) -> None:
        """Make the layers; `widths` holds the channels of each resolution, full first."""
        super().__init__()
        *shallow, deepest = widths
        pairs = list(itertools.pairwise(widths))
        self.encoder = nn.ModuleList(
            nn.Sequential(ResConv(narrow, wide), ResConv(wide, wide))
            for narrow, wide in itertools.pairwise([in_channels, *shallow])
        )
        self.pools = nn.ModuleList(nn.MaxPool2d(2) for _ in shallow)
        self.deepest = ResConv(shallow[-1], deepest)
        self.up = nn.ModuleList(nn.ConvTranspose2d(wide, narrow, 2, stride=2) for narrow, wide in reversed(pairs))
        self.attend = nn.ModuleList(Attention(width) for width in reversed(shallow))
        self.merge = nn.ModuleList(ResConv(2 * width, width) for width in reversed(shallow[1:]))
        self.head = nn.Conv2d(2 * shallow[0], classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, H, W) to logits (B, C, H, W)."""
        features, skips = images, []
        for encode, pool in zip(self.encoder, self.pools, strict=True):
            skips.append(encode(features))
            features = pool(skips[-1])
        features = self.deepest(features)
        for up, attend, merge in zip(self.up, self.attend, [*self.merge, self.head], strict=True):
            features = merge(torch.cat([attend(skips.pop()), up(features)], dim=1))
        return features


class ResConv(nn.Module):
    """Two convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        """Make the layers; the shortcut is a 1 x 1 convolution and its norm where the channels differ."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        same = channels_in == channels_out
        self.shortcut = nn.Identity() if same else _projection(channels_in, channels_out)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Add the two ways."""
        return torch.relu(self.layers(features) + self.shortcut(features))


class Attention(nn.Module):
    r"""Weigh features by where they are and by which channel they are in.

    .. math:: x\,(w_s\, s(x) + w_c\, c(x))

    s(x) in (0, 1) is one number a pixel, c(x) one a channel; the two weights w are learned and start at one half.
    """

    def __init__(self, channels: int) -> None:
        """Make both gates."""
        super().__init__()
        hidden = max(1, channels // REDUCTION)
        self.spatial = nn.Conv2d(channels, 1, 1)
        self.channel = nn.Sequential(
            nn.Conv2d(channels, hidden, 1),
            nn.LeakyReLU(0.01),  # channel means hardly vary: a plain ReLU that starts at 0 would stay there
            nn.Conv2d(hidden, channels, 1),
        )
        self.weights = nn.Parameter(torch.full((2,), 0.5))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the weighed features."""
        means = features.mean(dim=(2, 3), keepdim=True)  # adaptive pooling has no deterministic gradient on CUDA
        spatial, channel = torch.sigmoid(self.spatial(features)), torch.sigmoid(self.channel(means))
        return features * (self.weights[0] * spatial + self.weights[1] * channel)


def build(in_channels: int, classes: int, dims: int, *, widths: Sequence[int] = (16, 32, 64, 128, 128, 128)) -> EPDNet:
    """Build the network; `widths` holds the channels of the six resolutions, full first.

    Source: Ali et al. 2024 (counts only). Departures: docs/networks.md.
    Raises: InputError: if there are not six widths.
    """
    if len(widths) != LEVELS:
        raise InputError(f"`widths` of epd_net must hold {LEVELS} numbers, one a resolution, but is {list(widths)}.")
    return EPDNet(in_channels, classes, widths)


def _projection(channels_in: int, channels_out: int) -> nn.Sequential:
    """Match a shortcut to other channels."""
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out))
