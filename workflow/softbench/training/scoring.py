"""Scores of a predictor on test cases: one case in memory at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from softbench import images, store
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.jobs.progress import Progress
from softbench.metrics.pooled import Pool, merged
from softbench.metrics.reliability import Reliability
from softbench.metrics.score import Assessment, assess, curves_of
from softbench.training.predictors import Predictor
from softbench.training.scoring_settings import Scoring

VERSION = 2


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
        found = measure(probabilities, case.labels, case, dataset, scoring)
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


def measure(
    probabilities: np.ndarray, references: np.ndarray, case: Case, dataset: Dataset, scoring: Scoring
) -> Assessment:
    """Score the probabilities of a case against label maps, (R, D, H, W) or (R, H, W), with the settings of scoring."""
    return assess(
        probabilities,
        references,
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


def _curves(predictor: Predictor, dataset: Dataset, cases: Sequence[str]) -> dict:
    """Return the overlap of each structure at every threshold, over all cases and raters."""
    curves = []
    for case in map(dataset.load, cases):
        found = predictor(case)
        curves.append(curves_of(found, case.labels, case.spacing_mm, dataset.structures, valid=case.valid))
    return merged(curves)
