"""The runs behind a table: of the workflow by the table's record, of `softbench score` by the cases that it kept."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError
from softbench.jobs import storage
from softbench.results.files import MAKE, read_record
from softbench.tables import assemble
from softbench.tables.assemble import Runs
from softbench.tables.view import Given

VERSION = None  # reads numbers
SCORES = "scores.parquet"


def is_of_workflow(folder: Path) -> bool:
    """Whether the workflow wrote the results, which keeps records of its tables; `softbench score` keeps cases."""
    return any((folder / "tables").glob("*.json"))


def of_table(folder: Path, name: str) -> Given:
    """Return what a table of the workflow was made from.

    Raises: InputError: if its record does not name its runs, as of earlier versions.
    """
    path = folder / "tables" / f"{name}.json"
    record = read_record(path)
    runs = record.get("runs")
    if not isinstance(runs, dict) or "settings" not in record:
        raise InputError(f"{path} does not say which runs the table shows: an earlier version wrote it. {MAKE}")
    settings = record["settings"] | {"title": record["title"]}  # in the words of the page
    return Given(name, settings, {need: _below(folder, paths) for need, paths in runs.items()})


def scores_of_table(folder: Path, name: str) -> pd.DataFrame:
    """Return the scores of the runs of a table.

    Raises: InputError: as `of_table`; if a file is damaged, or every run failed.
    """
    needs = of_table(folder, name).needs
    return assemble.read(needs["scores"], needs["ensembles"]).scores


def trained(given: Given) -> list[dict[str, Any]]:
    """Return the trained methods of a table.

    Raises: InputError: if it is a paper's, of several experiments.
    """
    if "methods" not in given.settings:
        raise InputError(
            f"{given.table} is a paper's table, whose experiments are not shown in one diagram. Its figures are files: "
            f"results/figures/*_{given.table}.png. Tables of one experiment have diagrams here."
        )
    return [dict(method) for method in given.settings["methods"] if method["trained"]]


def _below(folder: Path, paths: Iterable[str]) -> list[Path]:
    """Return paths of `results/…` in the folder, whatever it is called here."""
    return [folder.joinpath(*Path(path).parts[1:]) for path in paths]


def read_scores(folder: Path) -> pd.DataFrame:
    """Return every score of every case.

    Raises: InputError: if the file of all scores is missing, or holds others.
    """
    path = folder / SCORES
    if not path.is_file():
        how = "Name a table, or have the file made: snakemake --cores all results/scores.parquet"
        raise InputError(f"there is no {path}, which holds the scores of all tables. {how}")
    scores = storage.read_parquet(path)
    if lacking := [name for name in ("method", "seed", "case", "metric", "value") if name not in scores]:
        raise InputError(f"{path} holds no scores of this suite: it lacks the columns {', '.join(lacking)}.")
    return scores


def of_score(folder: Path) -> Runs:
    """Return the runs that `softbench score` scored, those cases that its tables show.

    Raises: InputError: if a case is not kept.
    """
    from softbench.tools.score.inputs import Source
    from softbench.tools.score.run import collect

    scores = read_scores(folder)
    shown = scores.loc[scores["case"] != "pooled", ["method", "seed", "case"]].drop_duplicates()
    cases: dict[Any, dict[str, Path]] = {}
    for method, seed, case in shown.itertuples(index=False):
        kept = folder / "cases" / method / f"seed-{seed}" / case
        if not (kept / SCORES).is_file():
            raise InputError(
                f"{kept}{os.sep} is missing, which holds the bins of this case. Score again: softbench score"
            )
        cases.setdefault(Source(method, int(seed), folder), {})[case] = kept
    return collect(cases, str(scores["dataset"].iloc[0]))
