"""Measurements nested in patients: a mean that holds for new patients, from a model with an effect of the patient."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from softbench.checks import require_same_shape
from softbench.statistics.intervals import reach, reason_against

VERSION = 1


@dataclass(frozen=True)
class Nested:
    """A mean for the population of patients.

    `mean` with its 95 % interval from `low` to `high`; `sd_patients` and `sd_within`: the standard deviations between
    patients and of one measurement within a patient; `n_patients` and `n_values` that entered. `reason`: why there is
    no valid interval, else None. NaN where unknown.
    """

    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    sd_patients: float = math.nan
    sd_within: float = math.nan
    n_patients: int = 0
    n_values: int = 0
    reason: str | None = None


def nested_mean(values: np.ndarray, patients: np.ndarray) -> Nested:
    r"""Return the mean of a linear mixed model, value = mean + patient + rest, both random.

    With n_g values of patient g, their mean :math:`\bar y_g`, the components :math:`\sigma_p^2` and :math:`\sigma^2`
    estimated by the mean squares between and within patients,

    .. math:: \hat\mu = \frac{\sum_g w_g \bar y_g}{\sum_g w_g}, \quad w_g = \frac{1}{\sigma_p^2 + \sigma^2 / n_g},
        \quad \hat\mu \pm t_{0.975, G - 1} \Big/ \sqrt{\textstyle\sum_g w_g}

    Args:
        values: (N,), e.g. a difference of two soft labels by patient, case and rater; NaN are left out.
        patients: (N,) of any type, whose value each is.
    Returns: the mean; no interval below 30 patients. With the same number of values of each patient, and a component of
        patients above zero, this is the t interval over the patients' means.
    Raises: InputError: if shapes differ.
    Source: the unbalanced one-way random-effects model, components by the analysis of variance (Searle, Casella &
        McCulloch 1992, ch. 3). Departures: a component estimated below zero counts as zero.
    """
    require_same_shape("patients", np.shape(patients), "values", np.shape(values))
    known = ~np.isnan(values)
    values = np.asarray(values, float)[known]
    _, groups = np.unique(np.asarray(patients)[known], return_inverse=True)
    sizes = np.bincount(groups) if len(groups) else np.zeros(0, int)
    counts: dict[str, Any] = {"n_patients": len(sizes), "n_values": len(values)}
    reason = reason_against(cases=len(sizes), unit="patient", finite=bool(np.isfinite(values).all()))
    if len(sizes) < 2:
        return Nested(float(values.mean()) if len(values) else math.nan, reason=reason, **counts)
    means = np.bincount(groups, values) / sizes
    between, within = components(values, groups)
    weights = 1 / (between + within / sizes) if between + within > 0 else np.ones(len(sizes))
    mean = float(weights @ means / weights.sum())
    spread: dict[str, Any] = {"sd_patients": math.sqrt(between), "sd_within": math.sqrt(within)}
    if reason:
        return Nested(mean, **spread, reason=reason, **counts)
    error = 1 / math.sqrt(weights.sum()) if between + within > 0 else 0.0
    half = float(reach(error, len(sizes) - 1))
    return Nested(mean, mean - half, mean + half, **spread, **counts)


def components(values: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Return the variances between and within groups, numbered from 0, at least two; neither is below zero."""
    sizes, total = np.bincount(groups), len(values)
    means = np.bincount(groups, values) / sizes
    rest = total - len(sizes)
    within = float(((values - means[groups]) ** 2).sum()) / rest if rest else 0.0
    square = float((sizes * (means - values.mean()) ** 2).sum()) / (len(sizes) - 1)
    typical = (total - (sizes**2).sum() / total) / (len(sizes) - 1)
    return max((square - within) / typical, 0.0), within
