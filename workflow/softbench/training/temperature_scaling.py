"""Temperature scaling: one number, found on validation voxels, that makes the confidence of a network fit best.

An ensemble has one of its own. The mean of its networks' probabilities has no logits; its logarithm takes their place,
so that T = 1 gives the mean back. Probabilities are pooled first and calibrated then, since calibrated networks that
disagree have an under-confident mean.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.training.inference import View, predict, stream_logits

VERSION = 1
LOWEST, HIGHEST = 0.05, 20.0  # of the temperature: beyond, the validation cases say nothing
ENOUGH = 1e-7  # change of 1 / T between two steps
STEPS = 50
CHUNK = 1 << 18  # voxels in float64 at once
KEPT = 1 << 29  # bytes of logits that are kept from step to step; more of them are inferred again
FLOOR = float(np.finfo(np.float32).tiny)  # 1.2e-38 stands for a probability of 0, whose logarithm is not finite

Scores = Iterable[tuple[np.ndarray | torch.Tensor, np.ndarray | torch.Tensor]]  # logits (C, N) and classes (N,)


def temperature(model: nn.Module, cases: Sequence[Case], *, view: View | None = None) -> float:
    r"""Return the temperature T that minimises the NLL of all valid voxels of all cases together.

    .. math:: L(\beta) = \sum_v \log \sum_c e^{\beta z_{vc}} - \beta z_{v y_v}, \quad \beta = 1 / T

    L is convex in beta, so Newton's method finds its one minimum. Logits of up to half a gibibyte are kept in memory;
    beyond, each step infers again.

    Args:
        model: a network of `softbench.networks`.
        cases: validation cases; their first rater is the truth.
        view: how the network looks at an image (`inference.View`); None: whole, as it is.
    Returns: T, in [0.05, 20]; divide logits by it. 1 where no voxel is valid.
    Source: Guo et al. 2017. Departures: one scalar for all classes and cases, as there; Newton instead of L-BFGS.
    """
    return fit(lambda: (_valid(case, logits) for case, logits in stream_logits(model, cases, view)))


def temperature_of_mean(models: Sequence[nn.Module], cases: Sequence[Case], *, view: View | None = None) -> float:
    r"""Return the temperature T of an ensemble: that of the logarithm of its mean probabilities.

    .. math:: z_{vc} = \log \frac 1 S \sum_s \mathrm{softmax}(z_{sv})_c

    Args:
        models: the S networks.
        cases, view: as `temperature`.
    Returns: T, in [0.05, 20]; see `temperature` and `scale`.
    Source: Rahaman & Thiery 2021, "pool-then-calibrate". Departures: none.
    """
    return fit(lambda: (_valid(case, log_probabilities(predict(models, case.images, view=view))) for case in cases))


def log_probabilities(probabilities: np.ndarray) -> torch.Tensor:
    """Return the logarithm of probabilities (C, ...) as float32; those below 1.2e-38, the smallest float32 that keeps
    all its digits, count as that, so it is finite and at least -87.34."""
    return torch.from_numpy(probabilities).float().clamp_min(FLOOR).log()


def scale(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    r"""Return probabilities at a temperature: :math:`p_c^{1/T} / \sum_k p_k^{1/T}`.

    Args:
        probabilities: (C, ...) float32, summing to 1 over C.
        temperature: 1 leaves them, more flattens, less sharpens.
    Returns: (C, ...) float32, summing to 1 over C.
    """
    return torch.softmax(log_probabilities(probabilities) / temperature, dim=0).numpy()


def fit(scores: Callable[[], Scores]) -> float:
    """Return the temperature of the logits that `scores()` streams, anew each step if need be; see `temperature`."""
    beta, again = 1.0, _kept_if_small(scores)
    for _ in range(STEPS):
        slope, curvature = _derivatives(again(), beta)
        if curvature <= 0:
            break
        # at most double or halve: far from the minimum Newton overshoots
        new = float(np.clip(beta - slope / curvature, beta / 2, beta * 2))
        new = float(np.clip(new, 1 / HIGHEST, 1 / LOWEST))
        moved, beta = abs(new - beta), new
        if moved < ENOUGH:
            break
    return 1 / beta


def _kept_if_small(scores: Callable[[], Scores]) -> Callable[[], Scores]:
    """Return a source of the same scores that streams once and keeps what fits into `KEPT` bytes, or streams anew."""
    whole: list = []

    def stream() -> Iterator:
        kept, size = [], 0
        for pair in scores():
            size += sum(part.nbytes for part in pair)
            if size <= KEPT:
                kept.append(pair)
            else:
                kept.clear()
            yield pair
        whole.extend(kept if size <= KEPT else [])

    return lambda: whole or stream()


def _valid(case: Case, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits (C, N) and classes (N,) of the valid voxels of a case."""
    labels = torch.from_numpy(np.asarray(case.labels[0]).astype(np.int64)).reshape(-1)
    flat = logits.reshape(len(logits), -1)
    if case.valid is None:
        return flat, labels
    valid = torch.from_numpy(np.array(case.valid)).reshape(-1)
    return flat[:, valid], labels[valid]


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
