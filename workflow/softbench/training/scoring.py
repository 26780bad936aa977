"""Scores of a predictor on test cases: one case in memory at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from softbench import images, store
from softbench.datasets.folder import Dataset
from softbench.metrics.pooled import Pool, merged
from softbench.metrics.reliability import Reliability
from softbench.metrics.score import assess, curves_of
from softbench.progress import Progress
from softbench.training.predictors import Predictor

VERSION = 2
ALLOWED = {  # `scoring` of an experiment
    "tolerances_mm": {
        "type": "array",
        "items": {"type": "number", "exclusiveMinimum": 0},
        "minItems": 1,
        "uniqueItems": True,
        "description": "mm, of the surface metrics that have a tolerance",
    },
    "band_mm": {"type": "number", "exclusiveMinimum": 0, "description": "mm, half width of the region `band`"},
    "bins": {"type": "integer", "minimum": 2, "description": "of calibration"},
    "in_plane": {"type": "boolean", "description": "HD95 of MRBrainS18, slice by slice"},
    "cross_check": {
        "type": "array",
        "items": {"constant": "metrics/cross_check.py:LIBRARIES"},
        "uniqueItems": True,
        "description": "libraries whose values stand beside ours",
    },
    "temperature": {"type": "boolean", "description": "score again, scaled by a temperature fitted on validation"},
    "thresholds": {"type": "boolean", "description": "hard metrics at the best threshold of EPD"},
    "ensemble": {"type": "boolean", "description": "score the mean of the seeds' probabilities"},
    "keep_probabilities": {"type": "boolean", "description": "those of the test cases, as uint16"},
}


@dataclass(frozen=True)
class Scoring:
    """How predictions are scored; the names are those of an experiment in config.

    in_plane: add MRBrainS18's in-plane HD95. cross_check: libraries whose values stand beside ours. thresholds: add
    hard metrics at the best threshold, chosen on validation and on test cases. temperature: score a second time, with
    logits divided by the temperature that fits the validation cases best. keep_probabilities: store those of the test
    cases, 16 bits a class and voxel. An experiment's `ensemble` is not here: it asks for a job of its own, and changes
    no run.
    """

    tolerances_mm: list[float]
    band_mm: float = 3.0
    bins: int = 10
    in_plane: bool = False
    cross_check: list[str] = field(default_factory=list)
    thresholds: bool = False
    temperature: bool = False
    keep_probabilities: bool = False


def score(
    predictor: Predictor,
    dataset: Dataset,
    cases: Sequence[str],
    scoring: Scoring,
    *,
    validation: Sequence[str] = (),
    keep: Path | None = None,
    log: Callable[[str], None] = print,
) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    """Score a predictor on cases.

    Args:
        predictor: gives the probabilities of a case.
        dataset: where the cases come from.
        cases: ids, in the order of the rows.
        scoring: what is measured.
        validation: the cases on which thresholds are chosen, where `scoring` wants them.
        keep: folder that gets `predictions/`, label maps as NIfTI in the grid of the original image, and where scoring
            keeps them `probabilities/`, a store; or None.
        log: takes a line of progress.
    Returns: the rows of `metrics.score_case` with their case, pooled rows (case "pooled"), and the reliability
        statistics of each region, pooled over the cases.
    """
    tables: list[pd.DataFrame] = []
    pool = Pool()
    progress = Progress(log, "score", len(cases), "cases", every_s=15)
    for number, case_id in enumerate(cases, start=1):
        case = dataset.load(case_id)
        probabilities = predictor(case)
        found = assess(
            probabilities,
            case.labels,
            case.spacing_mm,
            dataset.structures,
            tolerances_mm=tuple(scoring.tolerances_mm),
            band_mm=scoring.band_mm,
            bins=scoring.bins,
            valid=case.valid,
            cross_check=scoring.cross_check,
            in_plane=scoring.in_plane,
            thresholds=scoring.thresholds,
        )
        tables.append(found.rows.assign(case=case_id))
        pool.add(case_id, found)
        if keep is not None:
            label_map = probabilities.argmax(axis=0).astype(np.uint8)
            file = keep / "predictions" / f"{case_id}.nii.gz"
            images.write(file, label_map, case.affine, dataset.axcodes(case_id))
            if scoring.keep_probabilities:
                store.write(keep / "probabilities", case_id, probabilities, affine=case.affine)
        progress.at(number)
    tables.append(pool.rows())
    if scoring.thresholds:
        tables.append(pool.rows_at_thresholds(_curves(predictor, dataset, validation)))
    return pd.concat(tables, ignore_index=True), pool.statistics


def _curves(predictor: Predictor, dataset: Dataset, cases: Sequence[str]) -> dict:
    """Return the overlap of each structure at every threshold, over all cases and raters."""
    curves = []
    for case in map(dataset.load, cases):
        found = predictor(case)
        curves.append(curves_of(found, case.labels, case.spacing_mm, dataset.structures, valid=case.valid))
    return merged(curves)
