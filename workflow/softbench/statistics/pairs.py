"""A method beside its control, seed by seed and case by case: what every comparison of two methods starts from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.statistics.summary import NO_SEED, column, of_methods

VERSION = 1


@dataclass(frozen=True)
class Pairs:
    """Method minus control.

    table: a row for each seed, a column for each case where both are defined at least once, NaN where one is not;
        infinities stay, and one less another is NaN.
    missing: the seeds that one of the two lacks.
    cases: all that were scored, defined or not.
    finite: whether no difference is infinite, or of two infinities.
    """

    table: pd.DataFrame
    missing: tuple[float, ...]
    cases: tuple[str, ...]
    finite: bool


@dataclass(frozen=True)
class Sides:
    """The values of one column's methods by seed and case, read once for all of their comparisons.

    values: method -> (seeds, cases), the mean over raters, NaN where undefined or absent.
    seeds, cases: of the rows and columns of `values`, sorted.
    seeds_of, cases_of: method -> those that it was scored with, defined or not; a seed that has no number is in none.
    """

    values: Mapping[str, np.ndarray]
    seeds: pd.Index
    cases: pd.Index
    seeds_of: Mapping[str, frozenset[float]]
    cases_of: Mapping[str, frozenset[str]]

    def gap(self, method: str, control: str) -> np.ndarray:
        """Return method minus control (seeds, cases); NaN where one of the two is undefined, or both infinite."""
        with np.errstate(invalid="ignore"):
            return self.values[method] - self.values[control]

    def defined(self, method: str, control: str) -> np.ndarray:
        """Return where both are defined (seeds, cases)."""
        return ~(np.isnan(self.values[method]) | np.isnan(self.values[control]))

    def missing(self, method: str, control: str) -> tuple[float, ...]:
        """Return the seeds that only one of the two was scored with."""
        return tuple(sorted(self.seeds_of[method] ^ self.seeds_of[control]))

    def pair(self, method: str, control: str) -> Pairs:
        """Return the differences of two methods."""
        gap, defined = self.gap(method, control), self.defined(method, control)
        seeds, cases = defined.any(axis=1), defined.any(axis=0)
        table = pd.DataFrame(gap[np.ix_(seeds, cases)], self.seeds[seeds], self.cases[cases])
        scored = self.cases_of[method] | self.cases_of[control]
        finite = bool(np.isfinite(gap[defined]).all())
        return Pairs(table, self.missing(method, control), tuple(sorted(scored)), finite)


def sides(
    scores: pd.DataFrame, methods: Iterable[str], metric: str, structure: str | None, roi: str, over: str = "cases"
) -> Sides:
    """Return the values of several methods in one column; arguments and errors are those of `difference`."""
    rows, what = column(scores, metric, structure, roi, over)
    found = of_methods(rows, methods, what)
    index = [side.index.to_frame(index=False) for side in found.values()]
    every = pd.concat(index, ignore_index=True) if index else pd.DataFrame({"seed": [], "case": []})
    seed_at, seeds = pd.factorize(pd.Index(every["seed"].astype(float).fillna(NO_SEED), name="seed"), sort=True)
    case_at, cases = pd.factorize(pd.Index(every["case"].astype(str), name="case"), sort=True)
    values, seeds_of, cases_of, begin = {}, {}, {}, 0
    for name, side in found.items():
        table, own = np.full((len(seeds), len(cases)), np.nan), slice(begin, begin + len(side))
        table[seed_at[own], case_at[own]] = side.to_numpy(dtype=float)
        values[name], begin = table, begin + len(side)
        seeds_of[name] = frozenset(every["seed"][own].dropna())
        cases_of[name] = frozenset(cases[case_at[own]])
    return Sides(values, seeds, cases, seeds_of, cases_of)


def pair(
    scores: pd.DataFrame, method: str, control: str, metric: str, structure: str | None, roi: str, over: str = "cases"
) -> Pairs:
    """Return the differences of two methods; the arguments are those of `difference`."""
    return sides(scores, (method, control), metric, structure, roi, over).pair(method, control)


def patients_of(cases: pd.Index, groups: Mapping[str, str] | None) -> np.ndarray:
    """Return each case's patient as a number from 0; without `groups` every case is its own.

    Raises: InputError: if a case has no patient.
    """
    if groups is None:
        return np.arange(len(cases))
    unknown = [str(case) for case in cases if case not in groups]
    if unknown:
        raise InputError(f"`groups` names no patient for {len(unknown)} case(s): {', '.join(unknown[:5])}. Add them.")
    return np.unique([groups[case] for case in cases], return_inverse=True)[1]
