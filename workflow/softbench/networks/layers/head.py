"""The convolution of one voxel that ends a network, fast on a CPU where channels are last in memory.

torch computes such a kernel there without oneDNN, on a copy with channels first, and its gradient is copied back. As
two products of matrices nothing is copied: features are read and their gradient is written with channels last, logits
have channels first, as losses read them.
"""

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

from softbench.networks.layers.normalisation import is_fast

VERSION = 1


class Head2d(nn.Conv2d):
    """`nn.Conv2d` of kernel 1."""

    def __init__(self, channels: int, classes: int) -> None:
        """Make the weights, as torch does."""
        super().__init__(channels, classes, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map features (B, C, H, W) to logits (B, classes, H, W)."""
        return classify(features, self.weight, self.bias) if is_fast(features) else super().forward(features)


class Head3d(nn.Conv3d):
    """`nn.Conv3d` of kernel 1."""

    def __init__(self, channels: int, classes: int) -> None:
        """Make the weights, as torch does."""
        super().__init__(channels, classes, 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Map features (B, C, D, H, W) to logits (B, classes, D, H, W)."""
        return classify(features, self.weight, self.bias) if is_fast(features) else super().forward(features)


def classify(features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """Return logits (B, classes, ...) of features (B, C, ...) with channels last in memory."""
    out: torch.Tensor = _AsProducts.apply(features, weight, bias)  # type: ignore[no-untyped-call]
    return out


class _AsProducts(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        context.save_for_backward(features, weight)
        of_images = weight.flatten(1).expand(len(features), -1, -1)
        logits = torch.baddbmm(bias[None, :, None], of_images, _voxels(features).transpose(1, 2))
        return logits.view(len(features), len(weight), *features.shape[2:])

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        features, weight = context.saved_tensors
        of_classes = gradient.reshape(*gradient.shape[:2], -1)
        back = None
        if context.needs_input_grad[0]:
            of_images = weight.flatten(1).expand(len(features), -1, -1)
            voxels = torch.bmm(of_classes.transpose(1, 2), of_images)
            back = voxels.view(len(features), *features.shape[2:], -1).movedim(-1, 1)
        of_weight = torch.bmm(of_classes, _voxels(features)).sum(dim=0).view_as(weight)
        return back, of_weight, of_classes.sum(dim=(0, 2))


def _voxels(features: torch.Tensor) -> torch.Tensor:
    """Return features (B, C, ...) as (B, voxels, C), a view."""
    return features.movedim(1, -1).view(len(features), -1, features.shape[1])
