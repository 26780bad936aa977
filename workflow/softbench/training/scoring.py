"""Scores of trained networks on test cases: one model, or all seeds as an ensemble."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from torch import nn

from softbench import images, metrics
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.metrics.reliability import Reliability
from softbench.progress import Progress
from softbench.training.coarse import Resolution
from softbench.training.inference import predict

VERSION = 1
REGIONS = ("all", "foreground", "band")


@dataclass(frozen=True)
class Scoring:
    """How predictions are scored; the names are those of an experiment in config."""

    tolerances_mm: list[float]
    band_mm: float = 3.0
    bins: int = 10


def score(
    models: Sequence[nn.Module],
    dataset: Dataset,
    cases: Sequence[str],
    scoring: Scoring,
    *,
    temperature: float = 1.0,
    resolution: Resolution | None = None,
    predictions: Path | None = None,
    log: Callable[[str], None] = print,
) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    """Score networks on cases, one case in memory at a time.

    Args:
        models: one network, or several whose probabilities are averaged.
        dataset: where the cases come from.
        cases: ids, in the order of the rows.
        scoring: tolerances, band and bins.
        temperature: divides the logits.
        resolution: of training, where it was coarser: the image goes there, the probabilities come back.
        predictions: folder for label maps as NIfTI in the grid of the original image, or None.
        log: takes a line of progress.
    Returns: the rows of `metrics.score_case` with their case, pooled calibration rows (case "pooled"), and the
        reliability statistics of each region, pooled over the cases.
    """
    tables: list[pd.DataFrame] = []
    pooled: dict[str, Reliability] = {}
    progress = Progress(log, "score", len(cases), "cases", every_s=15)
    for number, case_id in enumerate(cases, start=1):
        case = dataset.load(case_id)
        probabilities = _predict(models, case, temperature, resolution)
        rows = metrics.score_case(
            probabilities,
            case.labels,
            case.spacing_mm,
            dataset.structures,
            tolerances_mm=tuple(scoring.tolerances_mm),
            band_mm=scoring.band_mm,
            bins=scoring.bins,
            valid=case.valid,
        )
        tables.append(rows.assign(case=case_id))
        for roi in REGIONS:
            statistics = _reliability(probabilities, case, roi, scoring)
            pooled[roi] = pooled[roi].merge(statistics) if roi in pooled else statistics
        if predictions is not None:
            label_map = probabilities.argmax(axis=0).astype(np.uint8)
            images.write(predictions / f"{case_id}.nii.gz", label_map, case.affine, dataset.axcodes(case_id))
        progress.at(number)
    return pd.concat([*tables, _pooled_rows(pooled)], ignore_index=True), pooled


def _predict(models: Sequence[nn.Module], case: Case, temperature: float, resolution: Resolution | None) -> np.ndarray:
    """Return probabilities on the grid of the case, wherever the networks work."""
    if resolution is None:
        return predict(models, case.images, temperature=temperature)
    coarse = predict(models, resolution.coarsen(case).images, temperature=temperature)
    return resolution.refine(coarse, case.images.shape[1:])


def _reliability(probabilities: np.ndarray, case: Case, roi: str, scoring: Scoring) -> Reliability:
    return metrics.reliability(
        probabilities,
        case.labels[0],
        roi=roi,
        bins=scoring.bins,
        band_mm=scoring.band_mm,
        spacing_mm=case.spacing_mm,
        valid=case.valid,
    )


def _pooled_rows(pooled: dict[str, Reliability]) -> pd.DataFrame:
    """Return ECE and MCE of all cases' voxels together, against the first rater."""
    rows: list[dict[str, Any]] = []
    for roi, statistics in pooled.items():
        fixed = {"case": "pooled", "rater": 1, "structure": "all", "roi": roi, "unit": "1"}
        rows += [fixed | {"metric": "ece", "value": statistics.ece}, fixed | {"metric": "mce", "value": statistics.mce}]
    return pd.DataFrame(rows)
