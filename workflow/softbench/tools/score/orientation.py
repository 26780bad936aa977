"""Whether a prediction fits its reference better flipped, with axes exchanged, or with its background as last class.

Nothing in a header tells that it is wrong: the scores are low, and nothing else says why.
"""

from collections.abc import Iterator
from itertools import combinations, permutations

import numpy as np

from softbench.arrays import most_probable
from softbench.errors import in_words
from softbench.tools.score.volumes import Loaded

VERSION = 4
FINE = 0.8  # overlap of the labels: from here on a prediction lies as it should
GOOD, GAIN = 0.5, 0.2  # a turn is told where it gives a higher overlap than GOOD, and higher by more than GAIN
BEHIND = "read with the background as its last class"
AXES = ("z", "y", "x")  # of arrays (D, H, W)


def find(loaded: Loaded) -> tuple[str, float, float] | None:
    """Return the turn that fits best, with the overlap of the labels after and before it.

    The overlap is the DSC of the foreground in which a voxel of another class is no match. A turn is also another place
    of the background among the classes of probabilities: behind the others.

    Returns: None where the prediction fits as it is (0.8 or more), or no turn gives more than 0.5 that is higher by
        more than 0.2: a structure in the middle of its image overlaps itself even when it is flipped.
    """
    reference = _known(loaded, loaded.references[0])
    predicted = _known(loaded, loaded.prediction if loaded.is_label_map else most_probable(loaded.prediction))
    before = _overlap(predicted, reference)
    if before >= FINE or not reference.any():
        return None
    found = {way: _overlap(turn, reference) for way, turn in turns(predicted)}
    if not loaded.is_label_map:
        first = np.roll(loaded.prediction, 1, axis=0)
        found[BEHIND] = _overlap(_known(loaded, most_probable(first)), reference)
    way = max(found, key=found.__getitem__)
    return (way, found[way], before) if found[way] > max(GOOD, before + GAIN) else None


def _known(loaded: Loaded, labels: np.ndarray) -> np.ndarray:
    """Return labels with background in the voxels that do not count."""
    return labels if loaded.valid is None else np.where(loaded.valid, labels, 0)


def turns(mask: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield a label map in all other orientations that its shape allows, each with its name."""
    names = AXES[-mask.ndim :]
    for order in permutations(range(mask.ndim)):
        base, name = mask.transpose(order), _exchange(order, names)
        if base.shape != mask.shape:
            continue
        for count in range(mask.ndim + 1):
            for axes in combinations(range(mask.ndim), count):
                flip = f"flipped along {in_words([names[axis] for axis in reversed(axes)])}" if axes else ""
                if name or flip:
                    yield in_words([part for part in (name, flip) if part]), np.flip(base, axes)


def _exchange(order: tuple[int, ...], names: tuple[str, ...]) -> str:
    """Return in words which axes an order of axes exchanges; "" where it leaves all in place."""
    moved = [axis for axis in reversed(range(len(order))) if order[axis] != axis]
    if len(moved) < 3:
        return f"turned with {' and '.join(names[axis] for axis in moved)} swapped" if moved else ""
    return f"turned with {in_words([names[order[axis]] for axis in moved])} taken for {in_words([*reversed(names)])}"


def _overlap(predicted: np.ndarray, reference: np.ndarray) -> float:
    both = np.count_nonzero(predicted) + np.count_nonzero(reference)
    return float(2 * np.count_nonzero((predicted == reference) & (reference > 0)) / both) if both else 1.0
