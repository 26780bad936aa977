"""Focal loss whose exponent depends on the sample: larger where the network doubts the true class."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "SampleDependentFocal"}
DOUBTFUL, GAMMA_DOUBTFUL, GAMMA = 0.2, 5.0, 3.0  # FLSD-53


class SampleDependentFocal(nn.Module):
    r"""Focal loss with gamma 5 where the class has a probability below 0.2, else 3 (FLSD-53).

    .. math:: L = -\frac{1}{|V|} \sum_{v \in V} \sum_c y_{vc} (1 - p_{vc})^{\gamma(p_{vc})} \log p_{vc}

    V: the valid voxels of the batch, background included. Not smallest at p = y unless y is one-hot; the value jumps
    where a probability crosses 0.2.
    Source: Mukhoti et al. 2020, Sec. 5. Departures: the soft form weighs each class by its own probability, as `focal`.
    """

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        log_p = log_probabilities(logits)
        p = log_p.exp()
        doubt = 1 - p
        weight = torch.where(p < DOUBTFUL, doubt**GAMMA_DOUBTFUL, doubt**GAMMA)
        return mean_over_valid(-(target.soft * weight * log_p).sum(dim=1), target.valid)
