"""Temperature scaling: one number, found on validation voxels, that makes the confidence of a network fit best.

An ensemble has one of its own. The mean of its networks' probabilities has no logits; its logarithm takes their place,
so that T = 1 gives the mean back. Probabilities are pooled first and calibrated then, since calibrated networks that
disagree have an under-confident mean.

It is fitted on what is scored: all valid voxels against all raters, whomever a method learns from.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.training.inference import KEPT, View, stream_logits, stream_probabilities

VERSION = 2
LOWEST, HIGHEST = 0.05, 20.0  # of the temperature: beyond, the validation cases say nothing
ENOUGH = 1e-7  # change of 1 / T between two steps
STEPS = 50
CHUNK = 1 << 18  # voxels in float64 at once
FLOOR = float(np.finfo(np.float32).tiny)  # 1.2e-38 stands for a probability of 0, whose logarithm is not finite
DRAWS = 2000  # of the bootstrap
OF_TEMPERATURE = ("temperature", "temperature_fit")  # in the record of a run or ensemble

Array = np.ndarray | torch.Tensor
Scores = Iterable[tuple[Array, Array]]  # of a case: logits (C, N) and the classes that each rater gave (R, N)


@dataclass(frozen=True)
class Fit:
    """A temperature, its standard error (NaN where it is not known), and over how many cases and patients it is."""

    temperature: float
    se: float
    cases: int
    patients: int

    def facts(self) -> dict[str, Any]:
        """Return what the record of a run holds: `temperature`, and `temperature_fit` with the rest (None for NaN)."""
        se = None if math.isnan(self.se) else self.se
        of_fit = {"se": se, "cases": self.cases, "patients": self.patients}
        return {"temperature": self.temperature, "temperature_fit": of_fit}

    def __str__(self) -> str:
        """Return "0.97 ± 0.05 (24 cases)"."""
        return f"{self.temperature:.3f} ± {self.se:.3f} ({self.cases} cases)"


def temperature(model: nn.Module, cases: Sequence[Case], *, view: View | None = None) -> float:
    """Return the temperature of `fit_temperature` alone; its arguments are those."""
    return fit_temperature(model, cases, view=view).temperature


def fit_temperature(
    model: nn.Module,
    cases: Sequence[Case],
    *,
    view: View | None = None,
    patients: Mapping[str, str] | None = None,
    logits: Sequence[torch.Tensor] | None = None,
) -> Fit:
    r"""Find the temperature T that minimises the NLL of all valid voxels of all cases and raters together.

    .. math:: L(\beta) = \sum_v \sum_r \log \sum_c e^{\beta z_{vc}} - \beta z_{v y_{vr}}, \quad \beta = 1 / T

    L is convex in beta, so Newton's method finds its one minimum. Logits of up to half a gibibyte are kept in memory;
    beyond, each step infers again.

    Args:
        model: a network of `softbench.networks`.
        cases: validation cases; all their raters count alike, as in the scores.
        view: how the network looks at an image (`inference.View`); None: whole, as it is.
        patients: case id -> patient, for the standard error (`standard_error`); None: each case is one.
        logits: of the cases, where they are known; None: the network computes them.
    Returns: T, in [0.05, 20]; divide logits by it. 1 where no voxel is valid. With its standard error.
    Source: Guo et al. 2017. Departures: one scalar for all classes and cases, as there; Newton instead of L-BFGS.
    """

    def scores() -> Scores:
        known = stream_logits(model, cases, view) if logits is None else zip(cases, logits, strict=True)
        return (valid_voxels(case, of_case) for case, of_case in known)

    return fit(scores, _of(cases, patients))


def fit_temperature_of_mean(
    models: Sequence[nn.Module],
    cases: Sequence[Case],
    *,
    view: View | None = None,
    patients: Mapping[str, str] | None = None,
) -> Fit:
    r"""Find the temperature T of an ensemble: that of the logarithm of its mean probabilities.

    .. math:: z_{vc} = \log \frac 1 S \sum_s \mathrm{softmax}(z_{sv})_c

    Args:
        models: the S networks.
        cases, view, patients: as `fit_temperature`.
    Returns: T, in [0.05, 20]; see `fit_temperature` and `scale`.
    Source: Rahaman & Thiery 2021, "pool-then-calibrate". Departures: none.
    """

    def scores() -> Scores:
        return (valid_voxels(case, log_probabilities(mean)) for case, mean in stream_probabilities(models, cases, view))

    return fit(scores, _of(cases, patients))


def _of(cases: Sequence[Case], patients: Mapping[str, str] | None) -> list[str]:
    """Return the patient of each case."""
    return [case.id if patients is None else patients[case.id] for case in cases]


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


def fit(scores: Callable[[], Scores], patients: Sequence[str] | None = None) -> Fit:
    """Return the temperature of the logits that `scores()` streams, case by case and anew each step if need be.

    Args: patients: of each case, for the standard error; None: each case is one.
    """
    beta, again = 1.0, _kept_if_small(scores)
    slopes = curvatures = np.zeros(0)
    for _ in range(STEPS):
        slopes, curvatures = _derivatives(again(), beta)
        curvature = float(curvatures.sum())
        if curvature <= 0:
            break
        # at most double or halve: far from the minimum Newton overshoots
        new = float(np.clip(beta - float(slopes.sum()) / curvature, beta / 2, beta * 2))
        new = float(np.clip(new, 1 / HIGHEST, 1 / LOWEST))
        moved, beta = abs(new - beta), new
        if moved < ENOUGH:
            break
    whose = list(patients) if patients is not None else [str(number) for number in range(len(slopes))]
    inside = 1 / HIGHEST < beta < 1 / LOWEST
    error = standard_error(slopes, curvatures, whose) / beta**2 if inside else float("nan")
    return Fit(1 / beta, error, len(slopes), len(set(whose)))


def standard_error(slopes: np.ndarray, curvatures: np.ndarray, patients: Sequence[str]) -> float:
    r"""Return the standard error of beta = 1 / T by a bootstrap over patients, each with all cases that it has.

    A draw takes as many patients as there are, with replacement; patient i comes :math:`w_i` times. One step of
    Newton's method gives its minimum from the derivatives at the minimum of all, so no voxel is looked at again:

    .. math:: \beta_w - \beta = -\sum_i w_i L'_i / \sum_i w_i L''_i

    On phantoms of 8 and 24 cases it is within 3 % of fitting each draw anew. The draws are the same in every run.

    Args:
        slopes, curvatures: (cases,), first and second derivative of each case's NLL at the minimum of their sum.
        patients: of each case.
    Returns: at least 0; NaN where there are fewer than two patients, or nothing to fit.
    """
    names = sorted(set(patients))
    if len(names) < 2 or not curvatures.sum() > 0:
        return float("nan")
    own = np.array([[patient == name for patient in patients] for name in names], float)
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    below = drawn @ (own @ curvatures)
    return float(np.std((drawn @ (own @ slopes))[below > 0] / below[below > 0], ddof=1))


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


def valid_voxels(case: Case, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return logits (C, N) and the classes that each rater gave (R, N) of the valid voxels of a case."""
    labels = torch.from_numpy(np.asarray(case.labels).astype(np.int64)).reshape(len(case.labels), -1)
    flat = logits.reshape(len(logits), -1)
    if case.valid is None:
        return flat, labels
    valid = torch.from_numpy(np.array(case.valid)).reshape(-1)
    return flat[:, valid], labels[:, valid]


def _derivatives(scores: Scores, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return first and second derivative of each case's NLL by beta, (cases,) each."""
    found = [_derivatives_of_case(torch.as_tensor(logits), torch.as_tensor(labels), beta) for logits, labels in scores]
    both = np.array(found, float).reshape(len(found), 2)
    return both[:, 0], both[:, 1]


def _derivatives_of_case(logits: torch.Tensor, labels: torch.Tensor, beta: float) -> tuple[float, float]:
    slope = curvature = 0.0
    for first in range(0, labels.shape[1], CHUNK):
        z = logits[:, first : first + CHUNK].double()
        y = labels[:, first : first + CHUNK].long()
        p = torch.softmax(beta * z, dim=0)
        mean = (p * z).sum(dim=0)
        slope += float((mean - z.gather(0, y)).sum())  # of each rater
        curvature += len(y) * float((p * (z - mean) ** 2).sum())
    return slope, curvature
