"""Sanity rows: the two ends of every scale, scored like a method and trained like none.

`oracle` predicts the first rater's labels and must be perfect where there is no other rater; `chance` predicts the
training part's class frequencies everywhere, so its values follow from the data. A method between them is worth its
training. Where a case has several raters, `raters` scores each against each other (`rater_pairs.py`): a method with
their DSC agrees with the raters as they agree with each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.datasets import splits
from softbench.datasets.folder import Dataset
from softbench.jobs import joint_manifest, pieces
from softbench.training import predictors, rater_pairs, score_piece
from softbench.training.scoring_settings import Scoring

VERSION = 1

KINDS = ("oracle", "chance", "raters")
RECORD = "batch-0.json"  # of a row, as if it were a method's only batch


def run_all(
    rows: Sequence[Mapping[str, Any]], dataset: Dataset, split: pd.DataFrame, output: Path, log: Callable[[str], None]
) -> None:
    """Score the sanity rows of an experiment, each a piece in a folder of its own; write their joint manifest last.

    Args:
        rows: what decides each, as `run` takes it: `kind`, `names`, `scoring`, `versions`, `seed`.
        dataset, split: what is scored.
        output: the joint manifest.
        log: takes lines of progress; the name of the row is put before them.
    Raises: InputError and others: as `joint_manifest.make`.
    """

    def score(row: Mapping[str, Any], record: Path, tell: Callable[[str], None]) -> None:
        run(**row, dataset=dataset, split=split, output=record, log=tell)

    joint_manifest.make(output, RECORD, {row["names"]["method"]: partial(score, row) for row in rows}, log)


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
        kind: one of `KINDS`.
        names: fill the columns of the scores.
        scoring: as `Scoring`, plain.
        versions: VERSIONs of the modules that decide scores.
        seed: the one under which the row stands.
        dataset, split: what is scored; chance learns its frequencies from the training part.
        output: the batch's manifest.
    Raises: InputError: if raters are to be scored against each other, and a case has one alone.
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
        if kind == "raters":
            return rater_pairs.fill(scratch, dataset, split, how, names, seed, log)
        predictor = {score_piece.RAW: predictors.untrained(kind, dataset, split)}
        return score_piece.fill(scratch, predictor, dataset, split, how, names, seed, log)

    scores = pieces.make(output.parent / f"seed-{seed}", "scores", key, build)
    done = {str(seed): {"status": "done", "scores": scores["hash"], "key": scores["key"]}}
    pieces.write_json(output, {"run": names, "seeds": done})
