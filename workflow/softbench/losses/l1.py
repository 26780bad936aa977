"""Mean absolute error of probabilities: one of the two losses of EPD."""

import torch
from torch import nn

from softbench.losses.arithmetic import mean_over_valid, probabilities
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "L1"}
SMALLEST_AT_TARGET = True


class L1(nn.Module):
    r"""Mean absolute difference of the network's probabilities p and the target q.

    .. math:: L = \frac{1}{|V|\, C} \sum_{v \in V} \sum_c |p_{vc} - q_{vc}|

    V: the valid voxels of the whole batch, background included; in [0, 2 / C] for targets that sum to 1, and 0 at p = q
    alone. Source: EPD paper Eq. 1 (MAE). Departures: none that is known. The paper divides by N, the number of labels;
    ours divides by voxels and classes. By voxels alone it is C times as large, and Eq. 3 weighs it otherwise.
    """

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels and classes, a scalar; NaN if no voxel is valid."""
        return mean_over_valid((probabilities(logits) - target.soft).abs().mean(dim=1), target.valid)
