"""The scores of one case as a keyed piece, which outlives a bad case, a kill and a second call; and of all together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import metrics
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.metrics import Reliability
from softbench.metrics.pooled import Pool
from softbench.metrics.rows import tidy
from softbench.metrics.score import assess
from softbench.tables.assemble import Runs
from softbench.tools.score import volumes
from softbench.tools.score.inputs import Files, Settings, Source
from softbench.tools.score.volumes import Loaded

VERSION = 1
PIECE = "scores"
NAMES = {"experiment": "own", "split": "given", "network": "given"}


@dataclass(frozen=True)
class Order:
    """What a worker needs to score one case into `folder`; `versions` are those of the modules that decide."""

    label: str
    folder: Path
    files: Files
    raters: tuple[Path, ...]
    settings: Settings
    versions: Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """Whether a case was there from an earlier call, and why it could not be scored (empty where it could)."""

    kept: bool = False
    reason: str = ""


def score(order: Order) -> Outcome:
    """Score a case unless that is done, and say how it went; a bad case is no error here."""
    try:
        key = _key(order)
        kept = (pieces.read_record(order.folder, PIECE) or {}).get("key") == key
        pieces.make(order.folder, PIECE, key, lambda scratch: _build(order, scratch))
    except InputError as error:
        return Outcome(reason=f"- {order.label}: {error}")
    return Outcome(kept)


def _key(order: Order) -> str:
    """Return the key of a case: from the bytes of its files, not from their place."""
    files = {"nifti": order.files.nifti, "npz": order.files.npz}
    return pieces.key_of(
        prediction={kind: pieces.hash_file(path) for kind, path in files.items() if path},
        references=[pieces.hash_file(path) for path in order.raters],
        settings=asdict(order.settings),
        libraries={name: metadata.version(name) for name in order.settings.cross_check},
        versions=dict(order.versions),
    )


def _build(order: Order, scratch: Path) -> dict[str, Any]:
    settings = order.settings
    assert settings.classes is not None, "settings are complete"
    loaded = volumes.read_case(order.files, order.raters, settings.classes, settings.ignore_label)
    rows, statistics = _rows(loaded, settings)
    rows.to_parquet(scratch / "scores.parquet", index=False)
    arrays = {name: array for roi, bins in statistics.items() for name, array in bins.to_arrays(roi).items()}
    if arrays:
        np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"regions": list(statistics)}


def _rows(loaded: Loaded, settings: Settings) -> tuple[pd.DataFrame, Mapping[str, Reliability]]:
    """Return the scores of a case, and the bins of its reliability diagrams where it has probabilities."""
    assert settings.structures is not None, "settings are complete"
    assert settings.classes is not None, "settings are complete"
    arrays = (loaded.prediction, loaded.references, loaded.spacing_mm, settings.structures)
    common: dict[str, Any] = {
        "tolerances_mm": settings.tolerances_mm,
        "valid": loaded.valid,
        "cross_check": settings.cross_check,
    }
    if loaded.is_label_map:
        return metrics.score_label_map(*arrays, classes=settings.classes, **common), {}
    assessment = assess(*arrays, band_mm=settings.band_mm, bins=settings.bins, **common)
    return assessment.rows, assessment.statistics


def read(folder: Path) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    """Read what `score` left in a case's folder: its rows, and region -> bins."""
    record = pieces.read_record(folder, PIECE)
    assert record is not None, f"{folder} is scored"
    rows = pd.read_parquet(folder / "scores.parquet")
    if not record["regions"]:
        return rows, {}
    with np.load(folder / "reliability.npz") as arrays:
        return rows, {roi: Reliability.from_arrays(arrays, roi) for roi in record["regions"]}


def collect(folders: dict[Source, dict[str, Path]], dataset: str) -> Runs:
    """Read the scored cases of all sources.

    Args:
        folders: source -> case -> where its scores lie.
        dataset: fills that column.
    Returns: tidy scores, with the calibration of all voxels together as case `pooled`, and (method, seed, roi) -> bins
        merged over the cases.
    """
    tables: list[pd.DataFrame] = []
    statistics: dict[tuple[str, int, str], Reliability] = {}
    for source, cases in folders.items():
        rows, merged = _of_source(cases)
        names = {**NAMES, "dataset": dataset, "method": source.method}
        tables.append(tidy(rows, names, source.seed))
        statistics |= {(source.method, source.seed, roi): bins for roi, bins in merged.items()}
    return Runs(pd.concat(tables, ignore_index=True), statistics, failed=[])


def _of_source(cases: dict[str, Path]) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    tables: list[pd.DataFrame] = []
    merged: dict[str, Reliability] = {}
    for case, folder in cases.items():
        rows, statistics = read(folder)
        tables.append(rows.assign(case=case))
        for roi, bins in statistics.items():
            merged[roi] = merged[roi].merge(bins) if roi in merged else bins
    return pd.concat([*tables, *([Pool(merged).rows()] if merged else [])], ignore_index=True), merged


def write(scores: pd.DataFrame, output: Path) -> None:
    """Write the tidy scores as `scores.parquet` and `scores.csv`, unrounded."""
    pieces.write_file(output / "scores.parquet", lambda part: scores.to_parquet(part, index=False))
    pieces.write_text(output / "scores.csv", scores.to_csv(index=False, lineterminator="\n"))
