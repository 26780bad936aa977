"""Losses built from their expression."""

import importlib
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from softbench.errors import InputError, explain_error, import_file, short
from softbench.losses import catalogue
from softbench.losses.catalogue import LEARNED, Term
from softbench.losses.target import Target

VERSION = 1
Frequencies = Sequence[float] | torch.Tensor


class Weighted(nn.Module):
    """One term of a sum: its weight times its loss, on the target that it asks for."""

    def __init__(self, loss: nn.Module, *, weight: float, hard: bool) -> None:
        """Take the loss, its weight, and whether it compares with hard labels."""
        super().__init__()
        self.loss, self.weight, self.hard = loss, weight, hard

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the weighted loss, a scalar; raise `InputError` where the loss fails or gives none."""
        return self.weight * scalar(self.loss, logits, hardened(target) if self.hard else target)


def scalar(loss: nn.Module, logits: torch.Tensor, target: Target) -> torch.Tensor:
    """Return what a loss gives.

    Raises: InputError: if it fails or gives anything but a scalar; the message names its class and file.
    """
    file = Path(inspect.getfile(type(loss)))
    named = f"the loss {type(loss).__name__} ({short(file)})"
    try:
        value = loss(logits, target)
    except (InputError, MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:
        raise InputError(f"{named} stopped with {explain_error(error, file)}. Fix it there.") from error
    if not (isinstance(value, torch.Tensor) and value.ndim == 0):
        found = f"a tensor of the shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)[:60]
        raise InputError(
            f"{named} must return one number for the whole batch, a tensor of the shape (), but returned {found}. "
            "Take the mean over what is left, e.g. `.mean()`."
        )
    return value


class WeightedSum(nn.Module):
    """A weighted sum of losses; learned weights of its terms, if any, are its parameters."""

    def __init__(self, terms: Sequence[nn.Module]) -> None:
        """Keep the terms."""
        super().__init__()
        self.terms = nn.ModuleList(terms)

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the sum of the terms, a scalar."""
        return torch.stack([term(logits, target) for term in self.terms]).sum()

    def weights(self) -> dict[str, float]:
        """Return the learned weights as they are now, as `w_<term>`; none where none are learned."""
        sums: list[Any] = [module for module in self.modules() if getattr(type(module), "LEARNED", False)]
        return {name: value for learned in sums for name, value in learned.weights().items()}


def hardened(target: Target) -> Target:
    """Return a target whose soft labels are its hard ones, one-hot."""
    ids = torch.arange(target.soft.shape[1], device=target.hard.device)
    ids = ids.view(-1, *(1 for _ in target.soft.shape[2:]))
    return target._replace(soft=(target.hard.unsqueeze(1) == ids).to(target.soft.dtype))


def build(expression: str, *, frequencies: Frequencies | None = None) -> WeightedSum:
    """Build a loss from its expression.

    Args:
        expression: as `catalogue.read` takes it, e.g. `ce`, `ce(hard) + dice(hard) + 1.0*kl`,
            `learned(l1 + dice)`.
        frequencies: the share of each class among the voxels of the training part's hard labels, (C,); needed where
            `catalogue.needs_frequencies` says so, else not looked at.
    Returns: a module, `loss(logits (B, C, ...), Target) -> scalar`; it computes in float32 or better.
    Raises: InputError: if a term cannot be read or names no loss (the message lists the known ones), or frequencies are
        missing.

    >>> import torch
    >>> from softbench import losses
    >>> soft = torch.tensor([[[[0.9, 0.4]], [[0.1, 0.6]]]])  # (B, C, H, W): one image of two pixels, two classes
    >>> target = losses.Target(soft, hard=soft.argmax(dim=1), valid=torch.ones(1, 1, 2, dtype=torch.bool))
    >>> loss = losses.build("ce + dice")
    >>> print(f"{loss(soft.log(), target):.4f}")  # the logits of the soft label itself; its entropy remains of `ce`
    0.4990
    >>> print(f"{loss(torch.zeros(1, 2, 1, 2), target):.4f}")
    0.9489
    """
    if frequencies is None and catalogue.needs_frequencies(expression):
        raise InputError(
            f"the loss {expression!r} weighs classes by their frequency, but `frequencies` is missing: "
            "give the share of each class among the voxels of the training part."
        )
    return WeightedSum([_weighted(term, frequencies) for term in catalogue.read(expression)])


def _weighted(term: Term, frequencies: Frequencies | None) -> Weighted:
    return Weighted(_loss(term, frequencies), weight=term.weight, hard=term.target == "hard")


def _loss(term: Term, frequencies: Frequencies | None) -> nn.Module:
    if term.name == LEARNED:
        learned = importlib.import_module("softbench.losses.learned_weights").LearnedWeights
        weighted: nn.Module = learned(
            [inner.label for inner in term.inner], [_weighted(inner, frequencies) for inner in term.inner]
        )
        return weighted
    entry = catalogue.known()[term.name]
    settings = {**term.settings, **({"frequencies": frequencies} if entry.needs_frequencies else {})}
    file = catalogue.ROOM / f"{term.name}.py"
    try:
        loss: nn.Module = getattr(import_file(file), entry.kind)(**settings)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{short(file)}: {entry.kind} stopped with {explain_error(error, file)}. Fix it.") from error
    if not isinstance(loss, nn.Module):
        raise InputError(f"{short(file)}: {entry.kind} is no loss of torch. Write `class {entry.kind}(nn.Module)`.")
    return loss
