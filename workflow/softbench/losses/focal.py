"""Focal loss: voxels that the network is sure of count less."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "Focal", "settings": {"gamma": 2.0}}
ALLOWED = {"gamma": {"type": "number", "minimum": 0, "description": "exponent of the doubt; 0 is cross-entropy"}}


class Focal(nn.Module):
    r"""Focal loss of softmax probabilities, for hard and soft targets.

    .. math:: L = -\frac{1}{|V|} \sum_{v \in V} \sum_c y_{vc} (1 - p_{vc})^\gamma \log p_{vc}

    V: the valid voxels of the whole batch, background included; gamma 0 is the cross-entropy. For a one-hot target it
    is the loss of Lin et al. 2017 on the true class. It is not smallest at p = y (unless y is one-hot): it pulls
    probabilities towards one another, which is its effect on calibration.
    MONAI's FocalLoss is another loss by default (sigmoids), and with `use_softmax=True` 1 / C of this one.
    Source: Lin et al. 2017; GeoLS Table 1 (no gamma printed); MbLS code (equal to 1e-6). Departures: none for one-hot
    targets; the soft form weighs each class by its own probability.
    """

    def __init__(self, *, gamma: float = 2.0) -> None:
        """Take gamma, at least 0."""
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        log_p = log_probabilities(logits)
        # a probability may round to 1, where the slope of (1 - p)^gamma is infinite for gamma < 1
        doubt = (1 - log_p.exp()).clamp(min=torch.finfo(log_p.dtype).tiny)
        return mean_over_valid(-(target.soft * doubt**self.gamma * log_p).sum(dim=1), target.valid)
