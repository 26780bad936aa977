"""Masks from probabilities at the best threshold, as the EPD paper makes them; for each class against the rest.

A threshold chosen on the voxels that are scored gives an optimistic result: its DSC is never below that at a threshold
chosen on other voxels. EPD's tables use this choice. For an unbiased one, take `best` of the validation cases' merged
counts and `at` that index of the test cases'. Voxels are counted once, by the highest threshold that they reach;
cumulative sums of these counts then give the mask of every threshold exactly.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.metrics.catalogue import CATALOGUE
from softbench.metrics.inputs import check_maps, require_probability
from softbench.metrics.kernels.tally import count_steps
from softbench.metrics.metric import values
from softbench.metrics.overlap import Overlap

VERSION = 1
THRESHOLDS = np.arange(101) / 100  # EPD, Sec. III-C; the doubles nearest to 0, 0.01, …, 1
CEILINGS = np.append(THRESHOLDS, np.inf)  # step k reaches from CEILINGS[k] to below CEILINGS[k + 1]
MEASURES = tuple(metric.key for metric in CATALOGUE.values() if metric.at_threshold)


@dataclass(frozen=True, eq=False)
class ThresholdCounts:
    """Voxels of one class by the highest threshold that their probability reaches, in the reference and outside it.

    reference, other: (101,) counts. Sums of several cases are those of their pooled voxels.
    """

    reference: np.ndarray
    other: np.ndarray

    @classmethod
    def count(cls, probability: np.ndarray, mask: np.ndarray, inside: np.ndarray | None = None) -> "ThresholdCounts":
        """Count the voxels of one class.

        Args:
            probability: (D, H, W) or (H, W) float in [0, 1], compared as float64: float32's 0.29 lies below 0.29.
                What interpolation pushed below 0 counts as 0.
            mask: bool of the same shape, where the reference has the class.
            inside: bool, the voxels that count; all where it is left out.
        Raises: InputError: if values leave [0, 1], the mask is not bool, or shapes differ.
        """
        p, y = check_maps("probability", probability, "mask", mask, inside)
        if y.dtype != bool or p.dtype == bool:
            raise InputError(f"`mask` must be bool and `probability` float, but they are {y.dtype} and {p.dtype}.")
        return cls.of_chunk(p.ravel(), y.ravel())

    @classmethod
    def of_chunk(cls, p: np.ndarray, y: np.ndarray, inside: np.ndarray | None = None) -> "ThresholdCounts":
        """Count some voxels, (N,), that were checked."""
        p, y = (p, y) if inside is None else (p[inside], y[inside])
        p = p.astype(np.float32 if p.itemsize <= 4 else np.float64, copy=False)  # the types that are compiled
        return cls(*count_steps(np.ascontiguousarray(p), np.ascontiguousarray(y), CEILINGS))

    def merge(self, other: "ThresholdCounts") -> "ThresholdCounts":
        """Return the counts of both together, as if their voxels had been one volume."""
        return ThresholdCounts(self.reference + other.reference, self.other + other.other)

    @classmethod
    def merge_all(cls, counts: Iterable["ThresholdCounts"]) -> "ThresholdCounts":
        """Return the counts of all together; of none, nothing was counted."""
        none = np.zeros(len(THRESHOLDS), np.int64)
        return reduce(cls.merge, counts, cls(none, none))

    @property
    def absent(self) -> bool:
        """Whether the reference has no voxel of the class: EPD leaves it out, and so must who averages; count it."""
        return not self.reference.any()

    @cached_property
    def dsc(self) -> np.ndarray:
        """DSC at each threshold, (101,) in [0, 1]; all NaN where the class is absent."""
        right, wrong = _from_the_top(self.reference), _from_the_top(self.other)
        sizes = right + wrong + self.reference.sum()
        return np.full(len(THRESHOLDS), np.nan) if self.absent else 2 * right / sizes

    @property
    def best(self) -> int | None:
        """Index into `THRESHOLDS` of the largest DSC, the first one where several are; None for an absent class."""
        return None if self.absent else int(self.dsc.argmax())

    def at(self, index: int) -> Overlap:
        """Compare the mask p >= THRESHOLDS[index] with the reference, wherever that threshold was chosen.

        Raises: InputError: if `index` does not lie in 0 .. 100.
        """
        if not 0 <= index < len(THRESHOLDS):
            raise InputError(f"`index` must lie in 0 .. {len(THRESHOLDS) - 1}, a place in THRESHOLDS, but is {index}.")
        both, wrong = int(self.reference[index:].sum()), int(self.other[index:].sum())
        return Overlap(both, wrong, int(self.reference.sum()) - both, int(self.other.sum()) - wrong)

    def scores(self, index: int | None) -> dict[str, float]:
        """Return `threshold dsc iou accuracy specificity sensitivity precision` at an index into `THRESHOLDS`.

        All NaN where the class is absent, or `index` is None.
        Raises: InputError: if `index` does not lie in 0 .. 100.
        """
        if self.absent or index is None:
            return dict.fromkeys(("threshold", *MEASURES), float("nan"))
        measured = values((CATALOGUE[key] for key in MEASURES), self.at(index))
        return {"threshold": float(THRESHOLDS[index]), **measured}


def _from_the_top(counts: np.ndarray) -> np.ndarray:
    """Return how many voxels reach each threshold."""
    return counts[::-1].cumsum()[::-1]


def count_classes(
    prediction: np.ndarray, target: np.ndarray, inside: np.ndarray | None = None
) -> dict[int, ThresholdCounts]:
    """Count the voxels of every class, against where the soft label's most probable class is that class.

    Args:
        prediction: (C, D, H, W) or (C, H, W) float in [0, 1].
        target: soft label of the same shape; the first class wins ties, as in the paper.
        inside: bool (D, H, W) or (H, W), the voxels that count; all where it is left out.
    Returns: the counts of each class id, of absent classes too.
    Raises: InputError: if arrays hold no probabilities, or shapes differ.
    """
    prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.ndim not in (3, 4) or target.shape != prediction.shape:
        raise InputError(
            "`prediction` and a soft `target` must both be (C, D, H, W) or (C, H, W), but have the shapes "
            f"{prediction.shape} and {target.shape}. Make a soft label of a label map: `one_hot(labels, classes)`."
        )
    require_probability("target", target)
    hard = target.argmax(axis=0)
    return {c: ThresholdCounts.count(probability, hard == c, inside) for c, probability in enumerate(prediction)}


def shared_best(by_class: Mapping[Any, ThresholdCounts]) -> int | None:
    """Return the index of the threshold that maximises the mean DSC over the classes that are present.

    The first one where several do; None where all classes are absent. This reading is ours: the paper does not say
    whether its threshold belongs to a class or to all.
    """
    present = [counts.dsc for counts in by_class.values() if not counts.absent]
    return int(np.mean(present, axis=0).argmax()) if present else None


def hard_at_best_threshold(prediction: np.ndarray, target: np.ndarray) -> dict:
    """Measure overlap at the threshold of largest DSC; chosen on the scored voxels, so optimistic.

    Args:
        prediction: (C, D, H, W) or (C, H, W) float in [0, 1]; or one class's map.
        target: soft label of the same shape, float, whose argmax (first class on ties) is the reference; or one
            class's mask, (D, H, W) or (H, W) bool.
    Returns: for a mask, `threshold dsc iou accuracy specificity sensitivity precision`, all NaN where it is empty. For
        a soft label, `per_class`: these for each class id at its own threshold; `global`: the same at the threshold of
        `shared_best`; `absent`: the ids of classes that the reference does not have, which are in neither.
    Raises: InputError: if arrays hold no probabilities, or shapes differ.
    Source: Ali et al. 2024, Sec. III-C. Departures: none known; per class or global is not said, so both are here.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> mask = np.array([[False, True, True, True]])
    >>> found = metrics.hard_at_best_threshold(np.array([[0.2, 0.3, 0.8, 0.9]]), mask)
    >>> print(f"DSC {found['dsc']:.2f} at {found['threshold']:.2f}")
    DSC 1.00 at 0.21
    """
    if np.asarray(target).dtype == bool:
        counts = ThresholdCounts.count(prediction, target)
        return counts.scores(counts.best)
    by_class = count_classes(prediction, target)
    present = {class_id: counts for class_id, counts in by_class.items() if not counts.absent}
    shared = shared_best(present)
    return {
        "per_class": {class_id: counts.scores(counts.best) for class_id, counts in present.items()},
        "global": {class_id: counts.scores(shared) for class_id, counts in present.items()},
        "absent": [class_id for class_id in by_class if class_id not in present],
    }
