"""Sanity rows: the two ends of every scale, scored like a method and trained like none.

`oracle` predicts the first rater's labels and must be perfect; `chance` predicts the training part's class frequencies
everywhere, so its values follow from the data. A method between them is worth its training.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from softbench import pieces
from softbench.datasets import splits
from softbench.datasets.folder import Dataset
from softbench.training import predictors, score_piece
from softbench.training.scoring_settings import Scoring

VERSION = 1

KINDS = ("oracle", "chance")


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
) -> None:
    """Score a sanity row as one seed beside `output`, and write the batch's manifest last.

    Args:
        kind: "oracle" or "chance".
        names: fill the columns of the scores.
        scoring: as `Scoring`, plain.
        versions: VERSIONs of the modules that decide scores.
        seed: the one under which the row stands.
        dataset, split: what is scored; chance learns its frequencies from the training part.
        output: the batch's manifest.
    """
    splits.check(split, dataset.cases)
    how, hashes = Scoring(**scoring), dataset.manifest["cases"]
    key = pieces.key_of(
        kind=kind,
        names=names,
        scoring=asdict(how),
        versions=versions,
        structures=dataset.structures,
        images={case: hashes[case] for case in split["case"]},
        parts=list(split["part"]),
    )

    def build(scratch: Path) -> dict[str, Any]:
        predictor = {score_piece.RAW: predictors.untrained(kind, dataset, split)}
        return score_piece.fill(scratch, predictor, dataset, split, how, names, seed, log)

    scores = pieces.make(output.parent / f"seed-{seed}", "scores", key, build)
    done = {str(seed): {"status": "done", "scores": scores["hash"], "key": scores["key"]}}
    pieces.write_json(output, {"run": names, "seeds": done})
