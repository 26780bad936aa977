"""How well the masks of every threshold on a probability fit the reference, from one pass over the voxels.

Voxels are counted once by the step between thresholds into which they fall; sums from the top then give the mask of
every threshold exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from softbench.errors import InputError
from softbench.metrics.class_maps import enter
from softbench.metrics.kernels.sums import count_steps
from softbench.metrics.overlap import Overlap

VERSION = 1
THRESHOLDS = np.arange(101) / 100  # EPD, Sec. III-C; the doubles nearest to 0, 0.01, …, 1
CEILINGS = np.append(THRESHOLDS, np.inf)  # step k reaches from CEILINGS[k] to below CEILINGS[k + 1]
MEASURES = ("dsc", "iou", "accuracy", "specificity", "sensitivity", "precision")
FIELDS = ("reference", "other")


@dataclass(frozen=True, eq=False)
class Curve:
    """Voxels of one class by the highest threshold that their probability reaches, in the reference and outside it.

    reference, other: (101,) counts. Sums of several cases are those of their pooled voxels.
    """

    reference: np.ndarray
    other: np.ndarray

    @classmethod
    def of(cls, probability: np.ndarray, mask: np.ndarray, inside: np.ndarray | None = None) -> "Curve":
        """Count the voxels of one class.

        Args:
            probability: (D, H, W) or (H, W) float in [0, 1], compared as float64: float32's 0.29 lies below 0.29.
                What interpolation pushed below 0 counts as 0.
            mask: bool of the same shape, where the reference has the class.
            inside: bool, the voxels that count; all where it is left out.
        Raises: InputError: if values leave [0, 1], the mask is not bool, or shapes differ.
        """
        p, y = enter("probability", probability, "mask", mask, inside)
        if y.dtype != bool or p.dtype == bool:
            raise InputError(f"`mask` must be bool and `probability` float, but they are {y.dtype} and {p.dtype}.")
        p = p.astype(np.float32 if p.itemsize <= 4 else np.float64, copy=False)  # the types that are compiled
        return cls(*count_steps(p.ravel(), y.ravel(), CEILINGS))

    def merge(self, other: "Curve") -> "Curve":
        """Return the counts of both together, as if their voxels had been one volume."""
        return Curve(self.reference + other.reference, self.other + other.other)

    @property
    def absent(self) -> bool:
        """Whether the reference has no voxel of the class: EPD leaves it out, and so must who averages; count it."""
        return not self.reference.any()

    @cached_property
    def dsc(self) -> np.ndarray:
        """DSC at each threshold, (101,) in [0, 1]; all NaN where the class is absent."""
        found, wrong = _from_the_top(self.reference), _from_the_top(self.other)
        sizes = found + wrong + self.reference.sum()
        return np.full(len(THRESHOLDS), np.nan) if self.absent else 2 * found / sizes

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
        overlap = self.at(index)
        return {"threshold": float(THRESHOLDS[index]), **{key: getattr(overlap, key) for key in MEASURES}}

    def to_arrays(self, name: str = "") -> dict[str, np.ndarray]:
        """Return the counts as plain arrays for one npz; `name` keeps several curves in it apart."""
        return {_key(name, field): getattr(self, field) for field in FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], name: str = "") -> "Curve":
        """Rebuild a curve from what `to_arrays` gave.

        Raises: InputError: if there is none of this name.
        """
        missing = [_key(name, field) for field in FIELDS if _key(name, field) not in arrays]
        if missing:
            raise InputError(f"no threshold curve {name!r}: {missing} not among {sorted(arrays)}.")
        return cls(*(np.asarray(arrays[_key(name, field)]) for field in FIELDS))


def _from_the_top(counts: np.ndarray) -> np.ndarray:
    """Return how many voxels reach each threshold."""
    return counts[::-1].cumsum()[::-1]


def _key(name: str, field: str) -> str:
    return f"{name}.{field}" if name else field
