"""From the manifests of batches and ensembles to scores, reliability and failures, and to a table with its scores."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.jobs import pieces, storage
from softbench.jobs.pieces import Record
from softbench.metrics import Reliability
from softbench.statistics import apply_policy
from softbench.statistics.summary import DIAGONALS
from softbench.tables import temperatures
from softbench.tables.cells import Column, Ensemble, Table
from softbench.tables.layout import REGIONS, heads, name_of
from softbench.tables.table import TEMPERATURE, build, of_column, scaled_rows, with_composites, with_scaled
from softbench.tables.temperatures import Temperature

VERSION = 2
RAW = "raw"
OF_ENSEMBLES = ("ensemble", "ensemble_temperature")

Statistics = dict[tuple[str, Any, str], Reliability]  # (method, seed or None for an ensemble, roi)


class NoRunError(InputError):
    """Every run failed: there is no score to show."""


@dataclass(frozen=True)
class Scored:
    """A run or an ensemble (no seed) that has scores: the folder of its files, and the manifest that lists it."""

    method: str
    seed: int | None
    folder: Path
    listed: Path
    temperatures: Sequence[Temperature] = ()  # one, or none


@dataclass(frozen=True)
class Runs:
    """Results of some batches: tidy scores; (method, seed, roi) -> bins; failed runs as `method`, `seed`, `reason`.

    `ensembles` holds those that were read, made or not; their bins have the seed None. `temperatures` are those of runs
    and ensembles that have one.
    """

    scores: pd.DataFrame
    reliability: Statistics
    failed: list[dict[str, Any]]
    ensembles: Sequence[Ensemble] = ()
    temperatures: Sequence[Temperature] = ()


def read(
    batches: Iterable[Path],
    ensembles: Iterable[Path] = (),
    prediction: str = RAW,
    scaled: Mapping[str, str] | None = None,
    methods: Collection[str] | None = None,
) -> Runs:
    """Read the seeds that batch manifests list, and ensembles.

    Args:
        batches: paths of `batch-<n>.json`, with the seeds beside them, or of `sanity.json`, which lists several.
        ensembles: paths of `ensemble.json`, with the ensembles beside them, or of `ensembles.json`, as above.
        prediction: whose reliability statistics are wanted; what was not predicted so has none. Scores are all read.
        scaled: method -> key of the row that shows it at its own temperature (`scaled.scaled_rows`), whose reliability
            statistics are wanted as well.
        methods: those wanted of what a manifest lists for several methods; None: all.
    Raises: NoRunError: if no run at all has scores; the message gives the failures. InputError: if a file is damaged.
    """
    failed: list[dict[str, Any]] = []
    made: list[Ensemble] = []
    of_batches, of_ensembles = (pieces.read_joint(paths, methods) for paths in (batches, ensembles))
    scored = [*_runs(of_batches, failed), *_ensembles(of_ensembles, made)]
    if not scored:
        reasons = "; ".join(f"{failure['method']}, seed {failure['seed']}: {failure['reason']}" for failure in failed)
        raise NoRunError(f"there is nothing to show: every run failed. {reasons}")
    tables = [storage.read_parquet(run.folder / "scores.parquet", run.listed) for run in scored]
    statistics: Statistics = {}
    for run in scored:
        again = {scaled[run.method]: TEMPERATURE} if scaled and run.method in scaled else {}
        for key, kind in ({run.method: prediction} | again).items():
            of_roi = _reliability(run.folder / "reliability.npz", run.listed, kind)
            statistics |= {(key, run.seed, roi): bins for roi, bins in of_roi.items()}
    fitted = [fit for run in scored for fit in run.temperatures]
    return Runs(pd.concat(tables, ignore_index=True), statistics, failed, made, fitted)


def _runs(batches: Iterable[Record], failed: list[dict[str, Any]]) -> Iterator[Scored]:
    """Give each run that has scores; add the others to `failed`."""
    for batch in batches:
        method = batch.content["run"]["method"]
        for seed, outcome in batch.content["seeds"].items():
            if outcome["status"] == "failed":
                failed.append({"method": method, "seed": int(seed), "reason": outcome["reason"]})
            else:
                fitted = temperatures.read(method, int(seed), outcome)
                yield Scored(method, int(seed), batch.path.parent / f"seed-{seed}", batch.listed, fitted)


def _ensembles(records: Iterable[Record], made: list[Ensemble]) -> Iterator[Scored]:
    """Give each ensemble that has scores; add all to `made`."""
    for piece in records:
        content = piece.content
        method = content["run"]["method"]
        made.append(Ensemble(method, tuple(content["seeds"]), content.get("reason")))
        if content["status"] == "done":
            fitted = temperatures.read(method, None, content)
            yield Scored(method, None, piece.path.parent / "ensemble", piece.listed, fitted)


def _reliability(path: Path, listed: Path, prediction: str) -> dict[str, Reliability]:
    """Return the bins of each region; none where that prediction was not made."""
    names = {roi: roi if prediction == RAW else f"{prediction}_{roi}" for roi in REGIONS}
    with storage.reading(path, listed), np.load(path) as arrays:
        there = {key.split(".")[0] for key in arrays}
        return {roi: Reliability.from_arrays(arrays, name) for roi, name in names.items() if name in there}


def build_table(runs: Runs, settings: Mapping[str, Any]) -> Table:
    """Build a table from its settings in config: title, columns, composites, policy, and its methods.

    Raises: InputError: if it shows ensembles, and none could be made; and as `build`.
    """
    prediction = settings.get("prediction", RAW)
    ensembles = runs.ensembles if prediction in OF_ENSEMBLES else ()
    if ensembles and all(ensemble.reason for ensemble in ensembles):
        reasons = "; ".join(f"{ensemble.method}: {ensemble.reason}" for ensemble in ensembles)
        raise InputError(f"there is nothing to show: no ensemble could be made. {reasons}. Train more seeds.")
    return build(
        select_scores(runs, settings),
        methods=[_marked(method, prediction, runs.temperatures) for method in settings["methods"]],
        columns=settings["columns"],
        composites=settings.get("composites", {}),
        policy=settings.get("policy", "diagonal"),
        title=settings["title"],
        notes=settings.get("notes", ()),
        failed=runs.failed,
        prediction=prediction,
        ensembles=ensembles,
        temperatures=runs.temperatures,
    )


def _marked(method: Mapping[str, Any], prediction: str, fitted: Sequence[Temperature]) -> Mapping[str, Any]:
    """Return a row's settings, its title marked where it shows temperatures of few validation cases."""
    if not method.get("scaled") and not prediction.endswith(TEMPERATURE):
        return method
    ensembles = prediction in OF_ENSEMBLES
    own = temperatures.choose(fitted, method.get("scaled") or method["key"], ensembles=ensembles)
    return {**method, "title": temperatures.mark(method["title"], own)}


