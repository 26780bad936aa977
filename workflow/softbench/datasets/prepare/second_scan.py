"""Does a scan end with another one that nobody labelled? It was so in some cases of the first release of KiTS 2019."""

import numpy as np

VERSION = None  # looks, and changes nothing; which cases it looks at is part of their keys
STEP = 4  # pixels: every fourth along H and W is enough to compare slices
TIMES = 3  # how much less alike than any other neighbours the slices on both sides of the border must be


def find_second_scan(image: np.ndarray, labels: np.ndarray) -> str:
    """Return where a second scan without labels seems to lie, or which slices are there twice; empty where none is.

    Neighbouring slices of one scan are alike. A border is where two neighbours differ (1 - correlation) more than three
    times as much as any others do, and where all labels lie on one side of it.

    Args:
        image: (D, H, W).
        labels: (D, H, W), whole numbers.
    """
    twice = [d for d in range(1, len(image)) if image[d].any() and np.array_equal(image[d - 1], image[d])]
    if twice:
        return f"slice {twice[0]} is the same as the one below it ({len(twice)} such slices)"
    apart = 1 - _neighbour_correlation(image[:, ::STEP, ::STEP])
    if len(apart) < 3:
        return ""
    border, (second, first) = int(apart.argmax()), np.sort(apart)[-2:]
    labelled = np.asarray(labels.any(axis=(1, 2)))
    below, above = bool(labelled[: border + 1].any()), bool(labelled[border + 1 :].any())
    if first <= TIMES * second or below == above:
        return ""
    low, high = (border + 1, len(image) - 1) if below else (0, border)
    return f"slices {low} to {high}, counted from the feet from 0, look like a second scan, and carry no labels"


def _neighbour_correlation(image: np.ndarray) -> np.ndarray:
    """Return the correlation of each slice with the next, (D - 1,); 0 where one is constant."""
    slices = image.reshape(len(image), -1).astype(np.float64)
    slices -= slices.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(slices, axis=1)
    products = lengths[1:] * lengths[:-1]
    sums = np.einsum("ij,ij->i", slices[1:], slices[:-1])
    return np.divide(sums, products, out=np.zeros(len(sums)), where=products > 0)
