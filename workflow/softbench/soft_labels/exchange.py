"""Controls that exchange cases: whose labels or image a case gets, and how they are fitted to its grid."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

VERSION = 1


def lender_of(split: pd.DataFrame) -> dict[str, str]:
    """Return for each case of a split the next case of the same part; for the last case, the first.

    Args:
        split: columns case and part, in the order of the split's file.
    """
    lenders: dict[str, str] = {}
    for _, part in split.groupby("part", sort=False):
        cases = list(part["case"])
        lenders |= dict(zip(cases, cases[1:] + cases[:1], strict=True))
    return lenders


def fit(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Crop or pad the last axes around their centre to `shape`.

    Args:
        array: (N, ...) labels or channels; padding is 0 for integers, the channel's smallest value for floats.
        shape: of the other case, without the first axis.
    Returns: (N, *shape), of the same type.
    """
    for axis, want in enumerate(shape, start=1):
        have = array.shape[axis]
        if have > want:
            first = (have - want) // 2
            array = np.take(array, range(first, first + want), axis)
        elif have < want:
            before = (want - have) // 2
            array = _pad(array, axis, before, want - have - before)
    return array


def _pad(array: np.ndarray, axis: int, before: int, after: int) -> np.ndarray:
    fill = 0 if np.issubdtype(array.dtype, np.integer) else float(array.min())
    widths = [(before, after) if n == axis else (0, 0) for n in range(array.ndim)]
    return np.pad(array, widths, constant_values=fill)
