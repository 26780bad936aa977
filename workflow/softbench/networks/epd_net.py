"""The light encoder-decoder that EPD trains on CT slices (2-D): attention within each of its residual blocks.

EPD says (Sec. II-C): 11 Res-Conv and 5 max-poolings in the encoder, 4 Res-Conv and 5 transposed convolutions in the
decoder; a Res-Conv block joins its inputs and the features it extracts, with spatial and channel attention of learned
weight, element by element. The figure is in another paper (Ali et al. 2022), of which we know what its abstract says:
attention of both kinds and a residual connection within each block, and around 5 million weights. What that leaves open
is ours, and listed in docs/networks.md. The softmax is no part of the network: the losses here read logits.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

from softbench.errors import InputError

VERSION = 2
DIMS = (2,)
LEVELS = 6  # five poolings
REDUCTION = 4  # of channels within the channel attention; ours
ALLOWED = {
    "widths": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 6,
        "maxItems": 6,
        "description": "channels of each resolution, full first",
    }
}


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
        self.merge = nn.ModuleList(ResConv(2 * width, width) for width in reversed(shallow[1:]))
        self.head = nn.Conv2d(2 * shallow[0], classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, H, W) to logits (B, C, H, W)."""
        features, skips = images, []
        for encode, pool in zip(self.encoder, self.pools, strict=True):
            skips.append(encode(features))
            features = pool(skips[-1])
        features = self.deepest(features)
        for up, merge in zip(self.up, [*self.merge, self.head], strict=True):
            features = merge(torch.cat([skips.pop(), up(features)], dim=1))
        return features


class ResConv(nn.Module):
    r"""Joins its inputs and the features that two convolutions extract from them, weighed by attention.

    .. math:: y = \mathrm{ReLU}(P x + f \cdot (w_s\, s(f) + w_c\, c(f)))

    f: two 3 x 3 convolutions of x; P: a 1 x 1 convolution where the channels differ, else nothing (He et al. 2016).
    """

    def __init__(self, channels_in: int, channels_out: int) -> None:
        """Make the layers."""
        super().__init__()
        self.extract = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels_out),
        )
        self.attend = Attention(channels_out)
        same = channels_in == channels_out
        self.shortcut = nn.Identity() if same else _projection(channels_in, channels_out)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map (B, M, H, W) to (B, N, H, W)."""
        return torch.relu(self.shortcut(features) + self.attend(self.extract(features)))


class Attention(nn.Module):
    r"""Weigh features by where they are and by which channel they are in.

    .. math:: f \cdot (w_s\, s(f) + w_c\, c(f))

    s(f) in (0, 1) is one number a pixel, c(f) one a channel, from the means over pixels. The two weights w are learned;
    they start at 1, so that gates that know nothing (1/2 each) leave the features as they are.
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
        self.weights = nn.Parameter(torch.ones(2))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the weighed features."""
        means = features.mean(dim=(2, 3), keepdim=True)  # adaptive pooling has no deterministic gradient on CUDA
        spatial, channel = torch.sigmoid(self.spatial(features)), torch.sigmoid(self.channel(means))
        return features * (self.weights[0] * spatial + self.weights[1] * channel)


def build(in_channels: int, classes: int, dims: int, *, widths: Sequence[int] = (16, 32, 64, 128, 192, 256)) -> EPDNet:
    """Build the network; `widths` holds the channels of the six resolutions, full first.

    Source: Ali et al. 2024, Sec. II-C (layers), Ali et al. 2022, abstract (size). Choices of ours: docs/networks.md.
    Raises: InputError: if there are not six widths.
    """
    if len(widths) != LEVELS:
        raise InputError(f"`widths` of epd_net must hold {LEVELS} numbers, one a resolution, but is {list(widths)}.")
    return EPDNet(in_channels, classes, widths)


def _projection(channels_in: int, channels_out: int) -> nn.Sequential:
    """Match a shortcut to other channels."""
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out))
