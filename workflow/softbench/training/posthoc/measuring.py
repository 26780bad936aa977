"""The rows of a calibration (how good its probabilities are) and of a decoder (how good its label maps are)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from softbench.datasets.case import Case
from softbench.metrics import inputs, regions, rows
from softbench.metrics.calibration import BINS, BLOCKS, sweeps
from softbench.metrics.metric import ROIS, values
from softbench.metrics.score import score_label_map
from softbench.training.run import Scoring

VERSION = 1


def score_probabilities(probabilities: np.ndarray, case: Case, scoring: Scoring) -> pd.DataFrame:
    """Score probabilities (C, ...) against each rater: the suite's calibration metrics of all classes together.

    Returns: rows of `metrics.score_case` (structure "all"): `ece mce ace_netcal cwece brier nll ace tace` in each
        region, `tace_svls` over all voxels.
    Raises: InputError: if they are no probabilities, or do not fit the case.
    """
    lines: list[tuple[int, rows.Row]] = []
    how: dict[str, Any] = {"band_mm": scoring.band_mm, "spacing_mm": case.spacing_mm, "valid": case.valid}
    for rater, reference in enumerate(case.labels, start=1):
        inputs.check_case(probabilities, reference, case.valid)
        where = {roi: regions.inside(reference, roi, **how) for roi in ROIS}
        for roi, swept in sweeps(probabilities, reference, where, scoring.bins).items():
            found = values([m for m in BINS if roi in m.regions], swept.statistics)
            found |= values([m for m in BLOCKS if roi in m.regions], swept.gaps)
            lines += [(rater, (rows.WHOLE, key, roi, value)) for key, value in found.items()]
    return rows.table(lines)


class LabelMaps:
    """Scores of the label maps of one case; decoders that agree are scored once."""

    def __init__(self, case: Case, structures: Mapping[str, Sequence[int]], classes: int, scoring: Scoring) -> None:
        """Score nothing yet."""
        self._case, self._structures, self._classes, self._scoring = case, structures, classes, scoring
        self._known: list[tuple[np.ndarray, pd.DataFrame]] = []

    def score(self, labels: np.ndarray) -> pd.DataFrame:
        """Score a label map against each rater: overlap, surfaces and volume, as `metrics.score_label_map`."""
        for known, found in self._known:
            if np.array_equal(known, labels):
                return found
        case = self._case
        how: dict[str, Any] = {
            "classes": self._classes,
            "tolerances_mm": tuple(self._scoring.tolerances_mm),
            "valid": case.valid,
        }
        found = score_label_map(labels, case.labels, case.spacing_mm, self._structures, **how)
        self._known.append((labels, found))
        return found
