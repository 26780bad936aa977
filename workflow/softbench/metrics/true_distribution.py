"""Metrics of probabilities against the true distribution of each voxel over classes, where it is known."""

from dataclasses import dataclass

import numpy as np

from softbench.metrics.metric import REGION_EMPTY, Metric

VERSION = 1
FLOOR = 1e-12  # of a probability in a logarithm
OF_TRUTH = "q: true probability, of a phantom; foreground, band: of its likeliest class"


@dataclass(frozen=True, eq=False)
class Known:
    """The voxels of a region: probabilities and true probabilities, (C, N) float64 each."""

    probabilities: np.ndarray
    truth: np.ndarray


def brier(known: Known) -> float:
    """Return the mean over voxels of the sum over classes of (p - q)², in [0, 2]; NaN without voxels."""
    if not known.truth.shape[1]:
        return float("nan")
    return float(((known.probabilities - known.truth) ** 2).sum(axis=0).mean())


def divergence(known: Known) -> float:
    """Return the mean over voxels of the sum over classes of q log(q / p), p not below 1e-12; NaN without voxels."""
    if not known.truth.shape[1]:
        return float("nan")
    p, q = np.maximum(known.probabilities, FLOOR), known.truth
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(q > 0, q * np.log(q / p), 0.0)
    return float(max(terms.sum(axis=0).mean(), 0.0))


METRICS = (
    Metric(
        "brier_truth", "Brier score to the truth", "1", "lower", (0.0, 2.0),
        f"mean over voxels of the sum over classes of (p - q)^2; {OF_TRUTH}", REGION_EMPTY,
        "Brier 1950; q: definition here",
        of="truth", asked_by="truth", compute=brier,
    ),
    Metric(
        "kl_truth", "KL from the truth", "nat", "lower", (0.0, 27.631021115928547),
        f"mean over voxels of the sum over classes of q log(q / p), p not below 1e-12; {OF_TRUTH}", REGION_EMPTY,
        "Kullback and Leibler 1951; q: definition here",
        of="truth", asked_by="truth", compute=divergence,
    ),
)  # fmt: skip
