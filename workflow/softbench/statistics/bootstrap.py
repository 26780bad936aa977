"""These checkpoints, new patients: how far a difference would move with other test cases, not with other seeds."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from softbench.statistics.distributions import stats
from softbench.statistics.intervals import CONFIDENCE, reason_against
from softbench.statistics.paired import Pairs, list_patients

VERSION = 1
LABEL = "these checkpoints, new patients"
DRAWS = 10_000
BLOCK = 2**23  # weights held at a time: 64 MiB


@dataclass(frozen=True)
class NewPatients:
    """A method minus its control: these checkpoints, new patients.

    `mean` is that of `difference`; `low` to `high`: its 95 % bootstrap interval over cases, or over patients;
    `n_seeds` whose checkpoints entered, `n_cases` scored and `n_patients` drawn from. `reason`: why there is no valid
    interval, else None. NaN where unknown.
    """

    mean: float
    low: float = math.nan
    high: float = math.nan
    n_seeds: int = 0
    n_cases: int = 0
    n_patients: int = 0
    reason: str | None = None


def new_patients(
    pairs: Pairs, groups: Mapping[str, str] | None = None, *, draws: int = DRAWS, seed: int = 0
) -> NewPatients:
    r"""Return how much trained networks differ, for the population of patients.

    It is no test of methods: the trained networks are fixed, and other seeds would give other networks. Cases are drawn
    with replacement, all seeds together; each draw's difference is computed as `difference` does. The ends are the
    percentiles a and 1 - a of the draws, widened for small samples:

    .. math:: a = \Phi(-\sqrt{n / (n-1)}\; t_{0.975, n-1})

    Args:
        pairs: the differences of a method and its control by seed and case (`pair`).
        groups: case -> patient, where patients have several cases; patients are drawn with all their cases.
        draws: number of bootstrap samples.
        seed: of the draws. They depend on it and the number of patients alone.
    Returns: the difference; no interval below 30 patients with a defined difference in each seed.
    Raises: InputError: if a case has no patient.
    Source: Efron 1979; the expanded percentiles: Hesterberg 2015, "What Teachers Should Know About the Bootstrap".

    >>> import numpy as np
    >>> import pandas as pd
    >>> from softbench import statistics
    >>> draw = np.random.default_rng(0)
    >>> rows = [
    ...     (method, seed, f"case {case}", dsc + draw.normal(0, 0.02))
    ...     for method, dsc in (("one_hot", 0.80), ("svls", 0.83))
    ...     for seed in range(5)
    ...     for case in range(30)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> pairs = statistics.pair(scores, "svls", "one_hot", "dsc")
    >>> found = statistics.new_patients(pairs)
    >>> print(f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], {found.n_patients} patients")
    0.026 [0.021, 0.031], 30 patients
    """
    table = pairs.table
    patients = list_patients(table.columns, groups)
    sums, sizes = patient_sums(table.to_numpy(), patients)
    fewest = int((sizes > 0).sum(axis=1).min(initial=sizes.shape[1]))
    unit = "case" if groups is None else "patient"
    reason = reason_against(cases=fewest, finite=pairs.finite, unit=unit)
    with np.errstate(invalid="ignore"):
        mean = float((sums.sum(axis=1) / sizes.sum(axis=1)).mean()) if len(table) and pairs.finite else math.nan
    counts = {"n_seeds": len(table), "n_cases": len(pairs.cases), "n_patients": sizes.shape[1]}
    if reason or not len(table):
        return NewPatients(mean, reason=reason, **counts)
    low, high = percentiles(resample(sums, sizes, draws, seed), fewest)
    return NewPatients(mean, float(low), float(high), **counts)


def patient_sums(gap: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and number of each patient's defined differences, (S, G) each, of `gap` (S, C)."""
    groups = int(patients.max(initial=-1)) + 1
    defined = ~np.isnan(gap)
    sums = [np.bincount(patients, weights=row, minlength=groups) for row in np.where(defined, gap, 0.0)]
    sizes = [np.bincount(patients, weights=row, minlength=groups) for row in defined]
    return np.reshape(sums, (len(gap), groups)), np.reshape(sizes, (len(gap), groups))


def weights(units: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Give how often each unit is drawn, (draws, units) in blocks of rows that fit in memory."""
    rng, rows = np.random.default_rng(seed), max(BLOCK // max(units, 1), 1)
    for first in range(0, draws, rows):
        yield rng.multinomial(units, np.full(units, 1 / units), size=min(rows, draws - first)).astype(float)


def resample(sums: np.ndarray, sizes: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return each draw's mean over seeds of the mean over cases, (draws,)."""
    parts = [(w @ sums.T / (w @ sizes.T)).mean(axis=1) for w in weights(sums.shape[1], draws, seed)]
    return np.concatenate(parts)


def percentiles(drawn: np.ndarray, units: int, *, confidence: float = CONFIDENCE) -> np.ndarray:
    """Return both ends of the interval from draws (draws, ...) over a number of units, (2, ...)."""
    reach = math.sqrt(units / (units - 1)) * stats.t.ppf((1 + confidence) / 2, units - 1)
    outside = stats.norm.cdf(-reach)
    return np.quantile(drawn, [outside, 1 - outside], axis=0)
