"""Cross-entropy with a penalty of confidence: the entropy of the prediction is paid for."""

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "ConfidencePenalty", "settings": {"alpha": 0.1}}
ALLOWED = {"alpha": {"type": "number", "minimum": 0, "description": "weight of the entropy; 0 is cross-entropy"}}


class ConfidencePenalty(nn.Module):
    r"""Cross-entropy less the entropy of the prediction.

    .. math:: L = \frac{1}{|V|} \sum_{v \in V} \sum_c (\alpha\, p_{vc} - y_{vc}) \log p_{vc}

    V: the valid voxels of the batch, background included. It is smallest where p is flatter than y.
    Source: Pereyra et al. 2017; "ECP" in the comparison of Liu et al. 2022. Departures: none; the target may be soft.
    """

    def __init__(self, *, alpha: float = 0.1) -> None:
        """Take the weight of the entropy, at least 0."""
        super().__init__()
        self.alpha = alpha

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        log_p = log_probabilities(logits)
        return mean_over_valid(((self.alpha * log_p.exp() - target.soft) * log_p).sum(dim=1), target.valid)
