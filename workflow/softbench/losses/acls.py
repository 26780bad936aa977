"""Adaptive and conditional label smoothing: squared margins below the largest logit and above the smallest."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid, widened
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "AdaptiveConditional", "settings": {"top": 0.1, "others": 0.01, "margin": 10.0}}
ALLOWED = {
    "top": {"type": "number", "minimum": 0, "description": "weight of the penalty of the predicted class"},
    "others": {"type": "number", "minimum": 0, "description": "weight of the penalties of the other classes"},
    "margin": {"type": "number", "minimum": 0, "description": "distance between logits that costs nothing"},
}


class AdaptiveConditional(nn.Module):
    r"""Cross-entropy, and squares of what distances between logits exceed the margin m by.

    .. math:: L = \frac{1}{|V|} \sum_{v \in V} \Big( -\sum_c y_{vc} \log p_{vc}
        + \lambda_1 \max(0, z_{v\hat{c}} - \min_k z_{vk} - m)^2
        + \lambda_2 \sum_{c \ne \hat{c}} \max(0, z_{v\hat{c}} - z_{vc} - m)^2 \Big)

    z: logits; c^: the class of the largest; lambda_1: `top`; lambda_2: `others`; V: the valid voxels of the batch,
    background included. It is not smallest at p = y where y is surer than the margin.
    Source: Park et al. 2023 (ICCV); written from the equation alone, for the authors' code is under the GPL: its means
    over classes may differ, by a factor of the weights. Departures: the target may be soft.
    """

    def __init__(self, *, top: float = 0.1, others: float = 0.01, margin: float = 10.0) -> None:
        """Take the weights of both penalties and the margin, all at least 0."""
        super().__init__()
        self.top, self.others, self.margin = top, others, margin

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        entropy = -(target.soft * log_probabilities(logits)).sum(dim=1)
        wide = widened(logits)
        below_largest = (wide.amax(dim=1, keepdim=True) - wide - self.margin).relu() ** 2
        of_top, of_others = below_largest.amax(dim=1), below_largest.sum(dim=1)  # the largest logit itself has 0
        return mean_over_valid(entropy + self.top * of_top + self.others * of_others, target.valid)
