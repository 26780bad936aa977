"""Weighted Dice loss: Dice that weighs what was missed and what was made up differently."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities
from softbench.losses.target import Target

VERSION = 1  # raise it when the same prediction and target give another value
LOSS = {"class": "WeightedDice", "settings": {"missed": 0.7}}


class WeightedDice(nn.Module):
    """1 - TP / (TP + missed FN + (1 - missed) FP), mean over the classes; sums over the valid voxels of the batch."""

    def __init__(self, missed: float = 0.7) -> None:
        """Take the weight of missed voxels; the rest of 1 is that of voxels made up."""
        super().__init__()
        self.missed = missed

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the loss, a scalar; NaN if no voxel is valid."""
        here = target.valid.unsqueeze(1)  # multiplied, so that a NaN of the network stays one
        guess, truth = probabilities(logits) * here, target.soft * here
        axes = [0, *range(2, logits.ndim)]
        hit = (guess * truth).sum(axes)
        missed, made_up = truth.sum(axes) - hit, guess.sum(axes) - hit
        return 1 - (hit / (hit + self.missed * missed + (1 - self.missed) * made_up)).mean()
