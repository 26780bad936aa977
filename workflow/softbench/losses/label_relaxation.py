"""Label relaxation: a class that is predicted well enough costs nothing, one that is not costs the way to enough."""

import math

import torch
from torch import nn

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "LabelRelaxation", "settings": {"alpha": 0.1}}
ALLOWED = {
    "alpha": {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 0.5,
        "description": "probability that other classes may have together at no cost",
    }
}


class LabelRelaxation(nn.Module):
    r"""The divergence of the prediction from the nearest label that gives the class at least 1 - alpha.

    .. math:: L = \frac{1}{|V|} \sum_{v: p_{vy} < 1 - \alpha}
        (1 - \alpha) \log \frac{1 - \alpha}{p_{vy}} + \alpha \log \frac{\alpha}{1 - p_{vy}}

    y: the class of the largest target (the first of equals), so that a soft target counts as its class; V: the valid
    voxels of the batch, background included. The nearest label shares alpha among the other classes as the prediction
    does, so their shares cancel. It is 0 wherever p_y >= 1 - alpha.
    Source: Lienen and Huellermeier 2021 (AAAI), Eq. 6. Departures: none.
    """

    def __init__(self, *, alpha: float = 0.1) -> None:
        """Take alpha, above 0 and at most 0.5."""
        super().__init__()
        self.alpha = alpha

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        log_p = log_probabilities(logits)
        is_class = torch.zeros_like(log_p, dtype=torch.bool).scatter_(1, target.soft.argmax(dim=1, keepdim=True), True)
        of_class = (log_p * is_class).sum(dim=1)
        of_others = log_p.masked_fill(is_class, -math.inf).logsumexp(dim=1)
        enough, rest = math.log(1 - self.alpha), math.log(self.alpha)
        divergence = (1 - self.alpha) * (enough - of_class) + self.alpha * (rest - of_others)
        # multiplied, so that a NaN stays one
        return mean_over_valid(divergence * (of_class < enough), target.valid)
