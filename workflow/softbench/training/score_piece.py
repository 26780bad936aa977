"""The piece `scores` of a run: its tidy table, its reliability statistics and its predictions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import pieces
from softbench.datasets.folder import Dataset
from softbench.metrics.tidy import tidy
from softbench.training import coarse_scores
from softbench.training.coarse_scores import Pair
from softbench.training.predictors import Predictor
from softbench.training.scoring import Scoring, score

RAW = "raw"  # what a network says, without temperature


def fill(
    scratch: Path,
    predictors: Mapping[str, Predictor],
    dataset: Dataset,
    split: pd.DataFrame,
    scoring: Scoring,
    names: dict[str, str],
    seed: int,
    log: Callable[[str], None],
    *,
    pair: Pair | None = None,
) -> dict[str, Any]:
    """Score predictors on the test part of a split, into the files of a piece.

    Args:
        scratch: an empty folder; it gets scores.parquet, reliability.npz and predictions/.
        predictors: `raw`, whose label maps become predictions/, and others (`temperature`): the column `prediction`.
        names, seed: fill the columns of the scores.
        pair: prediction and target of a case on a coarser grid of training, where scores are wanted there too.
    Returns: the facts of the piece's record: the hash of the scores.
    """
    part = {name: list(split.loc[split["part"] == name, "case"]) for name in ("val", "test")}
    tables: list[pd.DataFrame] = []
    arrays: dict[str, np.ndarray] = {}
    for kind, predictor in predictors.items():
        folder = scratch / "predictions" if kind == RAW else None
        rows, pooled = score(
            predictor, dataset, part["test"], scoring, validation=part["val"], predictions=folder, log=log
        )
        tables.append(rows.assign(prediction=kind))
        for roi, one in pooled.items():
            arrays |= one.to_arrays(roi if kind == RAW else f"{kind}_{roi}")
    if pair is not None:
        coarse = coarse_scores.score(pair, dataset.structures, part["test"], part["val"])
        tables.append(coarse.assign(prediction=RAW))
    table = tidy(pd.concat(tables, ignore_index=True), names, seed)
    table.to_parquet(scratch / "scores.parquet", index=False)
    np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"hash": pieces.key_of(csv=table.to_csv(index=False))}
