"""From the manifests of batches to what tables and figures need: scores, reliability statistics and failures."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.metrics import Reliability
from softbench.reporting.parts import Table
from softbench.reporting.table import build

VERSION = 1
REGIONS = ("all", "foreground", "band")


@dataclass(frozen=True)
class Runs:
    """What some batches left: tidy scores; (method, seed, roi) -> bins; failed runs as `method`, `seed`, `reason`."""

    scores: pd.DataFrame
    reliability: dict[tuple[str, int, str], Reliability]
    failed: list[dict[str, Any]]


def read(batches: Iterable[Path]) -> Runs:
    """Read the seeds that batch manifests list.

    Args:
        batches: paths of `batch-<n>.json`; the seeds lie beside them.
    Raises: InputError: if no run at all has scores; the message gives the failures.
    """
    tables: list[pd.DataFrame] = []
    statistics: dict[tuple[str, int, str], Reliability] = {}
    failed: list[dict[str, Any]] = []
    for path in batches:
        batch = json.loads(path.read_text(encoding="utf-8"))
        method = batch["run"]["method"]
        for seed, outcome in batch["seeds"].items():
            folder = path.parent / f"seed-{seed}"
            if outcome["status"] == "failed":
                failed.append({"method": method, "seed": int(seed), "reason": outcome["reason"]})
                continue
            tables.append(pd.read_parquet(folder / "scores.parquet"))
            with np.load(folder / "reliability.npz") as arrays:
                statistics |= {(method, int(seed), roi): Reliability.from_arrays(arrays, roi) for roi in REGIONS}
    if not tables:
        reasons = "; ".join(f"{one['method']}, seed {one['seed']}: {one['reason']}" for one in failed)
        raise InputError(f"there is nothing to show: every run failed. {reasons}")
    return Runs(pd.concat(tables, ignore_index=True), statistics, failed)


def table(runs: Runs, settings: Mapping[str, Any]) -> Table:
    """Build a table from its settings in config: title, columns, composites, policy, and its methods."""
    scores = runs.scores
    for column, usual in (("grid", "full"), ("prediction", "raw")):
        scores = scores[scores[column] == settings.get(column, usual)]
    return build(
        scores,
        methods=settings["methods"],
        columns=settings["columns"],
        composites=settings.get("composites", {}),
        policy=settings.get("policy", "diagonal"),
        title=settings["title"],
        notes=settings.get("notes", ()),
        failed=runs.failed,
    )
