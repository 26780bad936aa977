"""One case into a dataset's folder, as a keyed piece: read or made, normalised, hashed, written whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softbench import datasets, pieces, store
from softbench.datasets import phantoms, reading
from softbench.datasets.case import Case, RawCase
from softbench.datasets.normalise import normalise
from softbench.errors import InputError

VERSION = 1


@dataclass(frozen=True)
class Order:
    """What a worker needs to take in one case.

    Attributes:
        folder: where the pieces lie, `<dataset>/cases`.
        source: name of the source.
        case: id of the case.
        files: its files, or None for a phantom.
        settings: those that decide a case: `normalise`, `dtype`, and of a phantom `size` and `seed`.
        versions: VERSION of each module that decides.
    """

    folder: Path
    source: str
    case: str
    files: RawCase | None
    settings: Mapping[str, Any]
    versions: Mapping[str, int]


def take_in(order: Order) -> dict[str, Any]:
    """Return the facts of a case (columns of `cases.parquet`), or its `case` and the `reason` why it cannot be used."""
    try:
        key = _key(order)
        record = pieces.make(order.folder, order.case, key, lambda scratch: _build(order, scratch / order.case))
    except InputError as error:
        return {"case": order.case, "reason": str(error)}
    return record


def _key(order: Order) -> str:
    """Return the key of a case: from the bytes of its files, not from their place."""
    inputs = None
    if order.files is not None:
        reading.require_files(order.files, len(datasets.source(order.source).MODALITIES))
        paths = {"images": order.files.images, "labels": order.files.labels}
        inputs = {kind: [pieces.hash_file(path) for path in files] for kind, files in paths.items()}
    return pieces.key_of(
        source=order.source,
        case=order.case,
        patient=order.files.patient if order.files else order.case,
        inputs=inputs,
        settings=dict(order.settings),
        versions=dict(order.versions),
    )


def _build(order: Order, folder: Path) -> dict[str, Any]:
    case, axcodes = _make(order) if order.files is None else _read(order, order.files)
    arrays = {"images": _prepared(case.images, order.settings), "labels": case.labels}
    if case.truth is not None:
        arrays["truth"] = store.encode(case.truth)
    if case.valid is not None:
        arrays["valid"] = case.valid
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    classes = len(datasets.source(order.source).CLASSES)
    return {
        "case": order.case,
        "patient": order.files.patient if order.files else order.case,
        "shape": case.labels.shape[1:],
        "spacing_mm": case.spacing_mm,
        "affine": case.affine.ravel(),
        "axcodes": axcodes,
        "raters": len(case.labels),
        "voxels": np.bincount(case.labels.ravel(), minlength=classes),
        "image_sha256": pieces.hash_array(case.images),
        "hash": pieces.key_of(affine=case.affine, **{name: pieces.hash_array(array) for name, array in arrays.items()}),
    }


def _make(order: Order) -> tuple[Case, str]:
    case = phantoms.make(order.source, order.case, order.settings["seed"], size=order.settings["size"])
    return case, "RAS"


def _read(order: Order, files: RawCase) -> tuple[Case, str]:
    source = datasets.source(order.source)
    volumes = reading.read_case(files, len(source.CLASSES), len(source.MODALITIES))
    case = Case(order.case, volumes.channels, volumes.labels, volumes.spacing_mm, volumes.affine)
    return case, volumes.axcodes


def _prepared(channels: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    prepared = np.stack([normalise(channel, how=settings["normalise"]) for channel in channels])
    with np.errstate(over="ignore"):
        stored = prepared.astype(settings["dtype"])
    if not np.isfinite(stored).all():
        raise InputError(
            f"intensities up to {np.abs(prepared).max():.3g} do not fit into {settings['dtype']}. "
            "Use `dtype: float32`, or normalise."
        )
    return stored
