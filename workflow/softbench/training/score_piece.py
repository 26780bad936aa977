"""The piece `scores` of a run: its tidy table, its reliability statistics and its predictions."""

from collections.abc import Callable
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


def fill(
    scratch: Path,
    predictor: Predictor,
    dataset: Dataset,
    split: pd.DataFrame,
    scoring: Scoring,
    names: dict[str, str],
    seed: int,
    log: Callable[[str], None],
    *,
    pair: Pair | None = None,
) -> dict[str, Any]:
    """Score a predictor on the test part of a split, into the files of a piece.

    Args:
        scratch: an empty folder; it gets scores.parquet, reliability.npz and predictions/.
        names, seed: fill the columns of the scores.
        pair: prediction and target of a case on a coarser grid of training, where scores are wanted there too.
    Returns: the facts of the piece's record: the hash of the scores.
    """
    part = {name: list(split.loc[split["part"] == name, "case"]) for name in ("val", "test")}
    rows, pooled = score(
        predictor,
        dataset,
        part["test"],
        scoring,
        validation=part["val"],
        predictions=scratch / "predictions",
        log=log,
    )
    if pair is not None:
        coarse = coarse_scores.score(pair, dataset.structures, part["test"], part["val"])
        rows = pd.concat([rows, coarse], ignore_index=True)
    table = tidy(rows, names, seed)
    table.to_parquet(scratch / "scores.parquet", index=False)
    arrays = {name: array for roi, one in pooled.items() for name, array in one.to_arrays(roi).items()}
    np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"hash": pieces.key_of(csv=table.to_csv(index=False))}
