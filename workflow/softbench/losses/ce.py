"""Cross-entropy with soft targets: the one loss of one-hot, LS, SVLS and GeoLS."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "CrossEntropy"}
SMALLEST_AT_TARGET = True


class CrossEntropy(nn.Module):
    r"""Cross-entropy between soft targets and the network's probabilities.

    .. math:: L = -\frac{1}{|V|} \sum_{v \in V} \sum_c y_{vc} \log p_{vc}

    V: the valid voxels of the whole batch, background included. A dense target, one-hot too, keeps the arithmetic the
    same for all methods (and deterministic on CUDA, where the loss on class indices is not).
    Source: SVLS paper Eq. 3, GeoLS paper Eq. 1, and both authors' code. Departures: none. The target need not sum to 1.
    """

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        per_voxel = -(target.soft * log_probabilities(logits)).sum(dim=1)
        return mean_over_valid(per_voxel, target.valid)
