"""Dice loss as EPD prints it: products of prediction and soft target over their sums."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities, sums_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "SoftDice", "settings": {"background": True, "per_class": True}}
SMOOTH = 1e-5  # as `dice`: a class that neither target nor prediction holds costs 0
ALLOWED = {
    "background": {"type": "boolean", "description": "whether class 0 counts"},
    "per_class": {"type": "boolean", "description": "a ratio for each class, then their mean; else one ratio"},
}


class SoftDice(nn.Module):
    r"""Dice loss in the product form: the mean over classes of

    .. math:: L_c = 1 - \frac{2 \sum_v q_{vc}\, p_{vc} + 10^{-5}}{\sum_v q_{vc} + \sum_v p_{vc} + 10^{-5}}

    v: the valid voxels of the whole batch; in [0, 1]. On a hard target it is `dice` to the last digits. On a soft one
    it is not 0 at p = q (there: 1 - sum q^2 / sum q), and a class by itself is smallest at p = 1 where q exceeds half
    its Dice, else 0: harder than q. A class that is absent from the batch's target costs (nearly) 1 until its
    probabilities vanish.
    Source: EPD paper Eq. 2. Departures: the 1e-5 is ours, so that an absent class has a value. Eq. 2 sums over i, and
    does not say what i runs over; ours, as in `dice`: a ratio for each class, then their mean, background included
    (unless `background=false`), and sums over the batch. `per_class=false` is the other reading, one ratio over voxels
    and classes together; for targets that sum to 1 it is 1 - sum_v sum_c q p / |V|.
    """

    def __init__(self, *, background: bool = True, per_class: bool = True) -> None:
        """Take whether class 0 counts among the classes, and whether each class has a ratio of its own."""
        super().__init__()
        self.first, self.per_class = 0 if background else 1, per_class

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over classes, a scalar; NaN if no voxel is valid."""
        p, q = probabilities(logits)[:, self.first :], target.soft[:, self.first :]
        both, sizes = (sums_over_valid(term, target.valid) for term in (2 * q * p, q + p))
        if not self.per_class:
            both, sizes = both.sum(), sizes.sum()
        return (1 - (both + SMOOTH) / (sizes + SMOOTH)).mean()
