"""Tversky loss that is right for soft targets, with weights of false positives and false negatives."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities, sums_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "Tversky", "settings": {"alpha": 0.3, "beta": 0.7, "background": True}}
SMALLEST_AT_TARGET = True
SMOOTH = 1e-5  # as `dice`: a class that neither target nor prediction holds costs 0
ALLOWED = {
    "alpha": {"type": "number", "exclusiveMinimum": 0, "description": "weight of false positives"},
    "beta": {"type": "number", "exclusiveMinimum": 0, "description": "weight of false negatives"},
    "background": {"type": "boolean", "description": "whether class 0 counts"},
}


class Tversky(nn.Module):
    r"""Tversky loss in its semimetric form: the mean over classes of

    .. math:: L_c = \frac{\alpha F^+_c + \beta F^-_c}{T_c + \alpha F^+_c + \beta F^-_c + 10^{-5}}, \quad
        T_c = \tfrac{1}{2} \sum_v \big( p_{vc} + q_{vc} - |p_{vc} - q_{vc}| \big)

    F+ = sum p - T, F- = sum q - T; v: the valid voxels of the whole batch; in [0, 1] and 0 at p = q alone, for soft
    targets too. alpha = beta = 0.5 is `dice`, 1 `jaccard` (up to the 1e-5).
    Source: Salehi et al. 2017, whose best weights are the defaults; Wang et al. 2023 for soft targets; MONAI's
    `TverskyLoss(softmax=True, soft_label=True, batch=True)`. Departures: none from MONAI's. Background counts (unless
    `background=false`).
    """

    def __init__(self, *, alpha: float = 0.3, beta: float = 0.7, background: bool = True) -> None:
        """Take the weights of false positives and false negatives, both above 0, and whether class 0 counts."""
        super().__init__()
        self.alpha, self.beta, self.first = alpha, beta, 0 if background else 1

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over classes, a scalar; NaN if no voxel is valid."""
        p, q = probabilities(logits)[:, self.first :], target.soft[:, self.first :]
        of_p, of_q, apart = (sums_over_valid(term, target.valid) for term in (p, q, (p - q).abs()))
        common = (of_p + of_q - apart) / 2
        wrong = self.alpha * (of_p - common) + self.beta * (of_q - common)
        return (wrong / (common + wrong + SMOOTH)).mean()
