"""Methods, cases and seeds crossed: a difference that holds for new seeds and new patients alike."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from softbench.statistics.intervals import MIN_SEEDS_CROSSED, p_value, reach, reason_against
from softbench.statistics.paired import Pairs, list_patients

VERSION = 1


@dataclass(frozen=True)
class Crossed:
    """A method minus its control, for new seeds and new patients.

    `mean` with its 95 % interval from `low` to `high`; `p`, two-sided; `df`, Satterthwaite's; `sd_seeds`, `sd_cases`
    and `sd_rest`: the standard deviations of method x seed, method x case and what remains, of one difference.
    `n_cases` and `n_patients` that entered; `left_out`: cases that were undefined somewhere. `reason`: why there is no
    valid interval, else None. NaN where unknown.
    """

    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    df: float = math.nan
    sd_seeds: float = math.nan
    sd_cases: float = math.nan
    sd_rest: float = math.nan
    n_seeds: int = 0
    n_cases: int = 0
    n_patients: int = 0
    left_out: int = 0
    reason: str | None = None


def crossed_difference(pairs: Pairs, groups: Mapping[str, str] | None = None) -> Crossed:
    r"""Return how much a method differs from its control, for the population of seeds and cases.

    The model is score = method + seed + case + method x seed + method x case + seed x case + rest, all but `method`
    random. In the difference d of two methods, what both share cancels: with S seeds, C cases and the mean squares of
    d, its mean has

    .. math:: \widehat{\mathrm{var}}(\bar d) = (MS_{seed} + MS_{case} - MS_{rest}) / (S C)

    and Satterthwaite's degrees of freedom. A component estimated below zero counts as zero: without one for cases this
    is the t interval over seeds. F(method | method x seed), with MS_seed alone, is the square of that t for two
    methods, and is not computed again.

    Args:
        pairs: the differences of the two by seed and case (`pair`).
        groups: case -> patient, where patients have several cases: the patient is then the unit. The mean stays that
            over cases.
    Returns: the difference over the cases that are defined for both methods in all common seeds; `mean` differs from
        that of `difference` only where cases were left out. No interval with fewer than 5 seeds or 30 patients.
    Raises: InputError: if a case has no patient.
    Source: the crossed random-effects ANOVA; Satterthwaite 1946. Departures: components below zero, as said.

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
    >>> found = statistics.crossed_difference(pairs)
    >>> print(f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], {found.n_seeds} seeds x {found.n_cases} cases")
    0.026 [0.021, 0.031], 5 seeds x 30 cases
    """
    whole = pairs.table.dropna(axis=1) if pairs.finite else pairs.table
    patients = list_patients(whole.columns, groups)
    counts: dict[str, Any] = {
        "n_seeds": len(whole), "n_cases": whole.shape[1], "n_patients": len(np.unique(patients)),
        "left_out": len(pairs.cases) - whole.shape[1],
    }  # fmt: skip
    reason = reason_against(
        seeds=counts["n_seeds"], cases=counts["n_patients"], least_seeds=MIN_SEEDS_CROSSED, finite=pairs.finite,
        unit="case" if groups is None else "patient",
    )  # fmt: skip
    gap = whole.to_numpy()
    if reason or not gap.size:
        mean = float(gap.mean()) if gap.size and pairs.finite else math.nan
        return Crossed(mean=mean, reason=reason, **counts)
    interval = new_seeds_and_cases(patient_values(gap, patients))
    return Crossed(**counts | {name: float(value) for name, value in interval.items()})


def patient_values(gap: np.ndarray, patients: np.ndarray) -> np.ndarray:
    """Return (S, G) values whose mean over patients is that of `gap` (S, C) over cases, for each seed.

    A patient counts by the number of cases n: mean + (n G / C) x (the patient's mean less the mean), the ratio
    estimator of cluster sampling. With one case each it is `gap`.
    """
    sizes = np.bincount(patients)
    if sizes.max() == 1:
        return gap
    centre = gap.mean()
    sums = np.stack([np.bincount(patients, weights=row - centre) for row in gap])
    return centre + sums * len(sizes) / len(patients)


def new_seeds_and_cases(gap: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean, interval, p, df and components of differences (..., S, C), each of shape (...)."""
    S, C = gap.shape[-2:]
    mean = gap.mean(axis=(-2, -1))
    seeds, cases, rest = squares = mean_squares(gap)
    variance, df = satterthwaite(squares, S, C)
    error = np.sqrt(variance / (S * C))
    half = reach(error, df)
    return {
        "mean": mean, "low": mean - half, "high": mean + half, "p": p_value(mean, error, df), "df": df,
        "sd_seeds": np.sqrt(np.maximum(seeds - rest, 0) / C), "sd_cases": np.sqrt(np.maximum(cases - rest, 0) / S),
        "sd_rest": np.sqrt(rest),
    }  # fmt: skip


def mean_squares(gap: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean squares of seeds, of cases and of what remains of (..., S, C), each of shape (...)."""
    S, C = gap.shape[-2:]
    mean = gap.mean(axis=(-2, -1), keepdims=True)
    of_seed, of_case = gap.mean(axis=-1, keepdims=True) - mean, gap.mean(axis=-2, keepdims=True) - mean
    rest = ((gap - mean - of_seed - of_case) ** 2).sum(axis=(-2, -1)) / ((S - 1) * (C - 1))
    seeds, cases = (of_seed**2).sum(axis=(-2, -1)) * C / (S - 1), (of_case**2).sum(axis=(-2, -1)) * S / (C - 1)
    return seeds, cases, rest


def satterthwaite(squares: tuple[np.ndarray, ...], n_seeds: int, n_cases: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n_seeds x n_cases x var(mean) with its degrees of freedom, from the mean squares of seeds, cases, rest."""
    seeds, cases, rest = squares
    both = seeds + cases - rest
    with np.errstate(divide="ignore", invalid="ignore"):
        df = both**2 / (seeds**2 / (n_seeds - 1) + cases**2 / (n_cases - 1) + rest**2 / ((n_seeds - 1) * (n_cases - 1)))
    no_cases = (cases <= rest) & (seeds >= cases)  # a component below zero counts as zero
    no_seeds = (seeds <= rest) & (cases > seeds)
    variance = np.where(no_cases, seeds, np.where(no_seeds, cases, both))
    return variance, np.where(no_cases, n_seeds - 1.0, np.where(no_seeds, n_cases - 1.0, df))
