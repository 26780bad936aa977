"""How far the probabilities of a label are from the share of the other raters who agree, with an interval."""

import math
from dataclasses import dataclass

import numpy as np

from softbench.statistics import bootstrap
from softbench.statistics.intervals import reason_against

VERSION = 1
DRAWS = 2000


@dataclass(frozen=True)
class Calibration:
    """An expected calibration error, 0 to 1, with its 95 % interval over patients; NaN and the reason without one."""

    error: float
    low: float = math.nan
    high: float = math.nan
    reason: str | None = None


def calibration(bins: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> Calibration:
    r"""Return the expected calibration error of a label over the voxels of all patients.

    .. math:: \mathrm{ECE} = \frac{\sum_b \left| \sum_g (p_{gb} - q_{gb}) \right|}{\sum_b \sum_g n_{gb}}

    with the number n of voxels of patient g in bin b and their sums of p, the label, and q, the share of the others.

    Args:
        bins: (patients, bins, 3), n and the sums of p and q.
        draws: bootstrap samples of patients.
        seed: of the draws.
    Returns: the error; NaN without a voxel. Patients are drawn with all their voxels, and the percentiles widened as in
        `statistics.bootstrap`; no interval below 30 patients. In each draw a bin counts with the sign that its
        difference has over all patients: with its absolute value, as over all, noise of the draws would be added to an
        error that noise has raised already, and the interval of a small one would lie above it. Near 0 an interval
        still says too much, for an error cannot be below.
    """
    gaps, voxels = bins[..., 1] - bins[..., 2], bins[..., 0].sum(axis=1)
    if not voxels.sum():
        return Calibration(math.nan, reason="no voxel")
    signed = gaps @ np.sign(gaps.sum(axis=0))
    error = float(signed.sum() / voxels.sum())
    count = int(np.count_nonzero(voxels))
    if reason := reason_against(cases=count, unit="patient"):
        return Calibration(error, reason=reason)
    held = voxels > 0
    weights = bootstrap.weights(count, draws, seed)
    drawn = np.concatenate([(w @ signed[held]) / (w @ voxels[held]) for w in weights])
    low, high = bootstrap.percentiles(drawn, count)
    return Calibration(error, max(float(low), 0.0), float(high))
