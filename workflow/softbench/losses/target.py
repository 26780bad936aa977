"""What a loss compares logits with."""

from typing import NamedTuple

import torch

VERSION = None  # a tuple without code


class Target(NamedTuple):
    """The target of a batch of B images with C classes.

    soft: (B, C, D, H, W) or (B, C, H, W) float, class probabilities.
    hard: (B, D, H, W) or (B, H, W) int64, class ids, for the terms of a loss that ask for `hard`.
    valid: the shape of `hard`, bool; voxels that are padding or marked "ignore" are false and count for nothing.
    """

    soft: torch.Tensor
    hard: torch.Tensor
    valid: torch.Tensor
