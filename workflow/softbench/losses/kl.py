"""Kullback-Leibler divergence of probabilities from soft targets: the soft term of the superpixel paper."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "KLDivergence"}
SMALLEST_AT_TARGET = True


class KLDivergence(nn.Module):
    r"""KL(q || p) of the target q and the network's probabilities p, with 0 log 0 = 0.

    .. math:: L = \frac{1}{|V|} \sum_{v \in V} \sum_c q_{vc} \log \frac{q_{vc}}{p_{vc}}

    V: the valid voxels of the whole batch. It is the cross-entropy less the target's own entropy, so its gradient is
    that of cross-entropy. Where q sums to 1 it is 0 at p = q and nowhere below (but for rounding, 1e-7). Where q sums
    to S, as the superpixel paper's does, it is smallest at p = q / S, where it is S ln S: below 0 for S < 1.
    Source: Li et al. 2020 (superpixel paper), Eq. 2. Departures: none.
    """

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        q = target.soft
        per_voxel = (torch.xlogy(q, q) - q * log_probabilities(logits)).sum(dim=1)
        return mean_over_valid(per_voxel, target.valid)
