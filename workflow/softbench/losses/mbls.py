"""Margin-based label smoothing: a logit may lie a margin below the largest one, and pays for more."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid, widened
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "MarginBased", "settings": {"alpha": 0.1, "margin": 10.0}}
ALLOWED = {
    "alpha": {"type": "number", "minimum": 0, "description": "weight of the penalty; 0 is cross-entropy"},
    "margin": {"type": "number", "minimum": 0, "description": "distance from the largest logit that costs nothing"},
}


class MarginBased(nn.Module):
    r"""Cross-entropy, and what distances from the largest logit exceed the margin m by.

    .. math:: L = \frac{1}{|V|} \sum_{v \in V} \Big( -\sum_c y_{vc} \log p_{vc}
        + \alpha \sum_c \max(0, \max_k z_{vk} - z_{vc} - m) \Big)

    z: logits; V: the valid voxels of the batch, background included. It is not smallest at p = y where y is surer than
    the margin.
    Source: Liu et al. 2022 (CVPR), and Murugesan et al. 2022 for segmentation. The authors' code takes the mean over
    classes instead of the sum: its alpha is C times ours. Departures: none from the paper; the target may be soft.
    """

    def __init__(self, *, alpha: float = 0.1, margin: float = 10.0) -> None:
        """Take the weight of the penalty and the margin, both at least 0."""
        super().__init__()
        self.alpha, self.margin = alpha, margin

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        entropy = -(target.soft * log_probabilities(logits)).sum(dim=1)
        wide = widened(logits)
        beyond = (wide.amax(dim=1, keepdim=True) - wide - self.margin).relu().sum(dim=1)
        return mean_over_valid(entropy + self.alpha * beyond, target.valid)
