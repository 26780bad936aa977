"""Adaptive wing loss: a regression loss that is sharp where the target is near 1 and smooth where it is near 0."""

import torch
from torch import nn

from softbench.losses.arithmetic import mean_over_valid, probabilities
from softbench.losses.target import Target

VERSION = 1
LOSS = {
    "class": "AdaptiveWing",
    "settings": {"theta": 0.5, "alpha": 2.1, "omega": 14.0, "epsilon": 1.0},
}
SMALLEST_AT_TARGET = True
ALLOWED = {
    "theta": {"type": "number", "exclusiveMinimum": 0, "description": "difference from which on the loss is a line"},
    "alpha": {"type": "number", "exclusiveMinimum": 1, "description": "exponent where the target is 0"},
    "omega": {"type": "number", "exclusiveMinimum": 0, "description": "size"},
    "epsilon": {"type": "number", "exclusiveMinimum": 0, "description": "difference that counts as one"},
}


class AdaptiveWing(nn.Module):
    r"""Adaptive wing loss of probabilities: the mean over valid voxels and classes of

    .. math:: \omega \ln\left(1 + |y - p|^{\alpha - y} / \epsilon^{\alpha - y}\right) \text{ where } |y - p| < \theta,
        \quad A |y - p| - B \text{ elsewhere}

    .. math:: A = \omega (\alpha - y) \frac{(\theta / \epsilon)^{\alpha - y - 1}}
        {\epsilon\, (1 + (\theta / \epsilon)^{\alpha - y})}, \quad
        B = \theta A - \omega \ln\left(1 + (\theta / \epsilon)^{\alpha - y}\right)

    so that value and slope agree at theta. It is 0 at p = y and above it elsewhere.
    Source: Wang et al. 2019; SoftSeg (Gros et al. 2021) for segmentation, there with the output `norm_relu`
    (`activation` of a method). Defaults are the paper's. Departures: it is a mean (ivadomed's is a sum), without the
    map that weighs voxels near the target, which the paper and SoftSeg's authors' code have.
    """

    def __init__(self, *, theta: float = 0.5, alpha: float = 2.1, omega: float = 14.0, epsilon: float = 1.0) -> None:
        """Take the constants, all above 0; `alpha` above 1, so that the exponent is."""
        super().__init__()
        self.theta, self.alpha, self.omega, self.epsilon = theta, alpha, omega, epsilon

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels and classes, a scalar; NaN if no voxel is valid."""
        p = probabilities(logits)
        power = self.alpha - target.soft
        difference = (target.soft - p).abs()
        edge = self.theta / self.epsilon
        slope = self.omega * power * edge ** (power - 1) / (self.epsilon * (1 + edge**power))
        offset = self.theta * slope - self.omega * torch.log1p(edge**power)
        near = difference < self.theta
        tiny = torch.finfo(p.dtype).tiny  # the slope of a power of 0 is not finite where the power is below 1
        curved = self.omega * torch.log1p((difference.where(near, tiny).clamp_min(tiny) / self.epsilon) ** power)
        return mean_over_valid(torch.where(near, curved, slope * difference - offset).mean(dim=1), target.valid)
