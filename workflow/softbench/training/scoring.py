"""Scores of predictors on test cases, one case in memory at a time, and the files of the piece `scores`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import images, store
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.errors import naming
from softbench.jobs import pieces
from softbench.jobs.progress import Progress
from softbench.metrics import rows
from softbench.metrics.calibration import Reliability
from softbench.metrics.known_truth import score_truth
from softbench.metrics.pooled import POOLED, Chosen, Counts, Pool, choose, chosen_thresholds, merge_all, merged, rows_at
from softbench.metrics.rows import table, tidy
from softbench.metrics.score import Assessment, assess, count_thresholds, score_together
from softbench.metrics.soft import SoftSums
from softbench.metrics.threshold import ThresholdCounts
from softbench.training.predictors import Predictor
from softbench.training.run import Scoring

VERSION = 2
RAW = "raw"  # what a network says, without temperature
COARSE = "training"  # the grid of training, in the column `grid`
RATER = 1  # of rows on that grid: the target is of no rater

# probabilities and target, (C, ...) on the grid of training, and the voxels that exist there or None
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray | None]
Pair = Callable[[str], Arrays]  # by case id


def score(
    predictors: Mapping[str, Predictor],
    dataset: Dataset,
    cases: Sequence[str],
    scoring: Scoring,
    *,
    validation: Sequence[str] = (),
    keep: Path | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, tuple[pd.DataFrame, dict[str, Reliability]]]:
    """Score predictors of the same network on cases.

    Args:
        predictors: by name; each gives the probabilities of a case.
        dataset: where the cases come from.
        cases: ids, in the order of the rows.
        scoring: what is measured.
        validation: the cases on which thresholds are chosen, where `scoring` wants them.
        keep: folder that gets `predictions/`, label maps of the first as NIfTI in the grid of the original image, and
            where scoring keeps them `probabilities/`, a store; or None.
        log: takes a line of progress.
    Returns: of each predictor the rows of `metrics.score_case` with their case, pooled rows (case "pooled"), and the
        reliability statistics of each region, pooled over the cases.
    """

    def assess_case(case_id: str) -> dict[str, Assessment]:
        case, found, first = dataset.load(case_id), {}, None
        for name, predictor in predictors.items():
            probabilities = predictor(case)
            if first is None and keep is not None:
                _keep(keep, dataset, case, probabilities, with_probabilities=scoring.keep_probabilities)
            found[name] = measure(probabilities, case.labels, case, dataset, scoring, like=first)
            if scoring.truth:
                found[name] = _with_truth(found[name], probabilities, case, scoring)
            first = first or found[name]
        return found

    def count(predictor: Predictor) -> Counts:
        return merged(
            count_thresholds(predictor(case), case.labels, case.spacing_mm, dataset.structures, valid=case.valid)
            for case in map(dataset.load, validation)
        )

    counts = {name: partial(count, predictor) for name, predictor in predictors.items()} if scoring.thresholds else {}
    return score_each(cases, assess_case, counts, log)


def _keep(folder: Path, dataset: Dataset, case: Case, probabilities: np.ndarray, *, with_probabilities: bool) -> None:
    """Write the label map of a prediction, and where wanted its probabilities."""
    label_map, affine = dataset.uncut(case.id, probabilities.argmax(axis=0).astype(np.uint8))
    path, oriented = folder / "predictions" / f"{case.id}.nii.gz", dataset.is_oriented(case.id)
    images.write(path, label_map, affine, dataset.axcodes(case.id), oriented=oriented)
    if with_probabilities:
        store.write(folder / "probabilities", case.id, probabilities, affine=case.affine)


def score_each(
    cases: Sequence[str],
    assess_case: Callable[[str], Mapping[str, Assessment]],
    validation_counts: Mapping[str, Callable[[], Counts]],
    log: Callable[[str], None],
) -> dict[str, tuple[pd.DataFrame, dict[str, Reliability]]]:
    """Return for each prediction the rows of each case and of all cases pooled, and the pooled reliability statistics.

    Args:
        cases: ids, in the order of the rows.
        assess_case: scores all predictions of one of them, by name.
        validation_counts: by name, of the cases on which thresholds are chosen; of those left out there are no hard
            metrics at thresholds.
        log: takes a line of progress.
    """
    tables: dict[str, list[pd.DataFrame]] = {}
    pools: dict[str, Pool] = {}
    progress = Progress(log, "score", len(cases), "cases", every_s=15)
    for number, case_id in enumerate(cases, start=1):
        with naming("case ", case_id):
            assessments = assess_case(case_id)
        for name, assessment in assessments.items():
            tables.setdefault(name, []).append(assessment.rows.assign(case=case_id))
            pools.setdefault(name, Pool()).add(case_id, assessment)
        progress.at(number)
    for name, pool in pools.items():
        with naming("", "all cases together"):
            tables[name].append(pool.rows())
        if name in validation_counts:
            tables[name].append(pool.rows_at_thresholds(validation_counts[name]()))
    return {name: (pd.concat(tables[name], ignore_index=True), pool.statistics) for name, pool in pools.items()}


def measure(
    probabilities: np.ndarray,
    references: np.ndarray,
    case: Case,
    dataset: Dataset,
    scoring: Scoring,
    *,
    like: Assessment | None = None,
) -> Assessment:
    """Score the probabilities of a case against label maps, (R, D, H, W) or (R, H, W), with the settings of scoring.

    Args: like: of another prediction of the same case, `score.assess` takes what is the same from it.
    """
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
        voxels=scoring.voxels,
        also=scoring.also,
        lesion_matching=scoring.lesion_matching,
        thresholds=scoring.thresholds,
        like=like,
    )


def _with_truth(assessment: Assessment, probabilities: np.ndarray, case: Case, scoring: Scoring) -> Assessment:
    """Add the rows against the true distribution of the case."""
    against = score_truth(probabilities, case.truth, case.spacing_mm, band_mm=scoring.band_mm, valid=case.valid)
    return replace(assessment, rows=pd.concat([assessment.rows, against], ignore_index=True))


def measure_together(
    probabilities: np.ndarray, references: np.ndarray, case: Case, dataset: Dataset, scoring: Scoring
) -> pd.DataFrame:
    """Score the probabilities of a case against all raters of (R, …) together, and against none alone; as `measure`."""
    return score_together(
        probabilities,
        references,
        case.spacing_mm,
        dataset.structures,
        band_mm=scoring.band_mm,
        bins=scoring.bins,
        valid=case.valid,
    )


def score_coarse(
    pair: Pair, structures: Mapping[str, Sequence[int]], cases: Sequence[str], validation: Sequence[str]
) -> pd.DataFrame:
    """Score cases on the grid of training against the method's own target: what the EPD paper prints.

    The target is the soft label that the method learns from, made for the test cases too. Hard metrics compare masks at
    EPD's best threshold with the target's most probable class; they flatter a coarse grid, so tables take the full grid
    unless they say otherwise.

    Args:
        pair: gives prediction and target of a case.
        structures: class ids of each structure; its probability is the sum over them.
        cases: the test cases.
        validation: where the thresholds `_at_val` are chosen.
    Returns: soft metrics, and hard ones at the best thresholds, of each case and pooled (case "pooled"), with `case`
        and `grid`.
    """
    of_validation = merge_all(_count(pair(case), structures) for case in validation)
    counts: dict[str, dict[str, ThresholdCounts]] = {}
    sums: dict[str, dict[str, SoftSums]] = {}
    for case in cases:
        arrays = pair(case)
        counts[case], sums[case] = _count(arrays, structures), _sums(arrays, structures)
    pooled, total = merge_all(counts.values()), merge_all(sums.values())
    chosen: Chosen = choose(of_validation, "val") | choose(pooled, "test")
    tables = []
    for case in cases:
        with naming("case ", case):
            lines = [(RATER, row) for row in (*_soft_rows(sums[case]), *rows_at(counts[case], chosen))]
        tables.append(table(lines).assign(case=case))
    whole = [*_soft_rows(total), *rows_at(pooled, chosen), *chosen_thresholds(chosen)]
    tables.append(table([(RATER, row) for row in whole]).assign(case=POOLED))
    return pd.concat(tables, ignore_index=True).assign(grid=COARSE)


def _count(arrays: Arrays, structures: Mapping[str, Sequence[int]]) -> dict[str, ThresholdCounts]:
    probabilities, target, valid = arrays
    hard = target.argmax(axis=0)  # the one place where hard labels come from soft ones: EPD's printed evaluation
    return {
        name: ThresholdCounts.count(_sum(probabilities, ids), np.isin(hard, list(ids)), valid)
        for name, ids in structures.items()
    }


def _sums(arrays: Arrays, structures: Mapping[str, Sequence[int]]) -> dict[str, SoftSums]:
    probabilities, target, valid = arrays
    return {name: SoftSums.of(_sum(probabilities, ids), _sum(target, ids), valid) for name, ids in structures.items()}


def _sum(probabilities: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    total: np.ndarray = np.clip(probabilities[list(ids)].sum(axis=0), 0, 1)  # rounding may pass 1
    return total


def _soft_rows(sums: Mapping[str, SoftSums]) -> list[rows.Row]:
    return [row for structure, of_structure in sums.items() for row in rows.soft_rows(structure, of_structure)]


def diagram_name(prediction: str, roi: str) -> str:
    """Return the name of a region's reliability statistics in reliability.npz."""
    return roi if prediction == RAW else f"{prediction}_{roi}"


