"""What a metric of all raters together takes: a mask or a probability map beside all masks, and what many need of them.

Each quantity is computed once, when the first metric asks for it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from softbench.metrics.raters.agreement import Agreement, relative_agreement
from softbench.metrics.raters.level_sets import Distances, level_set_distances, mask_distances
from softbench.metrics.raters.levels import Levels
from softbench.metrics.raters.overlaps import Overlaps
from softbench.metrics.raters.volume import VolumeScores, score_volumes

VERSION = 1


def voxel_ml(spacing_mm: Sequence[float]) -> float:
    """Return the volume of a voxel, ml; in 2-D its area, mm² / 1000."""
    return math.prod(spacing_mm) / 1000


@dataclass(frozen=True, eq=False)
class RaterMasks:
    """A predicted mask and those of all raters.

    prediction: (D, H, W) or (H, W) bool. raters: (R, D, H, W) or (R, H, W) bool. spacing_mm: one number an axis.
    """

    prediction: np.ndarray
    raters: np.ndarray
    spacing_mm: tuple[float, ...]

    @cached_property
    def overlaps(self) -> Overlaps:
        """Voxels that each two masks share, the prediction's first."""
        return Overlaps.with_prediction(self.prediction, self.raters)

    @cached_property
    def agreement(self) -> Agreement:
        """Agreement with the raters, relative to theirs."""
        return relative_agreement(self.overlaps)

    @cached_property
    def distances(self) -> Distances:
        """Distances of which the GED is made, of the mask as the only sample."""
        return mask_distances(self.overlaps)

    @property
    def volume_ml(self) -> float:
        """Volume of the prediction."""
        return int(self.overlaps.sizes[0]) * voxel_ml(self.spacing_mm)

    @property
    def volumes_ml(self) -> np.ndarray:
        """Volume of each rater's mask, (R,)."""
        return self.overlaps.sizes[1:] * voxel_ml(self.spacing_mm)


@dataclass(frozen=True, eq=False)
class RaterProbability:
    """The predicted probability of a structure and the masks of all raters.

    probability: (D, H, W) or (H, W) float in [0, 1]. raters: (R, D, H, W) or (R, H, W) bool. spacing_mm: one number an
    axis.
    """

    probability: np.ndarray
    raters: np.ndarray
    spacing_mm: tuple[float, ...]

    @cached_property
    def levels(self) -> Levels:
        """The probability by levels."""
        return Levels.of(self.probability)

    @cached_property
    def distances(self) -> Distances:
        """Distances of which the GED is made, of level sets."""
        return level_set_distances(self.levels, self.raters)

    @cached_property
    def volumes(self) -> VolumeScores:
        """Scores of the distribution of volume."""
        return score_volumes(self.levels, self.raters, voxel_ml(self.spacing_mm))
