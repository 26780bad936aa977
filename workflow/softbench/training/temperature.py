"""Temperature scaling: one number a network, found on validation voxels, that makes its confidence fit best."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.training.inference import Window, stream_logits

VERSION = 1
LOWEST, HIGHEST = 0.05, 20.0  # of the temperature: beyond, the validation cases say nothing
ENOUGH = 1e-7  # change of 1 / T between two steps
STEPS = 50
CHUNK = 1 << 18  # voxels in float64 at once

Scores = Iterable[tuple[np.ndarray | torch.Tensor, np.ndarray | torch.Tensor]]  # logits (C, N) and classes (N,)


def temperature(model: nn.Module, cases: Sequence[Case], *, window: Window | None = None) -> float:
    r"""Return the temperature T that minimises the NLL of all valid voxels of all cases together.

    .. math:: L(\beta) = \sum_v \log \sum_c e^{\beta z_{vc}} - \beta z_{v y_v}, \quad \beta = 1 / T

    L is convex in beta, so Newton's method finds its one minimum. Logits are not kept: each step infers again.

    Args:
        model: a network of `softbench.networks`.
        cases: validation cases; their first rater is the truth.
        window: of sliding-window inference, or None.
    Returns: T, in [0.05, 20]; divide logits by it. 1 where no voxel is valid.
    Source: Guo et al. 2017. Departures: one scalar for all classes and cases, as there; Newton instead of L-BFGS.
    """
    return fit(lambda: _of_cases(model, cases, window))


def fit(scores: Callable[[], Scores]) -> float:
    """Return the temperature of logits that `scores()` streams, once for each Newton step; see `temperature`."""
    beta = 1.0
    for _ in range(STEPS):
        slope, curvature = _derivatives(scores(), beta)
        if curvature <= 0:
            break
        # at most double or halve: far from the minimum Newton overshoots
        new = float(np.clip(beta - slope / curvature, beta / 2, beta * 2))
        new = float(np.clip(new, 1 / HIGHEST, 1 / LOWEST))
        moved, beta = abs(new - beta), new
        if moved < ENOUGH:
            break
    return 1 / beta


def _of_cases(model: nn.Module, cases: Sequence[Case], window: Window | None) -> Scores:
    for case, logits in stream_logits(model, cases, window):
        labels = torch.from_numpy(np.asarray(case.labels[0]).astype(np.int64)).reshape(-1)
        flat = logits.reshape(len(logits), -1)
        if case.valid is not None:
            valid = torch.from_numpy(np.array(case.valid)).reshape(-1)
            labels, flat = labels[valid], flat[:, valid]
        yield flat, labels


def _derivatives(scores: Scores, beta: float) -> tuple[float, float]:
    """Return first and second derivative of the NLL by beta."""
    slope = curvature = 0.0
    for logits, labels in scores:
        for first in range(0, len(labels), CHUNK):
            z = torch.as_tensor(logits)[:, first : first + CHUNK].double()
            y = torch.as_tensor(labels)[first : first + CHUNK].long()
            p = torch.softmax(beta * z, dim=0)
            mean = (p * z).sum(dim=0)
            slope += float((mean - z.gather(0, y[None])[0]).sum())
            curvature += float((p * (z - mean) ** 2).sum())
    return slope, curvature
