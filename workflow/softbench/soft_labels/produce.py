"""Making the soft labels of a whole data set: one keyed piece a case, a pool of processes, one manifest at the end."""

import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import datasets, pieces, pool, store
from softbench.errors import InputError
from softbench.soft_labels.quality import VERSION as QUALITY_VERSION
from softbench.soft_labels.quality import quality
from softbench.soft_labels.reader import compute


def produce(
    recipe: str,
    data: Path,
    output: Path,
    *,
    settings: dict[str, Any],
    version: Any,
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> None:
    """Soften every case of a data set; write quality.parquet and, last, manifest.json.

    Args:
        recipe: a module of this room.
        data: the folder of a prepared data set.
        output: the soft label's folder. A stored recipe leaves `cases/<case>.npz` there; a computed one only numbers.
        settings: the recipe's settings; those left out take its defaults.
        version: the VERSIONs that decide the result, as the workflow read them.
        workers: processes; changes no number.
        log: takes a line of progress.
    Raises: InputError: if the soft label of a case breaks the contract; the message names the case.
    """
    module = importlib.import_module(f"softbench.soft_labels.{recipe}")
    dataset = datasets.open(data)
    complete = {**module.SETTINGS, **settings}
    job = {"recipe": recipe, "settings": complete, "version": version, "quality": QUALITY_VERSION}
    hashes = dataset.manifest["cases"]
    keys = {case: pieces.key_of(**job, data=hashes[case]) for case in dataset.cases["case"]}
    work = partial(_soften_case, recipe, data, output, complete)
    records = pool.each(work, list(keys.items()), workers=workers, what=f"soften {recipe}", log=log)
    rows = [{"case": case, **record["quality"]} for case, record in zip(keys, records, strict=True)]
    pieces.write_file(output / "quality.parquet", pd.DataFrame(rows).to_parquet)
    manifest = {
        "recipe": recipe,
        "kind": module.KIND,
        "settings": complete,
        "classes": len(dataset.classes),
        "normalised": module.is_normalised(**complete),
        "key": pieces.key_of(**job, cases=keys),
        "cases": {case: record["hash"] for case, record in zip(keys, records, strict=True)},
    }
    pieces.write_json(output / "manifest.json", manifest)


def _soften_case(recipe: str, data: Path, output: Path, settings: dict[str, Any], case_id: str, key: str) -> dict:
    """Make the piece of one case; its record holds the hash of the stored integers and the quality numbers."""
    module = importlib.import_module(f"softbench.soft_labels.{recipe}")
    dataset = datasets.open(data)

    def build(scratch: Path) -> dict[str, Any]:
        case = dataset.load(case_id)
        soft = compute(recipe, case, len(dataset.classes), settings)
        check(soft, case_id, (len(dataset.classes), *case.labels.shape[1:]), module.is_normalised(**settings))
        codes = store.encode(soft)
        if module.KIND == "stored":
            np.savez_compressed(scratch / f"{case_id}.npz", probabilities=codes, affine=case.affine)
        numbers = quality(store.decode(codes), case.labels, case.spacing_mm, case.truth)
        known = {name: value for name, value in numbers.items() if np.isfinite(value)}
        return {"hash": pieces.hash_array(codes), "quality": known}

    return pieces.make(output / "cases", case_id, key, build)


def check(soft: np.ndarray, case: str, shape: tuple[int, ...], normalised: bool) -> None:
    """Raise an InputError that names the case if a soft label has another shape, leaves [0, 1] or misses its sum."""
    if soft.shape != shape:
        raise InputError(f"case {case}: the soft label has the shape {soft.shape}, but must have {shape} (C, ...).")
    if not np.isfinite(soft).all() or soft.min() < -1e-6 or soft.max() > 1 + 1e-6:
        raise InputError(f"case {case}: the soft label must lie in [0, 1], but spans {soft.min()} to {soft.max()}.")
    error = float(np.abs(soft.sum(axis=0) - 1).max())
    if normalised and error > 1e-5:
        raise InputError(f"case {case}: the soft label must sum to 1 over classes, but is off by up to {error:.3g}.")
