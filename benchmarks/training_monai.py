"""A training step as users of MONAI write it: a network of MONAI's blocks, torch's AdamW, one-cycle schedule, clipping.

Nothing in it is the suite's: no compiled normalisation, no convolution in pairs, channels first, the loss on class
indices, torch's optimiser as it comes. Its settings are those of the protocol, so that it learns the same.
"""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from monai.losses import DiceCELoss
from monai.networks.blocks import Convolution
from softbench.training.protocol import Protocol
from torch import nn

OPTIMISERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
Step = Callable[[torch.Tensor, torch.Tensor], float]


class MonaiCompactUNet(nn.Module):
    """The layers of `compact_unet` as MONAI has them, with as many weights in the same order."""

    def __init__(self, channels: int, classes: int, widths: list[int], dims: int = 3) -> None:
        """Make the layers; `widths` holds the channels of each level, full resolution first."""
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        grow = (nn.ConvTranspose2d, nn.ConvTranspose3d)[dims - 2]
        self.stem = block(dims, channels, widths[0])
        self.down = nn.ModuleList(nn.Sequential(block(dims, a, b, 2), block(dims, b, b)) for a, b in pairs)
        self.up = nn.ModuleList(grow(b, a, 2, stride=2) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(block(dims, a, a) for a, _ in reversed(pairs))
        self.head = Convolution(dims, widths[0], classes, kernel_size=1, conv_only=True)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, M, ...) to logits (B, C, ...)."""
        features, skips = self.stem(images), []
        for down in self.down:
            skips.append(features)
            features = down(features)
        for up, merge in zip(self.up, self.merge, strict=True):
            features = merge(up(features) + skips.pop())
        logits: torch.Tensor = self.head(features)
        return logits


def block(dims: int, before: int, after: int, strides: int = 1) -> nn.Module:
    """Convolution, instance normalisation, leaky ReLU."""
    slope, norm = ("leakyrelu", {"negative_slope": 0.01}), ("instance", {"affine": True})
    return Convolution(dims, before, after, strides=strides, act=slope, norm=norm, adn_ordering="NA", bias=False)


def criterion(loss: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return MONAI's or torch's loss of logits (B, C, ...) and class indices (B, 1, ...) for one of ours by its name.

    Raises: KeyError: if it is neither `ce` nor `ce + dice`.
    """
    cross_entropy = nn.CrossEntropyLoss()
    return {
        "ce": lambda logits, labels: cross_entropy(logits, labels[:, 0].long()),  # as DiceCELoss without Dice
        "ce + dice": DiceCELoss(to_onehot_y=True, softmax=True, batch=True),
    }[loss]


def new_step(model: nn.Module, protocol: Protocol, steps: int, device: torch.device, loss: str = "ce") -> Step:
    """Return what takes one training step on images (B, M, ...) and class indices (B, 1, ...), and returns its loss.

    Args:
        model: on the device.
        protocol: its optimiser, rate, decay, schedule and clipping are used.
        steps: of the whole training, for the schedule.
        device: with fp16 autocast and a GradScaler on a GPU alone.
        loss: `ce` or `ce + dice`.
    """
    settings: dict[str, Any] = {"lr": protocol.learning_rate, "weight_decay": protocol.weight_decay}
    optimiser = OPTIMISERS[protocol.optimiser](model.parameters(), eps=protocol.eps, **settings)
    schedule = None
    if protocol.schedule == "one_cycle":
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, protocol.learning_rate, total_steps=steps + 1, pct_start=protocol.warm_up
        )
    half, loss_of = device.type == "cuda", criterion(loss)
    scaler = torch.amp.GradScaler(device.type, enabled=half)

    def step(images: torch.Tensor, labels: torch.Tensor) -> float:
        optimiser.zero_grad()
        with torch.autocast(device.type, dtype=torch.float16, enabled=half):
            value = loss_of(model(images), labels)
        scaler.scale(value).backward()
        if protocol.clip_norm is not None:
            scaler.unscale_(optimiser)
            nn.utils.clip_grad_norm_(model.parameters(), protocol.clip_norm)
        scaler.step(optimiser)
        scaler.update()
        if schedule is not None:
            schedule.step()
        return float(value.item())

    return step
