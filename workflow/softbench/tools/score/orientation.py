"""Whether a prediction would fit its reference if it were flipped, or two of its axes swapped: a wrong orientation.

Nothing in a header tells that it is wrong: the scores are low, and nothing else says why.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from softbench.errors import in_words
from softbench.tools.score.volumes import Loaded

VERSION = 2
FINE = 0.8  # DSC of the foreground: from here on a prediction lies as it should
GOOD, GAIN = 0.5, 0.2  # a turn is told where it gives a higher DSC than GOOD, and higher by more than GAIN
AXES = ("z", "y", "x")  # of arrays (D, H, W)


def find(loaded: Loaded) -> tuple[str, float, float] | None:
    """Return the turn that fits best, with the DSC of the foreground after and before it.

    Returns: None where the prediction fits as it is (DSC 0.8 or more), or no turn gives a DSC above 0.5 that is higher
        by more than 0.2: a structure in the middle of its image overlaps itself even when it is flipped.
    """
    reference = loaded.references[0] > 0
    predicted = loaded.prediction > 0 if loaded.is_label_map else loaded.prediction[0] < 0.5
    if loaded.valid is not None:
        reference, predicted = reference & loaded.valid, predicted & loaded.valid
    before = _dsc(predicted, reference)
    if before >= FINE or not predicted.any() or not reference.any():
        return None
    way, after = max(((way, _dsc(turn, reference)) for way, turn in turns(predicted)), key=lambda pair: pair[1])
    return (way, after, before) if after > max(GOOD, before + GAIN) else None


def turns(mask: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a mask in all other orientations that its shape allows, each with its name."""
    names = AXES[-mask.ndim :]
    first, second = mask.ndim - 2, mask.ndim - 1
    bases = {"": mask}
    if mask.shape[first] == mask.shape[second]:
        bases[f"turned with {names[second]} and {names[first]} swapped"] = mask.swapaxes(first, second)
    for name, base in bases.items():
        for count in range(mask.ndim + 1):
            for axes in combinations(range(mask.ndim), count):
                flip = f"flipped along {in_words([names[axis] for axis in reversed(axes)])}" if axes else ""
                if name or flip:
                    yield in_words([part for part in (name, flip) if part]), np.flip(base, axes)


def _dsc(predicted: np.ndarray, reference: np.ndarray) -> float:
    both = np.count_nonzero(predicted) + np.count_nonzero(reference)
    return float(2 * np.count_nonzero(predicted & reference) / both) if both else 1.0
