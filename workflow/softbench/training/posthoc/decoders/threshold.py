"""A threshold on the probability of each structure, the best one over the validation cases."""

import numpy as np

from softbench.metrics.pooled import merged
from softbench.metrics.score import count_thresholds
from softbench.metrics.threshold import THRESHOLDS
from softbench.training.posthoc.decoding import (
    Decoded,
    Decoder,
    Predicted,
    Structures,
    blank_out,
    of_structures,
    settle,
)

VERSION = 1
UNFITTED = 50  # place in THRESHOLDS, 0.5: of a structure that no validation case has


def fit(predicted: Predicted, structures: Structures) -> Decoder:
    r"""Choose for each structure s the threshold with the largest DSC of all validation voxels and raters together.

    .. math:: t_s = \arg\max_{t \in \{0, 0.01, \dots, 1\}} \mathrm{DSC}(\{p_s \ge t\}, y_s)

    :math:`p_s` is the sum over the structure's classes. Of several best thresholds the lowest is taken. Structures that
    claim a voxel together are settled by `decoding.settle`. A structure without a voxel in the validation cases has the
    threshold 0.5.

    Source: as Ali et al. 2024 choose one threshold, but on validation cases. Departures: one for each structure.
    """
    counts = merged(
        count_thresholds(probabilities, case.labels, case.spacing_mm, structures, valid=case.valid)
        for case, probabilities in predicted()
    )
    best = {name: counts[name].best for name in structures}
    thresholds = {name: float(THRESHOLDS[UNFITTED if place is None else place]) for name, place in best.items()}
    missing = [name for name, place in best.items() if place is None]

    def decode(probabilities: np.ndarray, valid: np.ndarray | None) -> Decoded:
        pairs = of_structures(probabilities, structures)
        claims = np.stack([inside.astype(np.float64) >= thresholds[name] for name, inside in pairs])
        claims &= np.True_ if valid is None else valid
        return blank_out(settle(probabilities, claims, structures), valid)

    return Decoder(decode, {"thresholds": thresholds, "not_fitted": missing})
