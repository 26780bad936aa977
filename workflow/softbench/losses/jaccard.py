"""Jaccard loss that is right for soft targets: a metric between prediction and target."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities, sums_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "Jaccard", "settings": {"background": True}}
SMALLEST_AT_TARGET = True
SMOOTH = 1e-5  # as `dice`: a class that neither target nor prediction holds costs 0
ALLOWED = {"background": {"type": "boolean", "description": "whether class 0 counts"}}


class Jaccard(nn.Module):
    r"""Jaccard metric loss: the mean over classes of

    .. math:: L_c = \frac{2 \sum_v |p_{vc} - q_{vc}|}
        {\sum_v p_{vc} + \sum_v q_{vc} + \sum_v |p_{vc} - q_{vc}| + 10^{-5}}

    v: the valid voxels of the whole batch; in [0, 1] and 0 at p = q alone, for soft targets too. The intersection is
    (|p| + |q| - |p - q|) / 2 in sums of absolute values.
    Source: Wang et al. 2023 (NeurIPS), JML1; MONAI's `DiceLoss(softmax=True, soft_label=True, jaccard=True,
    batch=True)`. Departures: none from these. Background counts (unless `background=false`).
    """

    def __init__(self, *, background: bool = True) -> None:
        """Take whether class 0 counts among the classes."""
        super().__init__()
        self.first = 0 if background else 1

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over classes, a scalar; NaN if no voxel is valid."""
        p, q = probabilities(logits)[:, self.first :], target.soft[:, self.first :]
        apart, sizes = (sums_over_valid(term, target.valid) for term in ((p - q).abs(), p + q))
        return (2 * apart / (sizes + apart + SMOOTH)).mean()