def select_scores(runs: Runs, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the raw scores of a table's rows and columns, each under the row's key: one prediction, on one grid.

    What is not trained is what it is: it has neither temperature nor ensemble, and stands beside any prediction.
    """
    prediction, scores = settings.get("prediction", RAW), runs.scores
    metrics = {*(column["metric"] for column in settings["columns"]), *DIAGONALS.values()}
    here = scores[scores["metric"].isin(metrics) & (scores["grid"] == settings.get("grid", "full"))]
    untrained = {method["key"] for method in settings["methods"] if not method.get("trained", True)}
    fixed = here["method"].isin(untrained)
    settled = here.assign(prediction=here["prediction"].mask(fixed, prediction))
    return with_scaled(settled, prediction, scaled_rows(settings))


KEPT = ["method", "seed", "case", "structure", "metric", "roi", "value", "penalised"]


@dataclass(frozen=True)
class Evidence:
    """A table with the scores that it was made of: settled by its policy, its composites added."""

    table: Table
    scores: pd.DataFrame

    @property
    def names(self) -> list[str]:
        """The columns' names, as they stand in a sentence."""
        return [name_of(head) for head in heads(self.table)]

    def of_column(self, column: Column) -> pd.DataFrame:
        """Return the scores of one column; that they mix nothing was checked when the table was built."""
        here = of_column(self.scores, column)
        return here.loc[(here["case"] == "pooled") == (column.over == "pooled"), KEPT]


def weigh(runs: Runs, settings: Mapping[str, Any]) -> Evidence:
    """Return the table of `build_table` with its scores; the arguments and errors are those of that function."""
    table = build_table(runs, settings)
    settled = apply_policy(select_scores(runs, settings), table.policy)
    return Evidence(table, with_composites(settled, table.columns, table.composites))


def map_patients(split: pd.DataFrame) -> dict[str, str] | None:
    """Return test case -> patient of a split; None where every case is a patient of its own."""
    test = split[split["part"] == "test"]
    if test["patient"].is_unique:
        return None
    return dict(zip(test["case"].astype(str), test["patient"].astype(str), strict=True))
