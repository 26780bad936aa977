"""One temperature a class: a class that is too sure is flattened, and another is left as it is."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch

from softbench.training.posthoc.seen import Calibration, Validation
from softbench.training.temperature_scaling import CHUNK, HIGHEST, LOWEST

VERSION = 1
STEPS = 100
ENOUGH = 1e-9  # change of each 1 / T between two steps
HALVINGS = 30  # of a step that makes the NLL larger
RIDGE = 1e-12  # share of the trace that keeps the curvature invertible


def fit(validation: Validation) -> Calibration:
    r"""Find the temperatures :math:`T_c` that minimise the NLL of all valid voxels of all validation cases and raters.

    .. math:: p_c \propto \exp(\log q_c / T_c), \quad q = \mathrm{softmax}(z)

    The NLL is convex in :math:`\beta_c = 1 / T_c`, so Newton's method with halved steps finds its one minimum within
    T in [0.05, 20].

    Returns: the calibration. A class that no rater of a validation case gave has the temperature of `temperature`:
        its own would make it impossible.
    Source: vector scaling of Guo et al. 2017 without its offsets. Departures: it scales log probabilities, not logits,
        so that a number added to all logits of a voxel changes nothing.
    """
    present = validation.counts > 0
    start = 1 / validation.temperature.temperature
    beta = _minimise(validation, np.full(len(present), start), present)
    scale = torch.from_numpy(beta.astype(np.float32))

    def apply(logits: torch.Tensor, _: np.ndarray) -> torch.Tensor:
        shape = (-1, *[1] * (logits.ndim - 1))
        return torch.softmax(torch.log_softmax(logits, dim=0) * scale.reshape(shape), dim=0)

    temperatures = {name: float(1 / b) for name, b in zip(validation.classes, beta, strict=True)}
    return Calibration(apply, {"temperatures": temperatures, "not_fitted": validation.absent})


class Sums(NamedTuple):
    """The NLL summed over labels, its slope (C,) and its curvature (C, C), by beta."""

    value: float
    slope: np.ndarray
    curvature: np.ndarray


def _minimise(validation: Validation, beta: np.ndarray, present: np.ndarray) -> np.ndarray:
    low, high = 1 / HIGHEST, 1 / LOWEST
    beta = np.clip(beta, low, high)
    now = _sums(validation, beta)
    for _ in range(STEPS):
        stuck = ((beta <= low) & (now.slope > 0)) | ((beta >= high) & (now.slope < 0))
        free = present & ~stuck
        if not free.any() or not now.curvature.any():
            break
        inner = now.curvature[np.ix_(free, free)]
        move = np.zeros(len(beta))
        move[free] = -np.linalg.solve(inner + RIDGE * np.trace(inner) * np.eye(len(inner)), now.slope[free])
        new, found = _step(validation, beta, move, now)
        moved, beta, now = float(np.abs(new - beta).max()), new, found
        if moved < ENOUGH:
            break
    return beta


def _step(validation: Validation, beta: np.ndarray, move: np.ndarray, now: Sums) -> tuple[np.ndarray, Sums]:
    """Return where the longest of the halved steps leads that does not make the NLL larger; nowhere if none does."""
    for halvings in range(HALVINGS):
        new = np.clip(beta + move / 2**halvings, 1 / HIGHEST, 1 / LOWEST)
        found = _sums(validation, new)
        if found.value <= now.value:
            return new, found
    return beta, now


def _sums(validation: Validation, beta: np.ndarray) -> Sums:
    scale, classes = torch.from_numpy(beta)[:, None], len(beta)
    value, slope, curvature = 0.0, np.zeros(classes), np.zeros((classes, classes))
    for log_q, labels in _chunks(validation):
        counted = torch.zeros_like(log_q).scatter_add_(0, labels, torch.ones_like(log_q[:1]).expand(labels.shape))
        scaled = scale * log_q
        value += float((len(labels) * torch.logsumexp(scaled, dim=0) - (counted * scaled).sum(dim=0)).sum())
        weighted = torch.softmax(scaled, dim=0) * log_q
        slope += (len(labels) * weighted - counted * log_q).sum(dim=1).numpy()
        inner = torch.diag((weighted * log_q).sum(dim=1)) - weighted @ weighted.T
        curvature += len(labels) * inner.numpy()
    return Sums(value, slope, curvature)


def _chunks(validation: Validation) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Give log probabilities (C, n) in float64 and labels (R, n) of some voxels at a time."""
    for seen in validation:
        logits, labels = seen.voxels()
        for first in range(0, labels.shape[1], CHUNK):
            here = slice(first, first + CHUNK)
            yield torch.log_softmax(logits[:, here].double(), dim=0), labels[:, here]
