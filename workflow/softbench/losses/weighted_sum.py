"""Losses built from their expression."""

import importlib

import torch
from torch import nn

from softbench.losses.catalogue import LOSSES, terms
from softbench.losses.target import Target


class WeightedSum(nn.Module):
    """A weighted sum of losses; learned weights of its terms, if any, are its parameters."""

    def __init__(self, parts: list[tuple[float, nn.Module]]) -> None:
        """Keep the terms: (weight, loss)."""
        super().__init__()
        self.weights = [weight for weight, _ in parts]
        self.terms = nn.ModuleList(term for _, term in parts)

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the weighted sum of the terms, a scalar."""
        values = [weight * term(logits, target) for weight, term in zip(self.weights, self.terms, strict=True)]
        return torch.stack(values).sum()


def build(expression: str) -> nn.Module:
    """Build a loss from its expression.

    Args:
        expression: as `catalogue.terms` reads it, e.g. `ce` or `0.5*ce + ce`.
    Returns: a module, `loss(logits (B, C, ...), Target) -> scalar`.
    Raises: InputError: if a term cannot be read or names no loss; the message lists the known ones.
    """
    return WeightedSum([(weight, _make(name)) for weight, name in terms(expression)])


def _make(name: str) -> nn.Module:
    module, kind = LOSSES[name]
    loss: nn.Module = getattr(importlib.import_module(f"softbench.losses.{module}"), kind)()
    return loss
