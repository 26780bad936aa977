"""Marginal L1 average calibration error: the distance of the reliability diagram from its diagonal."""

import torch
from torch import nn

from softbench.losses.arithmetic import probabilities
from softbench.losses.target import Target

VERSION = 1
LOSS = {"class": "MarginalCalibrationError", "settings": {"bins": 20, "soft_bins": False, "background": True}}
STANDS_BESIDE = True
ALLOWED = {
    "bins": {"type": "integer", "minimum": 2, "description": "bins of probability, of equal width"},
    "soft_bins": {
        "type": "boolean",
        "description": "whether p counts in both bins whose centres it lies between",
    },
    "background": {"type": "boolean", "description": "whether class 0 counts"},
}
LEAST = 0.01  # weight of voxels below which a soft bin counts as empty: the authors' code


class MarginalCalibrationError(nn.Module):
    r"""Mean over images and classes of the mean over filled bins of

    .. math:: \Big| \frac{\sum_v w_{vb}\, p_{vc}}{\sum_v w_{vb}} - \frac{\sum_v w_{vb}\, q_{vc}}{\sum_v w_{vb}} \Big|

    w: 1 where p lies in bin b, else 0; with `soft_bins` p counts in the two bins whose centres it lies between, by its
    nearness, so that the value has no jumps but where a bin becomes too empty to count. Sums run over the valid voxels
    of an image; an image without one does not count. A class that the image's target lacks costs 0 and counts in the
    mean, as in the authors' code. It stands beside another loss: a constant prediction of the class frequencies costs
    nothing.
    Source: Barfoot et al. 2024 (hard bins) and 2025 (soft bins), mL1-ACE with 20 bins. Departures: none; the target may
    be soft.
    """

    def __init__(self, *, bins: int = 20, soft_bins: bool = False, background: bool = True) -> None:
        """Take the number of bins, whether they are soft, and whether class 0 counts."""
        super().__init__()
        self.bins, self.first = int(bins), 0 if background else 1
        self.place = _in_soft_bins if soft_bins else _in_hard_bins
        self.least = LEAST if soft_bins else 0.5

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over images and classes, a scalar; NaN if no voxel is valid."""
        p, q = (values[:, self.first :].flatten(2) for values in (probabilities(logits), target.soft))
        valid = target.valid.flatten(1).to(p.dtype).unsqueeze(1)
        weights, of_p, of_q = (self._sums(p, values, valid) for values in (torch.ones_like(p), p, q))
        filled = weights >= self.least
        apart = filled * (of_p - of_q).abs() / weights.clamp(min=self.least)  # multiplied, so that a NaN stays one
        error = apart.sum(dim=-1) / filled.sum(dim=-1).clamp(min=1)  # (B, C)
        is_there = (q * valid).sum(dim=-1) > 0
        images = valid.amax(dim=(1, 2))
        return (error * is_there).mean(dim=1).mul(images).sum() / images.sum()

    def _sums(self, p: torch.Tensor, values: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """Return the weighted sums of values (B, C, N) in each bin, (B, C, bins)."""
        sums = torch.zeros(*p.shape[:2], self.bins, dtype=p.dtype, device=p.device)
        for index, weight in self.place(p, self.bins):
            sums = sums.scatter_add(-1, index, weight * values * valid)
        return sums


def _in_hard_bins(p: torch.Tensor, bins: int) -> list[tuple[torch.Tensor, torch.Tensor | float]]:
    """Return the bin of each probability; bins hold their lower edge, the last one both."""
    return [(_index(p.detach() * bins, bins), 1.0)]


def _in_soft_bins(p: torch.Tensor, bins: int) -> list[tuple[torch.Tensor, torch.Tensor | float]]:
    """Return the bins whose centres lie below and above each probability, and its nearness to each.

    Beyond the first and the last centre both bins are the same.
    """
    place = p * bins - 0.5
    lower = place.detach().floor()
    nearness = place - lower
    return [(_index(lower, bins), 1 - nearness), (_index(lower + 1, bins), nearness)]


def _index(place: torch.Tensor, bins: int) -> torch.Tensor:
    return place.nan_to_num(0).floor().clamp(0, bins - 1).long()
