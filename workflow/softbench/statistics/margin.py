"""Whether two methods are as good as the same: a difference against a margin that was stated beforehand."""

import math
from dataclasses import dataclass

from scipy import stats

from softbench.checks import require_positive
from softbench.statistics.paired import Difference

VERSION = 1
ALPHA = 0.05


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
