"""Do two metrics, or two data sets, rank the methods alike: Kendall's tau."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

VERSION = 1


@dataclass(frozen=True)
class Agreement:
    """Kendall's `tau`, 1 for the same order and -1 for the reverse, its two-sided `p`, and the `n_methods` in both.

    NaN with fewer than two methods, or where one of the two ties them all.
    """

    tau: float
    p: float
    n_methods: int


def agreement(first: pd.Series, second: pd.Series) -> Agreement:
    r"""Compare two orders of methods, ties counted (tau-b).

    .. math:: \tau_b = (P - Q) / \sqrt{(P + Q + T_1) (P + Q + T_2)}

    with P pairs in the same order, Q in the other, and T tied in one of the two only.

    Args:
        first, second: method -> rank, e.g. `ranks(...).table["rank"]`, in which 1 is best whatever the metric. Methods
            that only one has are left out; adding them changes nothing.
    Source: Kendall 1945; scipy, exact p without ties.
    """
    both = pd.concat([first, second], axis=1, join="inner").dropna().to_numpy()
    if len(both) < 2 or (np.ptp(both, axis=0) == 0).any():
        return Agreement(math.nan, math.nan, len(both))
    found = stats.kendalltau(both[:, 0], both[:, 1])
    return Agreement(float(found.statistic), float(found.pvalue), len(both))
