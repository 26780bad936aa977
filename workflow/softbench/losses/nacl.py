"""Neighbour-aware calibration loss: logits are drawn to the share of each class among the neighbours."""

import torch
from torch import nn
from torch.nn import functional

from softbench.losses.arithmetic import log_probabilities, mean_over_valid, widened
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "NeighbourAware", "settings": {"alpha": 0.1}}
ALLOWED = {"alpha": {"type": "number", "minimum": 0, "description": "weight of the penalty; 0 is cross-entropy"}}
POOL = {4: functional.avg_pool2d, 5: functional.avg_pool3d}


class NeighbourAware(nn.Module):
    r"""Cross-entropy, and the distance of the logits from the classes' shares among the neighbours.

    .. math:: L = \frac{1}{|V|} \sum_{v \in V} \Big( -\sum_c y_{vc} \log p_{vc}
        + \frac{\alpha}{C} \sum_c |\tau_{vc} - z_{vc}| \Big)

    z: logits; tau: the mean of y over the 3 x 3 (x 3) voxels around v, v among them. V: the valid voxels of the batch,
    background included. It is not smallest at p = y.
    Source: Murugesan et al. 2023 (MICCAI) and 2025; MONAI's `NACLLoss` (equal for hard labels, `kernel_ops="mean"`,
    `distance_type="l1"`). As there, voxels outside the crop count as 0 in the mean; so do voxels that are not valid.
    Departures: a soft target has soft shares.
    """

    def __init__(self, *, alpha: float = 0.1) -> None:
        """Take the weight of the penalty, at least 0."""
        super().__init__()
        self.alpha = alpha

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        entropy = -(target.soft * log_probabilities(logits)).sum(dim=1)
        counted = functional.pad(target.soft * target.valid.unsqueeze(1), (1, 1) * (logits.ndim - 2))
        shares = POOL[logits.ndim](counted, 3, stride=1)
        return mean_over_valid(entropy + self.alpha * (shares - widened(logits)).abs().mean(dim=1), target.valid)
