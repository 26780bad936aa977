"""The piece `scores` of a run: its tidy table, its reliability statistics and its predictions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.datasets.folder import Dataset
from softbench.jobs import pieces
from softbench.metrics.tidy import tidy
from softbench.training import coarse_scores
from softbench.training.coarse_scores import Pair
from softbench.training.predictors import Predictor
from softbench.training.scoring import score
from softbench.training.scoring_settings import Scoring

VERSION = 1
RAW = "raw"  # what a network says, without temperature


def diagram_name(prediction: str, roi: str) -> str:
    """Return the name of a region's reliability statistics in reliability.npz."""
    return roi if prediction == RAW else f"{prediction}_{roi}"


def fill(
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
    first = next(iter(predictors))
    for kind, predictor in predictors.items():
        keep = scratch if kind == first else None
        rows, pooled = score(predictor, dataset, part["test"], scoring, validation=part["val"], keep=keep, log=log)
        tables.append(rows.assign(prediction=kind))
        for roi, one in pooled.items():
            arrays |= one.to_arrays(diagram_name(kind, roi))
    if pair is not None:
        coarse = coarse_scores.score(pair, dataset.structures, part["test"], part["val"])
        tables.append(coarse.assign(prediction=first))
    return write(scratch, pd.concat(tables, ignore_index=True), arrays, names, seed)


def write(
    scratch: Path, rows: pd.DataFrame, arrays: Mapping[str, np.ndarray], names: dict[str, str], seed: int | None
) -> dict[str, Any]:
    """Write the rows of a predictor and the arrays of its reliability statistics; arguments and result as `fill`."""
    table = tidy(rows, names, seed)
    table.to_parquet(scratch / "scores.parquet", index=False, write_page_checksum=True)
    np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"hash": pieces.key_of(csv=table.to_csv(index=False))}
