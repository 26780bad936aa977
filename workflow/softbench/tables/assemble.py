"""From the manifests of batches and ensembles to what tables and figures need: scores, reliability and failures."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import damage
from softbench.errors import InputError
from softbench.metrics import Reliability
from softbench.tables.parts import Ensemble, Table
from softbench.tables.scaled import TEMPERATURE, scaled_rows, with_scaled
from softbench.tables.table import build

VERSION = 2
REGIONS = ("all", "foreground", "band")
RAW = "raw"
OF_ENSEMBLES = ("ensemble", "ensemble_temperature")

Statistics = dict[tuple[str, Any, str], Reliability]  # (method, seed or None for an ensemble, roi)


@dataclass(frozen=True)
class Runs:
    """What some batches left: tidy scores; (method, seed, roi) -> bins; failed runs as `method`, `seed`, `reason`.

    `ensembles` holds those that were read, made or not; their bins have the seed None.
    """

    scores: pd.DataFrame
    reliability: Statistics
    failed: list[dict[str, Any]]
    ensembles: Sequence[Ensemble] = ()


def read(
    batches: Iterable[Path],
    ensembles: Iterable[Path] = (),
    prediction: str = RAW,
    scaled: Mapping[str, str] | None = None,
) -> Runs:
    """Read the seeds that batch manifests list, and ensembles.

    Args:
        batches: paths of `batch-<n>.json`; the seeds lie beside them.
        ensembles: paths of `ensemble.json`; the ensembles lie beside them.
        prediction: whose reliability statistics are wanted; what was not predicted so has none. Scores are all read.
        scaled: method -> key of the row that shows it at its own temperature (`scaled.scaled_rows`), whose reliability
            statistics are wanted as well.
    Raises: InputError: if no run at all has scores; the message gives the failures.
    """
    failed: list[dict[str, Any]] = []
    made: list[Ensemble] = []
    found = [*_runs(batches, failed), *_ensembles(ensembles, made)]
    if not found:
        reasons = "; ".join(f"{one['method']}, seed {one['seed']}: {one['reason']}" for one in failed)
        raise InputError(f"there is nothing to show: every run failed. {reasons}")
    tables = [damage.read_parquet(folder / "scores.parquet", _listed(folder)) for _, _, folder in found]
    statistics: Statistics = {}
    for method, seed, folder in found:
        shown = {method: prediction} | ({scaled[method]: TEMPERATURE} if scaled and method in scaled else {})
        for key, kind in shown.items():
            of_roi = _reliability(folder / "reliability.npz", kind)
            statistics |= {(key, seed, roi): bins for roi, bins in of_roi.items()}
    return Runs(pd.concat(tables, ignore_index=True), statistics, failed, made)


def _runs(batches: Iterable[Path], failed: list[dict[str, Any]]) -> Iterator[tuple[str, int | None, Path]]:
    """Give method, seed and folder of each run that has scores; add the others to `failed`."""
    for path in batches:
        batch = damage.read_json(path)
        method = batch["run"]["method"]
        for seed, outcome in batch["seeds"].items():
            if outcome["status"] == "failed":
                failed.append({"method": method, "seed": int(seed), "reason": outcome["reason"]})
            else:
                yield method, int(seed), path.parent / f"seed-{seed}"


def _ensembles(paths: Iterable[Path], made: list[Ensemble]) -> Iterator[tuple[str, int | None, Path]]:
    """Give method, no seed, and folder of each ensemble that has scores; add all to `made`."""
    for path in paths:
        one = damage.read_json(path)
        method = one["run"]["method"]
        made.append(Ensemble(method, tuple(one["seeds"]), one.get("reason")))
        if one["status"] == "done":
            yield method, None, path.parent / "ensemble"


def _listed(folder: Path) -> Path:
    """Return the manifest that lists a seed, or an ensemble."""
    return folder.parent / ("ensemble.json" if folder.name == "ensemble" else "batch-*.json")


def _reliability(path: Path, prediction: str) -> dict[str, Reliability]:
    """Return the bins of each region; none where that prediction was not made."""
    names = {roi: roi if prediction == RAW else f"{prediction}_{roi}" for roi in REGIONS}
    with damage.told(path, _listed(path.parent)), np.load(path) as arrays:
        there = {key.split(".")[0] for key in arrays}
        return {roi: Reliability.from_arrays(arrays, name) for roi, name in names.items() if name in there}


def table(runs: Runs, settings: Mapping[str, Any]) -> Table:
    """Build a table from its settings in config: title, columns, composites, policy, and its methods.

    Raises: InputError: if it shows ensembles, and none could be made; and as `build`.
    """
    prediction = settings.get("prediction", RAW)
    ensembles = runs.ensembles if prediction in OF_ENSEMBLES else ()
    if ensembles and all(one.reason for one in ensembles):
        reasons = "; ".join(f"{one.method}: {one.reason}" for one in ensembles)
        raise InputError(f"there is nothing to show: no ensemble could be made. {reasons}. Train more seeds.")
    return build(
        scores_of(runs, settings),
        methods=settings["methods"],
        columns=settings["columns"],
        composites=settings.get("composites", {}),
        policy=settings.get("policy", "diagonal"),
        title=settings["title"],
        notes=settings.get("notes", ()),
        failed=runs.failed,
        prediction=prediction,
        ensembles=ensembles,
    )


def scores_of(runs: Runs, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Return the raw scores of a table's rows, each under the row's key: one prediction, on one grid.

    What is not trained is what it is: it has neither temperature nor ensemble, and stands beside any prediction.
    """
    prediction, scores = settings.get("prediction", RAW), runs.scores
    here = scores[scores["grid"] == settings.get("grid", "full")]
    untrained = {method["key"] for method in settings["methods"] if not method.get("trained", True)}
    fixed = here["method"].isin(untrained)
    settled = here.assign(prediction=here["prediction"].mask(fixed, prediction))
    return with_scaled(settled, prediction, scaled_rows(settings))
