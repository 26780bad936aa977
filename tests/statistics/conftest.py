"""Scores to test on: some by hand, and many as training draws them.

What is drawn was measured on the hippocampus (8 methods, 3 seeds, 40 test cases, 200 steps): the sd over cases, the sd
of a seed's mean, and that of a seed's difference between two methods. The rest, case x seed within a method, follows
from how often two seeds of one method "differ" by Wilcoxon over 40 cases, in 21 of 24 pairs (DSC), 18 (HD95), 15 (ECE):
the rate is P(|Z| > 1.96 / R) with R^2 = 1 + 40 seed^2 / rest^2. Method x case was not measured: it is an argument.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

CASES = 40


@dataclass(frozen=True)
class Measured:
    """A metric: its mean and standard deviations; skewed ones are drawn lognormal, with relative effects."""

    mean: float
    case: float
    seed: float
    difference: float
    rest: float
    skewed: bool = False

    @property
    def own(self) -> float:
        """The sd of what a seed does to one method alone: difference^2 = 2 (own^2 + rest^2 / 40)."""
        return float(np.sqrt(self.difference**2 / 2 - self.rest**2 / CASES))

    @property
    def shared(self) -> float:
        """The sd of what a seed does to both methods: seed^2 = shared^2 + own^2 + rest^2 / 40."""
        return float(np.sqrt(max(self.seed**2 - self.difference**2 / 2, 0)))


METRICS = {
    "dsc": Measured(mean=0.807, case=0.050, seed=0.015, difference=0.007, rest=0.0076),
    "ece": Measured(mean=0.045, case=0.020, seed=0.0085, difference=0.0117, rest=0.0139),
    "hd95": Measured(mean=2.34, case=1.15, seed=0.33, difference=0.26, rest=0.34, skewed=True),
}


@dataclass(frozen=True)
class Drawn:
    """Scores (draws, S, C) of a method and its control, and their true difference: on these cases, and on any."""

    new: np.ndarray
    old: np.ndarray
    here: np.ndarray
    anywhere: float

    @property
    def gap(self) -> np.ndarray:
        """Method minus control."""
        return self.new - self.old


def _draw(name: str, draws: int, seeds: int, *, cases=CASES, of_case=0.0, shift=0.0, stream=0) -> Drawn:
    """Draw test results; `of_case` is the sd of method x case in a difference, `shift` the true difference."""
    measured = METRICS[name]
    rng = np.random.default_rng([stream, list(METRICS).index(name), seeds, cases])
    scale = 1 / measured.mean if measured.skewed else 1.0

    def part(sd: float, *shape: int) -> np.ndarray:
        return rng.normal(0, sd * scale, (draws, *shape))

    case, shared = part(_case_sd(measured), 1, cases), part(measured.shared, seeds, 1)
    own, of_cases = part(measured.own, 2, seeds, 1), part(of_case / np.sqrt(2), 2, 1, cases)
    rest = part(measured.rest, 2, seeds, cases)
    fixed = [case + of_cases[:, m] for m in range(2)]  # what these cases bring, whatever the seed
    scores = [fixed[m] + shared + own[:, m] + rest[:, m] for m in range(2)]
    if measured.skewed:
        return _lognormal(measured, scores, fixed, of_case, shift)
    here = shift + (fixed[0] - fixed[1]).mean(axis=(1, 2))
    return Drawn(measured.mean + scores[0] + shift, measured.mean + scores[1], here, shift)


def _lognormal(measured: Measured, scores: list, fixed: list, of_case: float, shift: float) -> Drawn:
    """Turn relative effects into scores whose mean is the measured one, and `shift` more for the method."""
    of_seeds = (measured.shared**2 + measured.own**2 + measured.rest**2) / measured.mean**2
    of_cases = (_case_sd(measured) ** 2 + of_case**2 / 2) / measured.mean**2
    ratio, centre = 1 + shift / measured.mean, measured.mean * np.exp(-(of_seeds + of_cases) / 2)
    expected = centre * np.exp(of_seeds / 2) * (ratio * np.exp(fixed[0]) - np.exp(fixed[1]))
    return Drawn(ratio * centre * np.exp(scores[0]), centre * np.exp(scores[1]), expected.mean(axis=(1, 2)), shift)


def _case_sd(measured: Measured) -> float:
    """Return the sd of cases, for a skewed metric that of a logarithm times the mean."""
    if not measured.skewed:
        return measured.case
    return measured.mean * float(np.sqrt(np.log1p((measured.case / measured.mean) ** 2)))


def _scores(metric: str = "dsc", structure: str = "WT", **methods: np.ndarray) -> pd.DataFrame:
    """Name -> values[seed][case], as tidy rows of one structure; case 7 is called case07, so that order is kept."""
    rows = [
        (name, seed, f"case{c:02}", structure, metric, "all", value)
        for name, seeds in methods.items()
        for seed, cases in enumerate(seeds)
        for c, value in enumerate(cases)
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "case", "structure", "metric", "roi", "value"])


@pytest.fixture(scope="session")
def tidy():
    """Return the maker of tidy scores: tidy(new=values, old=values), each (seeds, cases)."""
    return _scores


@pytest.fixture(scope="session")
def measured():
    """Return what was measured of each metric."""
    return METRICS


@pytest.fixture(scope="session")
def draw():
    """Return the drawer of scores: draw("dsc", draws, seeds)."""
    return _draw
