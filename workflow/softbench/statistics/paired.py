"""Differences of a method and its control, paired over seeds, the unit of inference; whether they are small.

Every comparison of two methods starts from both side by side, seed by seed and case by case (`sides`).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from softbench.checks import require_positive
from softbench.errors import InputError
from softbench.statistics.distributions import stats
from softbench.statistics.intervals import MIN_SEEDS, reason_against, t_interval
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
    by_method = of_methods(rows, methods, what)
    index = [side.index.to_frame(index=False) for side in by_method.values()]
    every = pd.concat(index, ignore_index=True) if index else pd.DataFrame({"seed": [], "case": []})
    seed_at, seeds = pd.factorize(pd.Index(every["seed"].astype(float).fillna(NO_SEED), name="seed"), sort=True)
    case_at, cases = pd.factorize(pd.Index(every["case"].astype(str), name="case"), sort=True)
    values, seeds_of, cases_of, begin = {}, {}, {}, 0
    for name, side in by_method.items():
        table, own = np.full((len(seeds), len(cases)), np.nan), slice(begin, begin + len(side))
        table[seed_at[own], case_at[own]] = side.to_numpy(dtype=float)
        values[name], begin = table, begin + len(side)
        seeds_of[name] = frozenset(every["seed"][own].dropna())
        cases_of[name] = frozenset(cases[case_at[own]])
    return Sides(values, seeds, cases, seeds_of, cases_of)


def pair(
    scores: pd.DataFrame,
    method: str,
    control: str,
    metric: str,
    structure: str | None = None,
    roi: str = "all",
    over: str = "cases",
) -> Pairs:
    """Return the differences of two methods by seed and case; arguments and errors are those of `difference`.

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> rows = [
    ...     (method, seed, f"case {number}", dsc)
    ...     for method, of_seeds in {"one_hot": (0.80, 0.81, 0.79), "svls": (0.83, 0.83, 0.82)}.items()
    ...     for seed, dsc in enumerate(of_seeds)
    ...     for number in range(2)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> print(statistics.pair(scores, "svls", "one_hot", "dsc").table.round(3))
         case 0  case 1
    0.0    0.03    0.03
    1.0    0.02    0.02
    2.0    0.03    0.03
    """
    return sides(scores, (method, control), metric, structure, roi, over).pair(method, control)


def list_patients(cases: pd.Index, groups: Mapping[str, str] | None) -> np.ndarray:
    """Return each case's patient as a number from 0; without `groups` every case is its own.

    Raises: InputError: if a case has no patient.
    """
    if groups is None:
        return np.arange(len(cases))
    unknown = [str(case) for case in cases if case not in groups]
    if unknown:
        raise InputError(f"`groups` names no patient for {len(unknown)} case(s): {', '.join(unknown[:5])}. Add them.")
    return np.unique([groups[case] for case in cases], return_inverse=True)[1]


ALPHA = 0.05


@dataclass(frozen=True)
class Difference:
    """A method minus its control.

    `mean` and its 95 % t interval from `low` to `high`, in the metric's unit; `n_seeds` that both were trained with;
    `missing`: the seeds that one of the two lacks; `sd` of the seeds' differences; `p` of the two-sided paired t test
    over seeds. NaN where unknown.
    """

    mean: float
    low: float
    high: float
    n_seeds: int
    missing: tuple[float, ...] = ()
    sd: float = math.nan
    p: float = math.nan

    @property
    def beyond_noise(self) -> bool:
        """Whether the interval leaves zero out; False where there is no interval."""
        return self.low > 0 or self.high < 0

    @property
    def reason(self) -> str | None:
        """Why there is no valid interval; None where there is one."""
        return reason_against(seeds=self.n_seeds, finite=math.isfinite(self.mean))


def difference(
    scores: pd.DataFrame,
    method: str,
    control: str,
    metric: str,
    *,
    structure: str | None = None,
    roi: str = "all",
    over: str = "cases",
) -> Difference:
    r"""Return how much a method differs from its control, seed by seed.

    For each seed that both have, the difference is the mean over the cases that are defined (not NaN) in both, so a
    case that one method made undefined cannot favour either. Over the S seeds' differences :math:`d_s`:

    .. math:: \bar d \pm t_{0.975, S-1} \, \mathrm{sd}(d) / \sqrt S

    It speaks of new seeds on these cases: of the methods, as measured by this test set.

    Args:
        scores: the tidy table of one experiment, network, grid and prediction, after `apply_policy` (an infinite
            value makes the result infinite or NaN).
        method: the key of the method.
        control: the key of its loss-matched control.
        metric: the key of the metric.
        structure: what was scored; may be left out where the metric has one structure only.
        roi: the region.
        over: "cases", or "pooled" for values that were pooled over cases.
    Returns: the difference; `low`, `high`, `sd` and `p` are NaN with fewer than two seeds, all are NaN without a
        common seed. Where all seeds agree exactly, `p` is 1 if they differ by nothing, else 0.
    Raises: InputError: if nothing was scored for the method or the control, or `structure` is open.

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> rows = [
    ...     (method, seed, f"case {number}", dsc)
    ...     for method, of_seeds in {"one_hot": (0.80, 0.81, 0.79), "svls": (0.83, 0.83, 0.82)}.items()
    ...     for seed, dsc in enumerate(of_seeds)
    ...     for number in range(2)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> gap = statistics.difference(scores, "svls", "one_hot", "dsc")
    >>> print(f"{gap.mean:.3f} [{gap.low:.3f}, {gap.high:.3f}], p = {gap.p:.3f}, {gap.n_seeds} seeds")
    0.027 [0.012, 0.041], p = 0.015, 3 seeds
    """
    return differences(scores, [(method, control)], metric, structure=structure, roi=roi, over=over)[0]


def differences(
    scores: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    metric: str,
    *,
    structure: str | None = None,
    roi: str = "all",
    over: str = "cases",
) -> list[Difference]:
    """Return `difference` of several pairs (method, control) of one column, which is read once.

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> rows = [
    ...     (method, seed, f"case {number}", dsc)
    ...     for method, of_seeds in {"one_hot": (0.80, 0.81, 0.79), "svls": (0.83, 0.83, 0.82)}.items()
    ...     for seed, dsc in enumerate(of_seeds)
    ...     for number in range(2)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> gaps = statistics.differences(scores, [("svls", "one_hot"), ("one_hot", "svls")], "dsc")
    >>> [round(gap.mean, 3) for gap in gaps]
    [0.027, -0.027]
    """
    read = sides(scores, [name for two in pairs for name in two], metric, structure, roi, over)
    return [_interval(_of_seeds(read, *two), read.missing(*two)) for two in pairs]


def _of_seeds(read: Sides, method: str, control: str) -> np.ndarray:
    """Return the mean difference of each seed that both have, over the cases that are defined in both."""
    gap, defined = read.gap(method, control), read.defined(method, control)
    return np.array([gap[seed, cases].mean() for seed, cases in enumerate(defined) if cases.any()])


def _interval(seeds: np.ndarray, missing: tuple[float, ...]) -> Difference:
    """Return the mean of the seeds' differences with its t interval."""
    count = len(seeds)
    if not count:
        return Difference(math.nan, math.nan, math.nan, 0, missing)
    if count < MIN_SEEDS or not np.isfinite(seeds).all():
        return Difference(float(seeds.mean()), math.nan, math.nan, count, missing)
    mean, low, high, sd, p = (float(value) for value in t_interval(seeds))
    return Difference(mean, low, high, count, missing, sd, p)


@dataclass(frozen=True)
class Equivalence:
    """Two one-sided t tests over seeds.

    `low` to `high`: the interval of level 1 - 2 alpha; `p`: the larger of the two tests'; `verdict`: "equivalent",
    "different" or "undecided"; None, with NaN, where there are too few seeds.
    """

    margin: float
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    verdict: str | None = None


def equivalence(gap: Difference, margin: float, *, alpha: float = ALPHA) -> Equivalence:
    r"""Decide whether a method differs from its control by less than a margin (TOST).

    Equivalent: the interval :math:`\bar d \pm t_{1 - \alpha, S-1}\, \mathrm{sd} / \sqrt S` lies within ± margin, which
    is when both one-sided tests reject at alpha. Different: not equivalent, and the two-sided test rejects at alpha.
    Undecided: neither; these seeds cannot tell. What is certainly not zero, but certainly within the margin, is
    equivalent: the margin says what does not matter.

    Args:
        gap: what `difference` returned.
        margin: the largest difference that does not matter, in the metric's unit; stated before looking.
        alpha: the size of each test.
    Raises: InputError: if the margin is not positive.
    Source: Schuirmann 1987. Departures: none.

    >>> from softbench import statistics
    >>> gap = statistics.Difference(mean=0.001, low=-0.002, high=0.004, n_seeds=5, sd=0.0024, p=0.4)
    >>> statistics.equivalence(gap, margin=0.01).verdict
    'equivalent'
    """
    require_positive("margin", margin)
    if not math.isfinite(gap.sd):
        return Equivalence(margin)
    df, error = gap.n_seeds - 1, gap.sd / math.sqrt(gap.n_seeds)
    reach = float(stats.t.ppf(1 - alpha, df)) * error
    p = max(_one_sided(margin + gap.mean, error, df), _one_sided(margin - gap.mean, error, df))
    verdict = "equivalent" if p < alpha else "different" if gap.p < alpha else "undecided"
    return Equivalence(margin, gap.mean - reach, gap.mean + reach, p, verdict)


def _one_sided(room: float, error: float, df: int) -> float:
    """Return the p of a room, left between the difference and one end of the margin, that is not above zero."""
    if error == 0:
        return 0.0 if room > 0 else 1.0
    return float(stats.t.sf(room / error, df))