def fill_scores(
    scratch: Path,
    predictors: Mapping[str, Predictor],
    dataset: Dataset,
    split: pd.DataFrame,
    scoring: Scoring,
    names: dict[str, str],
    seed: int | None,
    log: Callable[[str], None],
    *,
    pair: Pair | None = None,
) -> dict[str, Any]:
    """Score predictors on the test part of a split, into the files of a piece.

    Args:
        scratch: an empty folder; it gets scores.parquet, reliability.npz, predictions/ and, where scoring keeps them,
            probabilities/ (a store).
        predictors: by what fills the column `prediction`. The first gives predictions/ and probabilities/; others (such
            as `temperature`) are scored alone.
        names, seed: fill the columns of the scores; None: an ensemble of seeds.
        pair: prediction and target of a case on a coarser grid of training, where scores are wanted there too.
    Returns: the facts of the piece's record: the hash of the scores.
    """
    part = {name: list(split.loc[split["part"] == name, "case"]) for name in ("val", "test")}
    tables: list[pd.DataFrame] = []
    arrays: dict[str, np.ndarray] = {}
    where = (predictors, dataset, part["test"], scoring)
    for kind, (of_kind, pooled) in score(*where, validation=part["val"], keep=scratch, log=log).items():
        tables.append(of_kind.assign(prediction=kind))
        for roi, statistics in pooled.items():
            arrays |= statistics.to_arrays(diagram_name(kind, roi))
    if pair is not None:
        coarse = score_coarse(pair, dataset.structures, part["test"], part["val"])
        tables.append(coarse.assign(prediction=next(iter(predictors))))
    return write_scores(scratch, pd.concat(tables, ignore_index=True), arrays, names, seed)


def write_scores(
    scratch: Path, rows: pd.DataFrame, arrays: Mapping[str, np.ndarray], names: dict[str, str], seed: int | None
) -> dict[str, Any]:
    """Write the rows of a predictor and the arrays of its reliability statistics; arguments and result as `fill`."""
    table = tidy(rows, names, seed)
    table.to_parquet(scratch / "scores.parquet", index=False, write_page_checksum=True)
    np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"hash": pieces.key_of(csv=table.to_csv(index=False))}
