"""Cells of the grid of calibrations and decoders (`grid_<table>`): its table, and the pieces behind a cell."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from softbench.jobs import storage
from softbench.plan.plan import Plan
from softbench.tools.explain import made_with
from softbench.tools.explain.address import Place

PREFIX = "grid_"  # of the name of the file
PREDICTION = "posthoc"  # in the column `prediction`
FACTS = ("began", "host", "device", "processor", "seconds", "cpu_seconds", "peak_memory_mib", "energy_j")


def names(plan: Plan) -> dict[str, str]:
    """Return the name of each grid of config, and of the table that it is of."""
    return {PREFIX + table: table for table in plan.tables if plan.posthoc_wanted(table)}


def of_cell(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    """Return which scores a cell shows.

    Args:
        table: that the grid is of.
        row: the cell's line in the csv.
    """
    settings = plan.tables[table]
    experiment, network, _ = plan.runs_of(table)[0]
    how = {name: settings[name] for name in ("policy",) if name in settings}
    return Place(
        experiment, network, row["method"], row["metric"], row["structure"], row["roi"], prediction=PREDICTION,
        composites=settings.get("composites", {}), calibration=row["calibration"], decoder=row["decoder"], **how,
    )  # fmt: skip


def read_runs(folder: Path, where: Place) -> list[dict[str, Any]]:
    """Return a record for each seed that a cell is made of: its piece, what was fitted, and the run that it is of.

    Args:
        folder: of the method's runs.
        where: a place with a calibration.
    """
    record = folder / "posthoc.json"
    seeds = storage.read_json(record)["seeds"] if record.exists() else {}
    name = f"{where.calibration}-{where.decoder}" if where.decoder else where.calibration
    return [_run(folder, int(seed), outcome, name, record) for seed, outcome in sorted(seeds.items(), key=_number)]


def _number(entry: tuple[str, Any]) -> int:
    return int(entry[0])


def _run(folder: Path, seed: int, outcome: Mapping[str, Any], name: str, record: Path) -> dict[str, Any]:
    named = {"seed": seed, "status": outcome["status"], "batch": str(record)}
    if outcome["status"] == "failed":
        return {**named, "reason": outcome["reason"]}
    if name not in outcome["pieces"]:
        return {**named, "status": "not made", "reason": f"the record lists no {name}"}
    piece, place = outcome["pieces"][name], folder / "posthoc" / f"seed-{seed}"
    path = place / f"{name}.provenance.json"
    facts = storage.read_json(path) if path.exists() else {}
    hashes = {"key": piece.get("key"), "scores": piece.get("hash"), "fitted": piece["fitted"]}
    told = {name: facts[name] for name in FACTS if name in facts} | made_with.read_commit(path)
    return {**named, **hashes, **told, "run": str(folder / f"seed-{seed}"), "path": str(place / f"{name}.parquet")}
