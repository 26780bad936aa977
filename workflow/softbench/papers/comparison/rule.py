r"""Does a number of ours lie where the printed one says: one rule, and what keeps a pair from being judged.

The difference ours - printed is **within** if what is known of its noise explains it: its 95 % t interval, widened by
half a unit of the last printed digit, holds zero. The noise is a sum of independent parts, and what a printed ± is over
decides which part it gives:

.. math:: v = \frac{s^2}{S} + v_\text{printed} + v_\text{cases}, \qquad \text{reach} = t_{0.975, \nu} \sqrt v + h

- Ours: S seeds with standard deviation s of their means.
- Printed, ± over n seeds (GeoLS): :math:`v_\text{printed} = s_p^2 / n`. With the same test cases this is Welch's
  interval for the difference of two means.
- Printed, one run (± over cases, or none): how much a further run moves is not printed, so it is taken from ours:
  :math:`v_\text{printed} = s^2`. With the same test cases this is the prediction interval for one further run,
  mean ± t sd sqrt(1 + 1/S) with S - 1 degrees of freedom. A printed ± over cases says nothing about runs and does not
  enter: it is shown beside our own.
- Other test cases: two samples of cases have other means even for one and the same network, and no ± over seeds knows
  it. So where the paper's test cases are not ours, :math:`v_\text{cases} = c^2 (1/N + 1/N_p)` with our standard
  deviation c over N cases; ours, because half of the printed ones are missing or in doubt (docs/papers.md).

:math:`\nu` is Welch and Satterthwaite's. What is not known is not in it: other training cases, other code, a metric
whose definition is not said. "outside" therefore says that the setting differs, not who is right; "within" that no
difference is seen, not that there is none.

Not comparable are: a metric without a key of ours; a lost printed number, or one whose unit is in doubt; a mean of ours
that is not finite; fewer than `MIN_SEEDS` seeds; other test cases where the paper or we have fewer than `MIN_CASES`.
Source: Welch 1947; Satterthwaite 1946; the prediction interval of a normal sample. Departures: none.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from softbench.statistics.intervals import CONFIDENCE
from softbench.tables.cells import Judgement, Printed, Summary

VERSION = 1
MIN_SEEDS = 3  # a further run: mean ± 5.0 sd with three seeds, ± 15.6 sd with two, which no number could fail
# The interval holds 91 to 95 % (not 95) of pairs of samples of 20 cases with skewed overlaps, 88 % with distances of a
# long tail; 84 to 95 and 87 % of samples of 10. Simulated: 20000 pairs, three seeds, one network.
MIN_CASES = 20


def judge(ours: Summary, printed: Printed, *, same_cases: bool) -> Judgement:
    """Judge one pair of numbers by the rule of this module.

    Args:
        ours: mean, and spread over seeds and cases.
        printed: the paper's, in the same unit.
        same_cases: both are means over the same test cases.
    Returns: within, outside or not comparable; `reach` is NaN where it is not judged.
    """
    if reason := reason_against(ours, printed, same_cases=same_cases):
        return Judgement("not comparable", reason)
    reach = noise(ours, printed, same_cases=same_cases) + printed.half_unit
    gap = abs(ours.mean - printed.mean)
    # Decimal numbers have no exact binary form: a difference of just half a unit must not fail by its last bit.
    is_within = gap <= reach or math.isclose(gap, reach, rel_tol=1e-9)
    return Judgement("within" if is_within else "outside", reach=reach)


def reason_against(ours: Summary, printed: Printed, *, same_cases: bool) -> str:
    """Say why two numbers cannot be compared; empty where they can."""
    if math.isnan(printed.mean):
        return "the printed number is lost"
    if not math.isfinite(ours.mean):
        return "our mean is undefined"
    if ours.n_seeds < MIN_SEEDS:
        return f"fewer than {MIN_SEEDS} seeds of ours"
    if same_cases:
        return ""
    if not math.isfinite(ours.sd_cases):
        return "other test cases, and no spread over cases"
    if printed.n_cases is None or min(ours.n_cases, printed.n_cases) < MIN_CASES:
        return f"other test cases, and fewer than {MIN_CASES} of them"
    return ""


def noise(ours: Summary, printed: Printed, *, same_cases: bool) -> float:
    """Return half the 95 % interval of the difference of two comparable numbers, in their unit."""
    seeds, variance = ours.n_seeds, ours.sd_seeds**2
    if printed.n_seeds > 1:
        parts = [(variance / seeds, seeds - 1), (printed.sd**2 / printed.n_seeds, printed.n_seeds - 1)]
    else:
        parts = [(variance * (1 + 1 / seeds), seeds - 1)]
    if not same_cases and printed.n_cases is not None:
        parts.append((ours.sd_cases**2 * (1 / ours.n_cases + 1 / printed.n_cases), ours.n_cases - 1))
    return _half_interval(parts)


def _half_interval(parts: Sequence[tuple[float, int]]) -> float:
    """Return t times the standard error of a sum of independent parts: their variances and degrees of freedom."""
    variances, freedom = (np.array(column, dtype=float) for column in zip(*parts, strict=True))
    total = variances.sum()
    if total == 0:  # no spread anywhere: the numbers must agree to the printed digit
        return 0.0
    df = total**2 / (variances**2 / freedom).sum()
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, df) * math.sqrt(total))
