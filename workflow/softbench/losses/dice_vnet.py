"""Dice loss as V-Net has it: the sizes of prediction and target are sums of squares."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities, sums_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "DiceVNet", "settings": {"background": True}}
SMALLEST_AT_TARGET = True
SMOOTH = 1e-5  # as `dice`: a class that neither target nor prediction holds costs 0
ALLOWED = {"background": {"type": "boolean", "description": "whether class 0 counts"}}


class DiceVNet(nn.Module):
    r"""Dice loss with squared sizes: the mean over classes of

    .. math:: L_c = 1 - \frac{2 \sum_v p_{vc}\, q_{vc} + 10^{-5}}{\sum_v p_{vc}^2 + \sum_v q_{vc}^2 + 10^{-5}}
        = \frac{\sum_v (p_{vc} - q_{vc})^2}{\sum_v p_{vc}^2 + \sum_v q_{vc}^2 + 10^{-5}}

    v: the valid voxels of the whole batch; in [0, 1], and 0 at p = q alone, for soft targets too.
    Source: Milletari et al. 2016 (V-Net), Sec. 3, which the superpixel paper cites for its Dice loss; MONAI's
    `DiceLoss(softmax=True, squared_pred=True, batch=True)`. Departures: V-Net has two classes and one ratio, for the
    foreground; here each class has one, and background counts (unless `background=false`). The 1e-5 is MONAI's.
    """

    def __init__(self, *, background: bool = True) -> None:
        """Take whether class 0 counts among the classes."""
        super().__init__()
        self.first = 0 if background else 1

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over classes, a scalar; NaN if no voxel is valid."""
        p, q = probabilities(logits)[:, self.first :], target.soft[:, self.first :]
        apart, sizes = (sums_over_valid(term, target.valid) for term in ((p - q) ** 2, p**2 + q**2))
        return (apart / (sizes + SMOOTH)).mean()
