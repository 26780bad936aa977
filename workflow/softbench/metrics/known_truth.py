"""Scores against the true distribution of a case over all raters that there might be, which phantoms know."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from softbench.checks import require_same_shape
from softbench.errors import InputError
from softbench.metrics import regions
from softbench.metrics.catalogue import select_metrics
from softbench.metrics.metric import ROIS
from softbench.metrics.rows import MEAN, WHOLE, table
from softbench.metrics.true_distribution import Known

VERSION = 1
ASKED = "truth"  # the setting of `scoring`


def score_truth(
    probabilities: np.ndarray,
    truth: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    band_mm: float = 3.0,
    valid: np.ndarray | None = None,
) -> pd.DataFrame:
    """Score the probabilities of a case against its true distribution.

    Args:
        probabilities: (C, ...) summing to 1 over C.
        truth: (C, ...) true probability of each class; None where the case has none.
        spacing_mm: of the axes.
        band_mm: half width of the band around the edges of the class of largest true probability.
        valid: (...) bool, voxels that exist, or None.
    Returns: rows of the rater 0 and of all classes together, in the columns of `score_case`, one a metric and region.
    Raises: InputError: if the truth is not known, or differs in shape.
    """
    if truth is None:
        raise InputError(
            "`truth: true` scores against the true distribution, which only phantoms know, but this case has none. "
            "Leave it out of `scoring`."
        )
    require_same_shape("truth", truth.shape, "probabilities", probabilities.shape)
    likely = truth.argmax(axis=0).astype(np.uint8)
    how: dict[str, Any] = {"band_mm": band_mm, "spacing_mm": tuple(spacing_mm), "valid": valid}
    found = []
    for roi in ROIS:
        inside = regions.inside(likely, roi, **how)
        here: Any = slice(None) if inside is None else inside.reshape(-1)
        p, q = (given.reshape(len(given), -1)[:, here].astype(np.float64) for given in (probabilities, truth))
        found += [(MEAN, (WHOLE, m.key, roi, m.measure(Known(p, q)))) for m in select_metrics(ASKED, settings=(ASKED,))]
    return table(found)
