"""One case: its label ids, and the scores of its predictions, kept as pieces; what a worker imports, and no more."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import given, metrics
from softbench.errors import InputError
from softbench.images import Choices
from softbench.jobs import pieces
from softbench.jobs.faults import Fault, fault
from softbench.metrics import Reliability
from softbench.metrics.kernels.boxes import count_ids
from softbench.metrics.score import assess
from softbench.tools.score import facts, inputs, volumes
from softbench.tools.score.inputs import Files, Settings
from softbench.tools.score.volumes import Loaded, Raters

VERSION = 2
PIECE = "scores"


def look(folder: Path, path: Path, case: str, choices: Choices) -> dict[str, Any] | Fault:
    """Return how many voxels each label id of one file has, from an earlier call where that is there."""
    try:
        key = pieces.key_of(file=given.hash_file(path), version=VERSION, choices=asdict(choices))
        return pieces.make(folder, "ids", key, lambda scratch: {"voxels": _count(path, choices)})
    except InputError as error:
        return fault(inputs.REFERENCES, case, error)


def _count(path: Path, choices: Choices) -> dict[str, int]:
    return {str(label): count for label, count in count_ids(volumes.label_map(path, choices)).items()}


@dataclass(frozen=True)
class Order:
    """A prediction to score: what to call it in a message, where its scores go, and its files."""

    where: str
    folder: Path
    files: Files


def score(
    case: str, orders: Sequence[Order], raters: Sequence[Path], settings: Settings, versions: Mapping[str, int]
) -> list[Fault | bool | None]:
    """Score the predictions of a case, each unless that is done, and read its references once; none is no error here.

    Returns: of each order, why it could not be scored; None where it was there from an earlier call; else True.
    """
    read_references = cache(lambda: volumes.read_raters(raters, settings))
    hash_references = cache(lambda: [given.hash_file(path) for path in raters])
    return [_score(case, order, hash_references, read_references, settings, versions) for order in orders]


def _score(
    case: str,
    order: Order,
    hash_references: Callable[[], list[str]],
    read_references: Callable[[], Raters],
    settings: Settings,
    versions: Mapping[str, int],
) -> Fault | bool | None:
    try:
        key = pieces.key_of(  # from the bytes of its files, not from their place
            prediction={kind: given.hash_file(path) for kind, path in vars(order.files).items() if path},
            references=hash_references(),
            settings=asdict(settings),
            libraries={name: metadata.version(name) for name in settings.cross_check},
            versions=dict(versions),
        )
        kept = (pieces.read_record(order.folder, PIECE) or {}).get("key") == key
        pieces.make(order.folder, PIECE, key, lambda scratch: _build(order.files, read_references(), settings, scratch))
    except volumes.BadReferenceError as error:
        return fault(inputs.REFERENCES, case, error)
    except InputError as error:
        return fault(order.where, case, error)
    return None if kept else True


def _build(files: Files, raters: Raters, settings: Settings, scratch: Path) -> dict[str, Any]:
    loaded = volumes.read_case(files, raters, settings)
    rows, statistics = _rows(loaded, settings)
    rows.to_parquet(scratch / "scores.parquet", index=False)
    arrays = {name: array for roi, bins in statistics.items() for name, array in bins.to_arrays(roi).items()}
    if arrays:
        np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"regions": list(statistics), **facts.describe(loaded)}


def _rows(loaded: Loaded, settings: Settings) -> tuple[pd.DataFrame, Mapping[str, Reliability]]:
    """Return the scores of a case, and the bins of its reliability diagrams where it has probabilities."""
    assert settings.structures is not None, "settings are complete"
    assert settings.classes is not None, "settings are complete"
    arrays = (loaded.prediction, loaded.references, loaded.spacing_mm, settings.structures)
    common: dict[str, Any] = {
        "tolerances_mm": settings.tolerances_mm,
        "valid": loaded.valid,
        "cross_check": settings.cross_check,
        "also": settings.also,
        "lesion_matching": settings.lesion_matching,
    }
    if loaded.is_label_map:
        return metrics.score_label_map(*arrays, classes=settings.classes, **common), {}
    assessment = assess(*arrays, band_mm=settings.band_mm, bins=settings.bins, checked=True, **common)
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
