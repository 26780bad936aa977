"""A mean over cases of what raters decide, with its interval over raters, and over raters and patients."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from softbench.checks import require_same_shape
from softbench.statistics.crossed import new_seeds_and_cases, patient_values
from softbench.statistics.intervals import MARK, reach, reason_against
from softbench.statistics.nested import nested_mean

VERSION = 1
FEWEST = 3  # raters: without one of two there is no pair left
FEW = f"{MARK}: fewer than {FEWEST} raters, or two that are left without one never overlap"


@dataclass(frozen=True)
class OverRaters:
    """A mean over cases, with two 95 % intervals.

    `low` to `high`: these cases, other raters. `low_both` to `high_both`: other raters and other patients. `n_raters`,
    `n_cases` and `n_patients` that entered; `n_left_out`: cases that have a value and no interval; `reason` and
    `reason_both`: why there is no valid interval, else None. NaN where unknown.
    """

    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    low_both: float = math.nan
    high_both: float = math.nan
    n_raters: int = 0
    n_cases: int = 0
    n_patients: int = 0
    n_left_out: int = 0
    reason: str | None = None
    reason_both: str | None = None


def mean_over_raters(
    values: np.ndarray, without: np.ndarray, patients: np.ndarray | None = None, *, same_people: bool = True
) -> OverRaters:
    r"""Return the mean over cases of a quantity of several raters, with its intervals over raters.

    With :math:`\theta_c` of case c and :math:`\theta_{c,-r}` without rater r, a rater has a pseudo-value in each case,

    .. math:: \pi_{c r} = R\, \theta_c - (R - 1)\, \theta_{c,-r}

    *Same people*, who drew all cases: cases and raters are crossed. Over raters: the jackknife of the mean over cases,
    which is :math:`t_{R-1}` over the raters' means of :math:`\pi`. Over both: the crossed random-effects ANOVA of
    :math:`\pi` (`crossed.new_seeds_and_cases`). *Other people in each case* (pseudo-raters): raters are nested in
    cases. Over raters: the jackknife variances of the cases add up, with Satterthwaite's degrees of freedom. Over
    both: the mixed model of cases in patients (`nested.nested_mean`), whose spread between cases holds that of their
    raters.

    Args:
        values: (C,) of each case; cases with a NaN here or in `without` are left out.
        without: (C, R) of each case without each rater.
        patients: (C,) of any type, whose case each is; every case its own where left out.
        same_people: whether rater 1 of one case is rater 1 of the next.
    Returns: the mean over cases and both intervals; no interval of fewer than 3 raters, none over both below 30
        patients. The end of an interval may lie outside of the quantity's range.
    Raises: InputError: if shapes do not fit.
    Source: the jackknife (Tukey 1958; Miller 1974), pseudo-values as crossed and nested observations: definition here.
        A bootstrap of raters draws the same rater twice, who then agrees with himself; so there is none.
    """
    without = np.asarray(without, float).reshape(len(values), -1)
    owners = np.arange(len(values)) if patients is None else np.unique(np.asarray(patients), return_inverse=True)[1]
    require_same_shape("patients", owners.shape, "values", np.shape(values))
    values = np.asarray(values, float)
    raters = without.shape[1]
    known = ~np.isnan(values) & ~np.isnan(without).any(axis=1)
    if raters < FEWEST or not known.any():
        drawn = values[~np.isnan(values)]
        mean = float(drawn.mean()) if len(drawn) else math.nan
        return OverRaters(mean, n_raters=raters, n_cases=len(drawn), reason=FEW, reason_both=FEW)
    left_out = int(np.count_nonzero(~np.isnan(values) & ~known))
    values, without = values[known], without[known]
    owners = np.unique(owners[known], return_inverse=True)[1]
    pseudo = raters * values[:, None] - (raters - 1) * without
    few = reason_against(cases=int(owners.max()) + 1, unit="case" if patients is None else "patient")
    low, high = (_of_people if same_people else _of_others)(pseudo, values)
    both = (math.nan, math.nan) if few else (_crossed if same_people else _nested)(pseudo, values, owners)
    counts: dict[str, Any] = {"n_raters": raters, "n_cases": len(values), "n_patients": int(owners.max()) + 1}
    counts["n_left_out"] = left_out
    return OverRaters(float(values.mean()), low, high, *both, **counts, reason_both=few)


def _of_people(pseudo: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Return the jackknife's interval over raters who drew all cases."""
    by_rater = pseudo.mean(axis=0)
    error = float(by_rater.std(ddof=1)) / math.sqrt(len(by_rater))
    return _around(float(values.mean()), error, len(by_rater) - 1)


def _of_others(pseudo: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Return the interval over raters who are others in each case: the cases' jackknife variances, added up."""
    cases, raters = pseudo.shape
    variances = pseudo.var(axis=1, ddof=1) / raters
    total = float(variances.sum())
    df = total**2 / float((variances**2).sum() / (raters - 1)) if total else raters - 1.0
    return _around(float(values.mean()), math.sqrt(total) / cases, df)


def _crossed(pseudo: np.ndarray, values: np.ndarray, owners: np.ndarray) -> tuple[float, float]:
    """Return the interval over the same raters and over patients; around the mean itself, not that of pseudo-values."""
    found = new_seeds_and_cases(patient_values(pseudo.T, owners))
    half = float(found["high"] - found["mean"])
    return float(values.mean()) - half, float(values.mean()) + half


def _nested(pseudo: np.ndarray, values: np.ndarray, owners: np.ndarray) -> tuple[float, float]:
    """Return the interval over patients with their cases and raters, around the mean over cases."""
    found = nested_mean(values, owners)
    half = (found.high - found.low) / 2
    return float(values.mean()) - half, float(values.mean()) + half


def _around(mean: float, error: float, df: float) -> tuple[float, float]:
    half = float(reach(error, df))
    return mean - half, mean + half
