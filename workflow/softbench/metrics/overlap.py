"""Overlap of two masks, from the counts of voxels that they share and do not share."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

VERSION = 2


@dataclass(frozen=True)
class Overlap:
    """Voxels of a prediction P and a reference R: in both, in P alone, in R alone, in neither.

    Each measure is 0/0 = NaN where its denominator is empty. Sources: Taha & Hanbury 2015, who define all of them.
    """

    both: int
    prediction_only: int
    reference_only: int
    neither: int

    @cached_property
    def dsc(self) -> float:
        """2 |P and R| / (|P| + |R|), in [0, 1]; 0 where one mask is empty, NaN where both are."""
        return _ratio(2 * self.both, 2 * self.both + self.prediction_only + self.reference_only)

    @cached_property
    def iou(self) -> float:
        """|P and R| / |P or R|, in [0, 1]; 0 where one mask is empty, NaN where both are."""
        return _ratio(self.both, self.both + self.prediction_only + self.reference_only)

    @cached_property
    def accuracy(self) -> float:
        """Share of voxels on which the masks agree, in [0, 1]."""
        total = self.both + self.prediction_only + self.reference_only + self.neither
        return _ratio(self.both + self.neither, total)

    @cached_property
    def sensitivity(self) -> float:
        """Share of R that P finds, in [0, 1]; NaN where R is empty."""
        return _ratio(self.both, self.both + self.reference_only)

    @cached_property
    def specificity(self) -> float:
        """Share of the voxels outside R that P leaves out, in [0, 1]; NaN where R is the whole volume."""
        return _ratio(self.neither, self.neither + self.prediction_only)

    @cached_property
    def precision(self) -> float:
        """Share of P that lies in R, in [0, 1]; NaN where P is empty."""
        return _ratio(self.both, self.both + self.prediction_only)

    @cached_property
    def vs(self) -> float:
        """Volume similarity 1 - ||P| - |R|| / (|P| + |R|), in [0, 1]; 0 where one is empty, NaN where both are."""
        difference = abs(self.prediction_only - self.reference_only)
        total = 2 * self.both + self.prediction_only + self.reference_only
        return _ratio(total - difference, total)


def compare(prediction: np.ndarray, reference: np.ndarray, voxels: int | None = None) -> Overlap:
    """Count the voxels of two bool masks of one shape; `voxels`: how many exist, where that is fewer than all."""
    total = prediction.size if voxels is None else voxels
    both = int(np.count_nonzero(prediction & reference))
    prediction_only = int(np.count_nonzero(prediction)) - both
    reference_only = int(np.count_nonzero(reference)) - both
    return Overlap(both, prediction_only, reference_only, total - both - prediction_only - reference_only)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
