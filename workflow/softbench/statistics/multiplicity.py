"""Many tests at once: Holm's step-down adjustment over a family of p values."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from softbench.errors import InputError

VERSION = 1


@dataclass(frozen=True)
class Family:
    """Adjusted p values by name (NaN where there was no test), and the `size` of the family: the tests that were."""

    adjusted: dict[Hashable, float]
    size: int


def holm(p_values: Mapping[Hashable, float]) -> Family:
    r"""Adjust p values, so that among all of them a false positive turns up with at most the stated probability.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1)\, p_{(j)})

    It holds whatever the dependence between the tests, as metrics of the same runs need.

    Args:
        p_values: name -> p; NaN where there was no test. A family is what a reader searches for a small p: all methods
            and metrics of a table.
    Returns: the adjusted p values under the same names in the same order, and m, the number that are not NaN.
    Raises: InputError: if a p value lies outside [0, 1].
    Source: Holm 1979. Departures: none.
    """
    values = np.array(list(p_values.values()), dtype=float)
    outside = [str(name) for name, p in p_values.items() if p < 0 or p > 1]
    if outside:
        raise InputError(f"`p_values` must lie in [0, 1] or be NaN, but those of {', '.join(outside[:5])} do not.")
    size = int((~np.isnan(values)).sum())
    order = np.argsort(values)[:size]  # NaN sorts last
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(values[order] * (size - np.arange(size))))
    return Family({name: float(p) for name, p in zip(p_values, adjusted, strict=True)}, size)
