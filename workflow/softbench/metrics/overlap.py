"""Overlap of two masks, from the counts of voxels that they share and do not share."""

from dataclasses import dataclass

import numpy as np

from softbench.metrics.metric import FRACTION, ONE_OR_BOTH, Metric, ratio

VERSION = 2
TAHA = "Taha & Hanbury 2015"


@dataclass(frozen=True)
class Overlap:
    """Voxels of a prediction P and a reference R: in both, in P alone, in R alone, in neither."""

    both: int
    prediction_only: int
    reference_only: int
    neither: int

    @property
    def different(self) -> int:
        """Number of voxels on which the masks differ."""
        return self.prediction_only + self.reference_only

    @property
    def sizes(self) -> int:
        """Voxels of P and of R, |P| + |R|."""
        return 2 * self.both + self.different


def compare(prediction: np.ndarray, reference: np.ndarray, voxels: int | None = None) -> Overlap:
    """Count the voxels of two bool masks of one shape; `voxels`: how many exist, where that is fewer than all."""
    total = prediction.size if voxels is None else voxels
    both = int(np.count_nonzero(prediction & reference))
    prediction_only = int(np.count_nonzero(prediction)) - both
    reference_only = int(np.count_nonzero(reference)) - both
    return Overlap(both, prediction_only, reference_only, total - both - prediction_only - reference_only)


METRICS = (
    Metric(
        "dsc", "DSC", "1", "higher", FRACTION, "2 |P and R| / (|P| + |R|)", ONE_OR_BOTH, "Dice 1945",
        of="counts", at_threshold=True, compute=lambda n: ratio(2 * n.both, n.sizes),
    ),
    Metric(
        "iou", "IoU", "1", "higher", FRACTION, "|P and R| / |P or R|", ONE_OR_BOTH, "Jaccard 1912",
        of="counts", at_threshold=True, compute=lambda n: ratio(n.both, n.both + n.different),
    ),
    Metric(
        "accuracy", "accuracy", "1", "higher", FRACTION, "share of voxels on which the masks agree", "none", TAHA,
        of="counts", at_threshold=True,
        compute=lambda n: ratio(n.both + n.neither, n.both + n.neither + n.different),
    ),
    Metric(
        "specificity", "specificity", "1", "higher", FRACTION,
        "share of the voxels outside R that P leaves out", "NaN where R is the whole volume", TAHA,
        of="counts", at_threshold=True, compute=lambda n: ratio(n.neither, n.neither + n.prediction_only),
    ),
    Metric(
        "sensitivity", "sensitivity", "1", "higher", FRACTION, "share of R in P", "NaN where R is empty", TAHA,
        of="counts", at_threshold=True, compute=lambda n: ratio(n.both, n.both + n.reference_only),
    ),
    Metric(
        "precision", "precision", "1", "higher", FRACTION, "share of P in R", "NaN where P is empty", TAHA,
        of="counts", at_threshold=True, compute=lambda n: ratio(n.both, n.both + n.prediction_only),
    ),
    Metric(
        "vs", "VS", "1", "higher", FRACTION, "1 - ||P| - |R|| / (|P| + |R|)", ONE_OR_BOTH, TAHA,
        of="counts", compute=lambda n: ratio(n.sizes - abs(n.prediction_only - n.reference_only), n.sizes),
    ),
)  # fmt: skip
