"""Raters against each other: how far those whom a method learns from, and is scored against, agree among themselves.

The label map of each rater is the prediction, that of each other rater the reference, and every ordered pair has rows
of its own: the policy of a table settles an empty mask pair by pair, and since a case's value is the mean over its
defined rows, it is the mean over its defined pairs. Both orders count, as precision and sensitivity exchange places.

A label map has the confidence 1 everywhere. So ECE is the share of voxels that the other rater labels otherwise, Brier
twice that share, and NLL 27.6 nat times that share, since a probability counts as no less than 1e-12.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.errors import InputError
from softbench.jobs.progress import Progress
from softbench.metrics.pooled import Curves, Pool, merged
from softbench.metrics.reliability import Reliability
from softbench.metrics.score import Assessment, curves_of
from softbench.metrics.threshold_curve import Curve
from softbench.training import score_piece
from softbench.training.predictors import certain
from softbench.training.scoring import measure
from softbench.training.scoring_settings import Scoring

VERSION = 1
STEP = 100  # in the column `rater`: 100 times the rater who predicts, and the rater who is the reference

Pair = tuple[int, np.ndarray, np.ndarray]  # id, probabilities (C, …), reference (1, …)


def fill(
    scratch: Path,
    dataset: Dataset,
    split: pd.DataFrame,
    scoring: Scoring,
    names: dict[str, str],
    seed: int,
    log: Callable[[str], None],
) -> dict[str, Any]:
    """Score raters against each other on the test part of a split, into the files of a piece.

    Arguments, result and files are as of `score_piece.fill`, but no prediction is kept: a case has as many as raters.
    Raises: InputError: if a case has one rater.
    """
    part = {name: list(split.loc[split["part"] == name, "case"]) for name in ("val", "test")}
    rows, statistics = score(dataset, part["test"], scoring, validation=part["val"], log=log)
    arrays: dict[str, np.ndarray] = {}
    for roi, pooled in statistics.items():
        arrays |= pooled.to_arrays(score_piece.diagram_name(score_piece.RAW, roi))
    return score_piece.write(scratch, rows.assign(prediction=score_piece.RAW), arrays, names, seed)


def score(
    dataset: Dataset,
    cases: Sequence[str],
    scoring: Scoring,
    *,
    validation: Sequence[str] = (),
    log: Callable[[str], None] = print,
) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    """Score raters against each other on cases.

    Args: as `scoring.score`.
    Returns: the same as `scoring.score`. Rows of a case have the rater 100 r + s where rater r is the prediction and s
        the reference (102: the first against the second); soft metrics take the reference of the pair as well. Pooled
        rows and reliability statistics are over the voxels of all pairs.
    Raises: InputError: if a case has one rater.
    """
    tables: list[pd.DataFrame] = []
    pool = Pool()
    progress = Progress(log, "score", len(cases), "cases", every_s=15)
    for number, case_id in enumerate(cases, start=1):
        found = _of_case(case_id, dataset, scoring)
        tables.append(found.rows.assign(case=case_id))
        pool.add(case_id, found)
        progress.at(number)
    tables.append(pool.rows())
    if scoring.thresholds:
        tables.append(pool.rows_at_thresholds(_curves(dataset, validation)))
    return pd.concat(tables, ignore_index=True), pool.statistics


def pairs(case: Case, case_id: str, classes: int) -> Iterator[Pair]:
    """Give the ordered pairs of a case's raters.

    Raises: InputError: if there is one rater.
    """
    raters = len(case.labels)
    if raters < 2:
        raise InputError(
            f"the case {case_id} has one label map, so there are no raters to score against each other. Leave the row "
            "with `sanity: raters` out of the experiment."
        )
    for first, second in permutations(range(raters), 2):
        yield STEP * (first + 1) + second + 1, certain(case, first, classes), case.labels[second : second + 1]


def _of_case(case_id: str, dataset: Dataset, scoring: Scoring) -> Assessment:
    """Assess all pairs of a case: the rows and curves of each, and what their voxels give together."""
    case, together = dataset.load(case_id), Pool()
    rows: list[pd.DataFrame] = []
    curves: dict[tuple[int, str], Curve] = {}
    for pair, probabilities, reference in pairs(case, case_id, len(dataset.classes)):
        found = measure(probabilities, reference, case, dataset, scoring)
        together.add(case_id, found)
        rows.append(found.rows.assign(rater=pair))
        curves |= {(pair, structure): curve for (_, structure), curve in found.curves.items()}
    return Assessment(pd.concat(rows, ignore_index=True), together.statistics, together.soft, curves)


def _curves(dataset: Dataset, cases: Sequence[str]) -> Curves:
    """Return the overlap of each structure at every threshold, over all pairs of cases."""
    curves = []
    for case_id in cases:
        case = dataset.load(case_id)
        for _, probabilities, reference in pairs(case, case_id, len(dataset.classes)):
            curves.append(curves_of(probabilities, reference, case.spacing_mm, dataset.structures, valid=case.valid))
    return merged(curves)
