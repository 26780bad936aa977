"""A method beside its control, seed by seed and case by case: what every comparison of two methods starts from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.statistics.rows import NO_SEED, column, of_methods, seed_by_case

VERSION = 1


@dataclass(frozen=True)
class Pairs:
    """Method minus control.

    gap: by seed and case, where both are defined; infinities stay, and one less another is NaN.
    missing: the seeds that one of the two lacks.
    cases: all that were scored, defined or not.
    """

    gap: pd.Series
    missing: tuple[float, ...]
    cases: tuple[str, ...]

    @property
    def finite(self) -> bool:
        """Whether no difference is infinite, or of two infinities."""
        return bool(np.isfinite(self.gap.to_numpy()).all())

    def table(self) -> pd.DataFrame:
        """Return a row for each common seed, a column for each case, NaN where undefined."""
        return seed_by_case(self.gap)


@dataclass(frozen=True)
class Sides:
    """The values of one column's methods by seed and case, read once for all of their comparisons.

    values: method -> (seeds, cases), the mean over raters, NaN where undefined or absent.
    seeds: method -> the seeds that it was scored with, as numbers; all: every seed of the rows of `values`.
    """

    values: Mapping[str, np.ndarray]
    seeds: Mapping[str, frozenset[float]]

    def gap(self, method: str, control: str) -> np.ndarray:
        """Return method minus control (seeds, cases); NaN where one of the two is undefined, or both infinite."""
        with np.errstate(invalid="ignore"):
            return self.values[method] - self.values[control]

    def missing(self, method: str, control: str) -> tuple[float, ...]:
        """Return the seeds that only one of the two was scored with."""
        return tuple(sorted(self.seeds[method] ^ self.seeds[control]))


def sides(
    scores: pd.DataFrame, methods: Iterable[str], metric: str, structure: str | None, roi: str, over: str = "cases"
) -> Sides:
    """Return the values of several methods in one column; arguments and errors are those of `difference`."""
    rows, what = column(scores, metric, structure, roi, over)
    found = of_methods(rows, methods, what)
    index = [side.index.to_frame(index=False) for side in found.values()]
    every = pd.concat(index, ignore_index=True) if index else pd.DataFrame({"seed": [], "case": []})
    seeds = every["seed"].astype(float).fillna(NO_SEED)
    places = pd.MultiIndex.from_arrays([seeds, every["case"].astype(str)])
    rank = [pd.factorize(places.get_level_values(level), sort=True) for level in (0, 1)]
    shape, values, begin = (len(rank[0][1]), len(rank[1][1])), {}, 0
    for name, side in found.items():
        table, own = np.full(shape, np.nan), slice(begin, begin + len(side))
        table[rank[0][0][own], rank[1][0][own]] = side.to_numpy(dtype=float)
        values[name], begin = table, begin + len(side)
    known = {name: frozenset(side.index.get_level_values("seed").dropna()) for name, side in found.items()}
    return Sides(values, known)


def pair(
    scores: pd.DataFrame, method: str, control: str, metric: str, structure: str | None, roi: str, over: str = "cases"
) -> Pairs:
    """Return the differences of two methods; the arguments are those of `difference`."""
    rows, what = column(scores, metric, structure, roi, over)
    of_name = of_methods(rows, (method, control), what)
    sides = [of_name[method], of_name[control]]
    both = pd.concat(sides, axis=1, join="inner", keys=["method", "control"]).dropna()
    with np.errstate(invalid="ignore"):
        gap = both["method"] - both["control"]
    cases = sorted({str(case) for side in sides for case in side.index.get_level_values("case")})
    return Pairs(gap, _missing(*sides), tuple(cases))


def _missing(method: pd.Series, control: pd.Series) -> tuple[float, ...]:
    """Return the seeds that only one of the two was scored with."""
    mine, other = (set(side.index.get_level_values("seed").dropna()) for side in (method, control))
    return tuple(sorted(mine ^ other))


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
