"""Dice++: a Dice loss whose errors count by a power, so that slight ones count little."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities, sums_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "DicePlusPlus", "settings": {"gamma": 2.0, "background": True}}
SMOOTH = 1e-5  # as `dice`: a class that neither target nor prediction holds costs 0
ALLOWED = {
    "gamma": {"type": "number", "exclusiveMinimum": 0, "description": "exponent of the errors; 1 is `soft_dice`"},
    "background": {"type": "boolean", "description": "whether class 0 counts"},
}


class DicePlusPlus(nn.Module):
    r"""Dice loss with powers of its errors: the mean over classes of

    .. math:: L_c = \frac{\sum_v (p_{vc} (1 - q_{vc}))^\gamma + \sum_v ((1 - p_{vc})\, q_{vc})^\gamma}
        {2 \sum_v p_{vc} q_{vc} + \sum_v (p_{vc} (1 - q_{vc}))^\gamma + \sum_v ((1 - p_{vc})\, q_{vc})^\gamma + 10^{-5}}

    v: the valid voxels of the whole batch; in [0, 1]. With soft targets it is not smallest at p = q.
    Source: Yeung et al. 2023 (DSC++), gamma 2; authors' code. Departures: sums run over the whole batch, background
    counts (unless `background=false`), 1e-5 is that of `dice` (theirs 1e-6); errors of p = 0 or 1 have the slope of
    the smallest normal number where gamma is below 1.
    """

    def __init__(self, *, gamma: float = 2.0, background: bool = True) -> None:
        """Take the exponent, above 0, and whether class 0 counts among the classes."""
        super().__init__()
        self.gamma, self.first = gamma, 0 if background else 1

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over classes, a scalar; NaN if no voxel is valid."""
        p, q = probabilities(logits)[:, self.first :], target.soft[:, self.first :]
        tiny = torch.finfo(p.dtype).tiny
        errors = sum((error.clamp(min=tiny) ** self.gamma for error in (p * (1 - q), (1 - p) * q)), torch.zeros_like(p))
        common, wrong = (sums_over_valid(term, target.valid) for term in (p * q, errors))
        return (wrong / (2 * common + wrong + SMOOTH)).mean()
