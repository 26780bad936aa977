"""Sanity rows: the two ends of every scale, scored like a method and trained like none.

`oracle` predicts the first rater's labels and must be perfect where there is no other rater; `chance` predicts the
training part's class frequencies everywhere, so its values follow from the data. A useful method lies between
them. Where a case has several raters, `raters` scores each against each other (`score_rater_pairs`): a method with
their DSC agrees with the raters as they agree with each other.

Where the protocol says `evaluation: random_crop`, a row is scored on the parts of the test cases on which methods are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.datasets import splits
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.errors import InputError
from softbench.jobs import pieces, provenance
from softbench.metrics.calibration import Reliability
from softbench.metrics.pooled import Counts, Pool, merged
from softbench.metrics.score import Assessment, count_thresholds
from softbench.metrics.threshold import ThresholdCounts
from softbench.training import predictors
from softbench.training.predictors import certain
from softbench.training.run import Scoring
from softbench.training.scoring import (
    RAW,
    diagram_name,
    fill_scores,
    measure,
    measure_together,
    score_each,
    write_scores,
)

VERSION = 1
KINDS = ("oracle", "chance", "raters")
RECORD = "batch-0.json"  # of a row, as if it were a method's only batch
STEP = 100  # in the column `rater`: 100 times the rater who predicts, and the rater who is the reference

Pair = tuple[int, np.ndarray, np.ndarray]  # id, probabilities (C, …), reference (1, …)


def run_all(
    rows: Sequence[Mapping[str, Any]], dataset: Dataset, split: pd.DataFrame, output: Path, log: Callable[[str], None]
) -> None:
    """Score the sanity rows of an experiment, each a piece in a folder of its own; write their joint manifest last.

    Args:
        rows: what decides each, as `run` takes it: `kind`, `names`, `scoring`, `versions`, `seed`; where parts of cases
            are scored, `part`.
        dataset, split: what is scored.
        output: the joint manifest.
        log: takes lines of progress; the name of the row is put before them.
    Raises: InputError and others: as `pieces.make_each`.
    """

    def score_row(row: Mapping[str, Any], record: Path, log_line: Callable[[str], None]) -> None:
        run(**row, dataset=dataset, split=split, output=record, log=log_line)

    pieces.make_each(output, RECORD, {row["names"]["method"]: partial(score_row, row) for row in rows}, log)


def run(
    *,
    kind: str,
    names: dict[str, str],
    scoring: dict[str, Any],
    versions: dict[str, int],
    seed: int,
    dataset: Dataset,
    split: pd.DataFrame,
    output: Path,
    log: Callable[[str], None],
    part: Sequence[int] | None = None,
) -> None:
    """Score a sanity row as one seed in a folder next to `output`, and write the batch's manifest last.

    Args:
        kind: one of `KINDS`.
        names: fill the columns of the scores.
        scoring: as `Scoring`, plain.
        versions: VERSIONs of the modules that decide scores.
        seed: the one under which the row stands.
        dataset, split: what is scored; chance learns its frequencies from the training part.
        output: the batch's manifest.
        part: voxels along each axis of the part of a case that is scored (`Dataset.cropped`); None: all of it.
    Raises: InputError: if raters are to be scored against each other, and a case has one alone.
    """
    split = splits.of_dataset(split, dataset.manifest, dataset.cases)
    how, hashes = Scoring(**scoring), dataset.manifest["cases"]
    key = pieces.key_of(
        kind=kind,
        names=names,
        scoring=asdict(how),
        versions=versions,
        structures=dataset.structures,
        images={case: hashes[case] for case in split["case"]},
        parts=list(split["part"]),
        **({} if part is None else {"part": list(part)}),
    )
    scored = dataset if part is None else dataset.cropped(part)

    def fill(scratch: Path) -> dict[str, Any]:
        if kind == "raters":
            return fill_rater_pairs(scratch, scored, split, how, names, seed, log)
        predictor = {RAW: predictors.untrained(kind, dataset, split)}
        return fill_scores(scratch, predictor, scored, split, how, names, seed, log)

    def build(scratch: Path) -> dict[str, Any]:
        watch, facts = provenance.Watch(), fill(scratch)
        watch.write(scratch / "scores.provenance.json")
        return facts

    made = pieces.make(output.parent / f"seed-{seed}", "scores", key, build)
    done = {str(seed): {"status": "done", "scores": made["hash"], "key": made["key"]}}
    pieces.write_json(output, {"run": names, "seeds": done})


def fill_rater_pairs(
    scratch: Path,
    dataset: Dataset,
    split: pd.DataFrame,
    scoring: Scoring,
    names: dict[str, str],
    seed: int,
    log: Callable[[str], None],
) -> dict[str, Any]:
    """Score raters against each other on the test part of a split, into the files of a piece.

    Arguments, result and files are those of `scoring.fill_scores`, but no prediction is kept: each rater is one.
    Raises: InputError: if a case has one rater.
    """
    part = {name: list(split.loc[split["part"] == name, "case"]) for name in ("val", "test")}
    rows, statistics = score_rater_pairs(dataset, part["test"], scoring, validation=part["val"], log=log)
    arrays: dict[str, np.ndarray] = {}
    for roi, pooled in statistics.items():
        arrays |= pooled.to_arrays(diagram_name(RAW, roi))
    return write_scores(scratch, rows.assign(prediction=RAW), arrays, names, seed)


def score_rater_pairs(
    dataset: Dataset,
    cases: Sequence[str],
    scoring: Scoring,
    *,
    validation: Sequence[str] = (),
    log: Callable[[str], None] = print,
) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    """Score raters against each other on cases.

    The label map of each rater is the prediction, that of each other rater the reference, and every ordered pair has
    rows of its own: the policy of a table settles an empty mask pair by pair, and since a case's value is the mean over
    its defined rows, it is the mean over its defined pairs. Both orders count, as precision and sensitivity exchange
    places. A label map has the confidence 1 everywhere. So ECE is the share of voxels that the other rater labels
    otherwise, Brier twice that share, and NLL 27.6 nat times that share, since a probability counts as no less than
    1e-12.

    Args: as `scoring.score`.
    Returns: the same as `scoring.score`. Rows of a case have the rater 100 r + s where rater r is the prediction and s
        the reference (102: the first against the second); soft metrics take the reference of the pair as well. What is
        measured against all raters together compares rater r with all others together, and has the rater 100 r. Pooled
        rows and reliability statistics are over the voxels of all pairs.
    Raises: InputError: if a case has one rater.
    """

    counts = {RAW: partial(_count, dataset, validation)} if scoring.thresholds else {}
    return score_each(cases, lambda case_id: {RAW: _assess_pairs(dataset, scoring, case_id)}, counts, log)[RAW]


def rater_pairs(case: Case, case_id: str, classes: int) -> Iterator[Pair]:
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


def _assess_pairs(dataset: Dataset, scoring: Scoring, case_id: str) -> Assessment:
    """Assess all pairs of a case: the rows and counts of each, and what their voxels give together."""
    case, together = dataset.load(case_id), Pool()
    rows: list[pd.DataFrame] = []
    counts: dict[tuple[int, str], ThresholdCounts] = {}
    for pair, probabilities, reference in rater_pairs(case, case_id, len(dataset.classes)):
        assessment = measure(probabilities, reference, case, dataset, replace(scoring, raters=False))
        together.add(case_id, assessment)
        rows.append(assessment.rows.assign(rater=pair))
        counts |= {(pair, structure): of_pair for (_, structure), of_pair in assessment.counts.items()}
    if scoring.raters:
        rows += _assess_each(case, dataset, scoring)
    return Assessment(pd.concat(rows, ignore_index=True), together.statistics, together.soft, counts)


def _assess_each(case: Case, dataset: Dataset, scoring: Scoring) -> list[pd.DataFrame]:
    """Return the rows of each rater against all others together."""
    tables = []
    for rater in range(len(case.labels)):
        own, others = certain(case, rater, len(dataset.classes)), np.delete(case.labels, rater, axis=0)
        tables.append(measure_together(own, others, case, dataset, scoring).assign(rater=STEP * (rater + 1)))
    return tables


def _count(dataset: Dataset, cases: Sequence[str]) -> Counts:
    """Count the voxels of each structure by threshold, over all pairs of cases."""
    loaded = ((case_id, dataset.load(case_id)) for case_id in cases)
    return merged(
        count_thresholds(probabilities, reference, case.spacing_mm, dataset.structures, valid=case.valid)
        for case_id, case in loaded
        for _, probabilities, reference in rater_pairs(case, case_id, len(dataset.classes))
    )
