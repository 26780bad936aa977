"""A 2-D U-Net with an Xception encoder, as superpixel-guided softening trains on OCT; no pretrained weights.

The encoder is that of Chollet 2017: a stem, an entry flow that halves the grid three times, a middle flow of residual
blocks, an exit flow that halves it once more; its convolutions are depthwise separable. The decoder doubles the grid
with transposed convolutions and concatenates what the encoder had at that resolution.
"""

import torch
from torch import nn

VERSION = 1
DIMS = (2,)
# Chollet 2017: channels of the stem, of the blocks that halve the grid, and of the last two convolutions
STEM, BLOCKS, LAST = (32, 64), (128, 256, 728, 1024), (1536, 2048)
DECODER = (256, 128, 64, 32, 16)  # ours: the paper gives none
ALLOWED = {
    "width": {"type": "integer", "minimum": 1, "description": "channels of the first convolution; the others follow"},
    "middle": {"type": "integer", "minimum": 0, "description": "blocks of the middle flow"},
}


class XceptionUNet(nn.Module):
    """Xception encoder, U-Net decoder; see the module's docstring."""

    multiple = 32

    def __init__(self, in_channels: int, classes: int, width: int, middle: int) -> None:
        """Make the layers; `width` is that of the first one, `middle` the number of blocks in the middle flow."""
        super().__init__()
        stem, blocks, last, out = ([_scaled(n, width) for n in widths] for widths in (STEM, BLOCKS, LAST, DECODER))
        self.encoder = _encoder([in_channels, *stem], blocks, last, middle)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, 2, stride=2) for wide, narrow in zip([last[-1], *out], out, strict=False)
        )
        skips = [*reversed([stem[-1], *blocks[:-1]]), 0]  # the encoder has no features on the full grid
        self.merge = nn.ModuleList(
            nn.Sequential(*_plain(skip + wide, wide), *_plain(wide, wide))
            for skip, wide in zip(skips, out, strict=True)
        )
        self.head = nn.Conv2d(out[-1], classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, H, W) to logits (B, C, H, W)."""
        features, seen = images, []
        for encode in self.encoder:
            features = encode(features)
            seen.append(features)
        skips = [*reversed(seen[:-1]), None]
        for up, merge, skip in zip(self.up, self.merge, skips, strict=True):
            doubled = up(features)
            features = merge(doubled if skip is None else torch.cat([skip, doubled], dim=1))
        logits: torch.Tensor = self.head(features)
        return logits


class Residual(nn.Module):
    """Separable convolutions, each after a ReLU, beside a shortcut; both halve the grid, or neither."""

    def __init__(self, channels_in: int, widths: list[int], halve: bool = False) -> None:
        """Make a block with one separable convolution for each of `widths`."""
        super().__init__()
        layers: list[nn.Module] = []
        for narrow, wide in zip([channels_in, *widths], widths, strict=False):
            layers += [nn.ReLU(), *_separable(narrow, wide)]  # not in place: the shortcut reads the same features
        self.layers = nn.Sequential(*layers, *([nn.MaxPool2d(3, stride=2, padding=1)] if halve else []))
        self.shortcut = _projection(channels_in, widths[-1]) if halve else nn.Identity()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Add the two ways."""
        total: torch.Tensor = self.layers(features) + self.shortcut(features)
        return total


def build(in_channels: int, classes: int, dims: int, *, width: int = STEM[0], middle: int = 8) -> XceptionUNet:
    """Build the network; 32 and 8 are Xception's own, smaller ones shrink it in proportion.

    Source: Li et al. 2020 (names it, no more); Chollet 2017. Departures: docs/networks.md.
    """
    return XceptionUNet(in_channels, classes, width, middle)


def _encoder(stem: list[int], blocks: list[int], last: list[int], middle: int) -> nn.ModuleList:
    """Return the stages of the encoder; each halves the grid, and what each gives but the last is a skip."""
    first, second, deep, deepest = blocks
    return nn.ModuleList(
        [
            nn.Sequential(*_plain(stem[0], stem[1], stride=2), *_plain(stem[1], stem[2])),
            Residual(stem[2], [first] * 2, halve=True),
            Residual(first, [second] * 2, halve=True),
            nn.Sequential(
                Residual(second, [deep] * 2, halve=True), *(Residual(deep, [deep] * 3) for _ in range(middle))
            ),
            nn.Sequential(
                Residual(deep, [deep, deepest], halve=True),
                *[*_separable(deepest, last[0]), nn.ReLU(inplace=True)],
                *[*_separable(last[0], last[1]), nn.ReLU(inplace=True)],
            ),
        ]
    )


def _scaled(channels: int, width: int) -> int:
    return max(1, round(channels * width / STEM[0]))


def _plain(channels_in: int, channels_out: int, stride: int = 1) -> list[nn.Module]:
    """Convolution, batch normalisation, ReLU."""
    convolution = nn.Conv2d(channels_in, channels_out, 3, stride=stride, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)]


def _separable(channels_in: int, channels_out: int) -> list[nn.Module]:
    """Convolve each channel on its own, mix the channels, normalise over the batch."""
    depthwise = nn.Conv2d(channels_in, channels_in, 3, padding=1, groups=channels_in, bias=False)
    return [depthwise, nn.Conv2d(channels_in, channels_out, 1, bias=False), nn.BatchNorm2d(channels_out)]


def _projection(channels_in: int, channels_out: int) -> nn.Sequential:
    """Match a shortcut to a halved grid with other channels."""
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride=2, bias=False), nn.BatchNorm2d(channels_out))
