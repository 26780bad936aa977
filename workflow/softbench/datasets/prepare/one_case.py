"""One case into a dataset's folder, as a keyed piece: read or made, normalised, hashed, written whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from softbench import datasets, given, images, store
from softbench.datasets import phantoms
from softbench.datasets.case import Case, RawCase, Volumes
from softbench.datasets.folder import hash_arrays, write_prepared
from softbench.datasets.prepare import grid
from softbench.datasets.prepare.intensities import normalise, subtract, window
from softbench.datasets.prepare.second_scan import find_second_scan
from softbench.datasets.sources import reading
from softbench.errors import InputError
from softbench.images import Choices
from softbench.jobs import pieces

VERSION = 4


@dataclass(frozen=True)
class Order:
    """What a worker needs to take in one case.

    Attributes:
        folder: where the pieces lie, `<dataset>/cases`.
        source: name of the source.
        case: id of the case.
        files: its files, or None for a phantom.
        settings: those that decide a case, complete; see `prepare.run`.
        versions: VERSION of each module that decides.
        check: what is looked for in the case, one of `known_cases.CHECKS`; part of its key.
    """

    folder: Path
    source: str
    case: str
    files: RawCase | None
    settings: Mapping[str, Any]
    versions: Mapping[str, int]
    check: str = ""


def take_in(order: Order) -> dict[str, Any]:
    """Return the facts of a case (columns of `cases.parquet`), or its `case` and the `reason` why it cannot be used.

    Of one whose label map has unknown ids, `ids` are all that the map holds.

    Raises: InputError: if the dataset's folder cannot be written: then no other case can be finished either.
    """
    try:
        key = _key(order)
        record = pieces.make(order.folder, order.case, key, lambda scratch: _build(order, scratch / order.case))
    except InputError as error:
        ids = getattr(error, "ids", [])  # of a label map with unknown ones
        return {"case": order.case, "reason": str(error), "ids": ids}
    except OSError as error:
        raise InputError(
            f"{order.case}: {error.filename or order.folder} cannot be read or written ({error.strerror or error}). "
            "Free space on the disk, or fix its permissions, and run again: the cases that are finished are kept."
        ) from error
    return record


def choices(settings: Mapping[str, Any]) -> Choices:
    """Return how files are read whose headers leave it open, by the settings of a dataset."""
    return Choices(settings.get("affine"), bool(settings.get("rescale_labels")))


def _key(order: Order) -> str:
    """Return the key of a case: from the bytes of its files, not from their place."""
    inputs: dict[str, Any] | None = None
    if order.files is not None:
        reading.require_files(order.files, len(datasets.source(order.source).MODALITIES))
        paths = {"images": order.files.images, "labels": order.files.labels}
        inputs = {kind: [_hash(path) for path in files] for kind, files in paths.items()}
        inputs["details"] = order.files.details
        if extra := _extra_files(order):
            inputs["extra"] = [_hash(path) for path in extra]
    return pieces.key_of(
        source=order.source,
        case=order.case,
        patient=order.files.patient if order.files else order.case,
        inputs=inputs,
        settings=dict(order.settings),
        versions=dict(order.versions),
        **({"check": order.check} if order.check else {}),
    )


def _extra_files(order: Order) -> list[Path]:
    """Return the files besides the case's own that its settings need: of sources that have an `extra_files`."""
    source = datasets.source(order.source)
    own = {name: order.settings[name] for name in getattr(source, "SETTINGS", {}) if name in order.settings}
    found: list[Path] = source.extra_files(order.files, **own) if hasattr(source, "extra_files") else []
    return found


def _build(order: Order, folder: Path) -> dict[str, Any]:
    case, facts = _make(order) if order.files is None else _read(order, order.files)
    arrays = {"images": _prepared(case.images, order.settings), "labels": case.labels}
    if case.truth is not None:
        arrays["truth"] = store.encode(case.truth)
    if case.valid is not None:
        arrays["valid"] = case.valid
    if case.shares is not None:
        arrays["shares"] = case.shares
    folder.mkdir()
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    prepared = write_prepared(folder, case.images, order.settings)
    classes = len(datasets.source(order.source).CLASSES)
    return {
        "case": order.case,
        "patient": order.files.patient if order.files else order.case,
        "shape": case.labels.shape[1:],
        "spacing_mm": case.spacing_mm,
        "affine": case.affine.ravel(),
        "raters": len(case.labels),
        "voxels": np.bincount(case.labels.ravel(), minlength=classes),
        "hash": hash_arrays(case.affine, arrays),
        "prepared": prepared,
        **facts,
    }


def _hash(path: Path) -> str:
    """Return the sha256 of a file, or of the files of a folder (a DICOM series) in the order of their names."""
    if not path.is_dir():
        images.require_file(path)
        return given.hash_file(path)
    return pieces.key_of(files=[given.hash_file(file) for file in sorted(path.iterdir()) if file.is_file()])


def _make(order: Order) -> tuple[Case, dict[str, Any]]:
    """Return a phantom, with the orientation and the hash of its image."""
    case = phantoms.make(order.source, order.case, order.settings["seed"], size=order.settings["size"])
    return case, {"axcodes": "RAS", "image_sha256": pieces.hash_array(case.images)}


def _read(order: Order, files: RawCase) -> tuple[Case, dict[str, Any]]:
    """Return a case on the dataset's grid; and the orientation, published image's hash and fault of its file."""
    source, settings = datasets.source(order.source), order.settings
    own = {name: settings[name] for name in getattr(source, "SETTINGS", {})}
    read = getattr(source, "read", None)
    chosen = replace(files, choices=choices(settings))
    volumes: Volumes = read(chosen, **own) if read else reading.read_case(chosen, source)
    facts: dict[str, Any] = {"axcodes": volumes.axcodes, "image_sha256": pieces.hash_array(volumes.channels)}
    found = find_second_scan(volumes.channels[0], volumes.labels[0]) if order.check == "second_scan" else ""
    facts |= {"found": found} if found else {}
    facts |= {} if volumes.oriented else {"oriented": False}
    volumes = grid.resample(
        volumes,
        settings["spacing_mm"],
        images=settings["interpolation"],
        labels=settings["label_interpolation"],
        classes=len(source.CLASSES),
    )
    volumes = replace(volumes, channels=window(volumes.channels, settings["window"]))
    if settings["crop"] is not None:
        volumes = grid.crop(volumes, **settings["crop"])
    case = Case(
        order.case,
        volumes.channels,
        volumes.labels,
        volumes.spacing_mm,
        volumes.affine,
        valid=volumes.valid,
        shares=volumes.shares,
    )
    return case, facts


def _prepared(channels: np.ndarray, settings: Mapping[str, Any]) -> np.ndarray:
    try:
        prepared = np.stack([normalise(channel, how=settings["normalise"]) for channel in channels])
    except InputError as error:
        raise InputError(
            f"after `window` and `crop`, {error} Change these settings or `normalise`, or leave the case out."
        ) from error
    prepared = subtract(prepared, settings.get("subtract"))
    with np.errstate(over="ignore"):
        stored = prepared.astype(settings["dtype"])
    if not np.isfinite(stored).all():
        raise InputError(
            f"intensities up to {np.abs(prepared).max():.3g} do not fit into {settings['dtype']}. "
            "Use `dtype: float32`, or normalise."
        )
    return stored
