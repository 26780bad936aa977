"""Dice loss that is right for soft targets: smallest where prediction and target agree."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities, sums_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "Dice", "settings": {"background": True}}
SMALLEST_AT_TARGET = True
SMOOTH = 1e-5  # MONAI's smooth_dr: a class that neither target nor prediction holds costs 0
ALLOWED = {"background": {"type": "boolean", "description": "whether class 0 counts"}}


class Dice(nn.Module):
    r"""Dice semimetric loss: the mean over classes of

    .. math:: L_c = \frac{\sum_v |p_{vc} - q_{vc}|}{\sum_v p_{vc} + \sum_v q_{vc} + 10^{-5}}

    v: the valid voxels of the whole batch; in [0, 1] for q in [0, 1]. For a hard target it is the ordinary soft Dice
    loss, 1 - 2 sum(p q) / (sum p + sum q). That one misleads with soft targets: for two voxels of q = 0.6 and 0.4 it is
    0.48 at p = q, but 0.40 at p = 1 and 0. This one is 0 at p = q alone.
    A class that is absent from the batch's target costs (nearly) 1 until its probabilities vanish.
    Source: Wang et al. 2023 (MICCAI), DML1; MONAI's `DiceLoss(softmax=True, soft_label=True, batch=True)`. Departures:
    none from these. Background counts (unless `background=false`). EPD prints another form, `soft_dice`; the superpixel
    paper prints none and cites V-Net (`dice_vnet`) and nnU-Net: on its hard labels this is the form with plain sums.
    """

    def __init__(self, *, background: bool = True) -> None:
        """Take whether class 0 counts among the classes."""
        super().__init__()
        self.first = 0 if background else 1

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over classes, a scalar; NaN if no voxel is valid."""
        p, q = probabilities(logits)[:, self.first :], target.soft[:, self.first :]
        apart, sizes = (sums_over_valid(term, target.valid) for term in ((p - q).abs(), p + q))
        return (apart / (sizes + SMOOTH)).mean()
