"""Are there other scans in a file, which nobody labelled? It was so in some cases of the first release of KiTS 2019."""

from itertools import pairwise

import numpy as np

VERSION = None  # looks, and changes nothing; which cases it looks at is part of their keys
STEP = 4  # pixels: every fourth along H and W is enough to compare slices
TIMES = 3  # how much less alike than any other neighbours the slices on both sides of a border must be
MOST = 4  # borders that are looked for


def find_second_scan(image: np.ndarray, labels: np.ndarray) -> str:
    """Return where scans without labels seem to lie, or which slices are there twice; empty where none is.

    Neighbouring slices of one scan are alike. Borders are where two neighbours differ (1 - correlation) more than three
    times as much as any others do, and where all labels lie between two of them, or on one side of the only one. There
    are as many as fit this, four at most.

    Args:
        image: (D, H, W).
        labels: (D, H, W), whole numbers.
    """
    # empty slices, of 0 or of the HU of air, are alike and no fault
    twice = [d for d in range(1, len(image)) if np.ptp(image[d]) and np.array_equal(image[d - 1], image[d])]
    if twice:
        return f"slice {twice[0]} is the same as the one below it ({len(twice)} such slices)"
    apart = 1 - _neighbour_correlation(image[:, ::STEP, ::STEP])
    others = _without_labels(apart, np.asarray(labels.any(axis=(1, 2))))
    if not others:
        return ""
    what = "a second scan" if len(others) == 1 else f"{len(others)} other scans"
    slices = " and ".join(f"{low} to {high}" for low, high in others)
    return f"slices {slices}, counted from the feet from 0, look like {what}, and carry no labels"


def _without_labels(apart: np.ndarray, labelled: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and last slice of each scan without labels; none where there is one scan.

    Args:
        apart: (D - 1,), how much each slice differs from the next.
        labelled: (D,), which slices have labels.
    """
    order = np.argsort(-apart, kind="stable")
    for count in range(min(MOST, len(apart) - 1), 0, -1) if len(apart) > 2 else ():
        if apart[order[count - 1]] <= TIMES * apart[order[count]]:
            continue
        starts = [0, *(int(border) + 1 for border in np.sort(order[:count])), len(labelled)]
        scans = [(low, high - 1) for low, high in pairwise(starts)]
        others = [(low, high) for low, high in scans if not labelled[low : high + 1].any()]
        is_single_slice = any(low == high for low, high in scans[1:-1])  # a faulty one within a scan
        if len(others) == count and not is_single_slice:
            return others
    return []


def _neighbour_correlation(image: np.ndarray) -> np.ndarray:
    """Return the correlation of each slice with the next, (D - 1,); 0 where one is constant."""
    slices = image.reshape(len(image), -1).astype(np.float64)
    slices -= slices.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(slices, axis=1)
    products = lengths[1:] * lengths[:-1]
    sums = np.einsum("ij,ij->i", slices[1:], slices[:-1])
    return np.divide(sums, products, out=np.zeros(len(sums)), where=products > 0)
