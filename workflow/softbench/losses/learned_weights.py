"""Weights of losses that are learned with the network: EPD, Eq. 3."""

from collections.abc import Sequence

import torch
from torch import nn

from softbench.losses.target import Target

VERSION = 1


class LearnedWeights(nn.Module):
    r"""A sum of losses whose weights are learned.

    .. math:: L = \sum_t \frac{1}{2 w_t^2} L_t + \ln(1 + w_t^2)

    w_t starts at 1 and enters squared, so its sign means nothing. For a fixed L_t > 0 the sum is smallest at
    w_t^2 = (L_t + sqrt(L_t^2 + 8 L_t)) / 4, e.g. 1 at L_t = 1: a loss that has fallen counts more. The terms must not
    be negative (`kl` of a target that sums to less than 1 can be): the sum would then fall without end as w_t nears 0.
    Source: EPD paper Eq. 3, after Kendall et al. 2018 and Liebel & Koerner 2018 (whose ln(1 + w^2) is never
    negative, as Kendall's ln w can be). Departures: none; the start is not printed.
    """

    LEARNED = True  # by which a sum knows it without importing this module

    def __init__(self, labels: Sequence[str], terms: Sequence[nn.Module]) -> None:
        """Take the terms and what to call them."""
        super().__init__()
        self.labels = list(labels)
        self.terms = nn.ModuleList(terms)
        self.w = nn.Parameter(torch.ones(len(self.terms)))

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the sum, a scalar; NaN if no voxel is valid."""
        values = torch.stack([term(logits, target) for term in self.terms])
        squared = self.w**2
        return (values / (2 * squared) + torch.log1p(squared)).sum()

    def weights(self) -> dict[str, float]:
        """Return each w_t as it is now, as `w_<term>`."""
        return {f"w_{label}": w for label, w in zip(self.labels, self.w.tolist(), strict=True)}
