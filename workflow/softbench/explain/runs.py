"""The runs of a cell: what each batch says of its seeds, and what the records in their folders say."""

import csv
import json
from pathlib import Path
from typing import Any

from softbench.explain.place import Place

FACTS = ("began", "host", "device", "processor", "seconds", "cpu_seconds", "peak_memory_mib", "energy_j", "commit")
OF_ENSEMBLE = ("status", "reason", "seeds", "key", "scores", "temperature")


def of_place(results: Path, place: Place) -> list[dict[str, Any]]:
    """Return a record for each run that a cell is made of: seeds in order, or the one ensemble.

    Args:
        results: the folder `results`.
        place: with a method.
    Returns: `seed` (None for an ensemble), `status` (done | failed, and `reason`), `key` of all that decides its
        scores, `weights` and `scores` (hashes), `path` of the scores, and of `FACTS`, `versions`, `threads` and `steps`
        what is recorded; nothing trained, nothing recorded. No batch, no run.
    """
    folder = results / "runs" / place.experiment / place.network / str(place.method)
    if place.is_ensemble:
        return [_ensemble(folder)] if (folder / "ensemble.json").exists() else []
    found = {}
    for path in sorted(folder.glob("batch-*.json")):
        for seed, outcome in _json(path)["seeds"].items():
            found[int(seed)] = _run(folder / f"seed-{seed}", int(seed), outcome, path)
    return [found[seed] for seed in sorted(found)]


def _run(folder: Path, seed: int, outcome: dict[str, Any], batch: Path) -> dict[str, Any]:
    named = {"seed": seed, "status": outcome["status"], "batch": str(batch)}
    if outcome["status"] == "failed":
        return {**named, "reason": outcome["reason"]}
    hashes = {"key": outcome["key"], "weights": outcome.get("model"), "scores": outcome["scores"]}
    piece = _json(folder / "scores.key.json")
    scale = {"temperature": piece["temperature"]} if "temperature" in piece else {}
    return {**named, **hashes, **scale, **_circumstances(folder), "path": str(folder / "scores.parquet")}


def _ensemble(folder: Path) -> dict[str, Any]:
    record = _json(folder / "ensemble.json")
    kept: dict[str, Any] = {name: record[name] for name in OF_ENSEMBLE if name in record}
    path = str(folder / "ensemble" / "scores.parquet")
    return {"seed": None, **kept, **_circumstances(folder / "ensemble"), "path": path}


def _circumstances(folder: Path) -> dict[str, Any]:
    facts = _json(folder / "provenance.json")
    found = {name: facts[name] for name in FACTS if name in facts}
    if "packages" in facts:
        found["versions"] = {"python": facts["python"], **facts["packages"]}
    if "threads" in facts:
        found["threads"] = facts["threads"]
    history = _last_row(folder / "history.csv")
    return found | ({"steps": int(float(history["step"]))} if history else {})


def _last_row(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return rows[-1] if rows else {}


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content
