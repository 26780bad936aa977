"""Probabilities that a program wrote, one NIfTI a case, checked and turned into the store of a soft label."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import datasets, images, store
from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.jobs import pieces, pool, provenance
from softbench.jobs.progress import Log
from softbench.soft_labels.measures import quality
from softbench.soft_labels.verify import check

VERSION = 1


def pack(
    folder: Path,
    data: Path,
    output: Path,
    *,
    recipe: str,
    settings: Mapping[str, Any],
    normalised: bool = True,
    raters: str = "one",
    workers: int = 1,
    log: Log = print,
) -> None:
    """Check the files of all cases, then write `cases/`, quality.parquet, provenance.json and, last, manifest.json.

    Args:
        folder: `<case>.nii` or `<case>.nii.gz` for every case: probabilities (x, y, z, class), background first.
        data: the folder of the prepared dataset.
        output: the soft label's folder.
        recipe: its rule file's name.
        settings: what it was made with.
        normalised: whether the classes of every voxel sum to 1.
        raters: "one" where the program read the first rater, "many" where it read all.
        workers: processes; changes no number.
        log: takes a line of progress.
    Raises: InputError: that lists the cases without a file, or names the first file that breaks the contract; nothing
        is written then that training would read.
    """
    watch = provenance.Watch()
    dataset = datasets.open(data)
    files = _files(folder, list(dataset.cases["case"]))
    (output / "manifest.json").unlink(missing_ok=True)
    work = partial(_pack_case, data, output, normalised)
    records = pool.each(work, list(files.items()), workers=workers, what=recipe, log=log)
    hashes = {case: record["hash"] for case, record in zip(files, records, strict=True)}
    rows = [{"case": case, **record["quality"]} for case, record in zip(files, records, strict=True)]
    pieces.write_file(output / "quality.parquet", pd.DataFrame(rows).to_parquet)
    watch.write(output / "provenance.json", workers=workers)
    facts = {"recipe": recipe, "settings": dict(settings), "kind": "stored", "raters": raters, "normalised": normalised}
    manifest = {**facts, "classes": len(dataset.classes), "map": None, "cases": hashes}
    pieces.write_json(output / "manifest.json", {**manifest, "key": pieces.key_of(**manifest)})


def _files(folder: Path, cases: list[str]) -> dict[str, Path]:
    """Return the file of each case."""
    found = {case: [folder / f"{case}{end}" for end in (".nii", ".nii.gz")] for case in cases}
    there = {case: [path for path in paths if path.exists()] for case, paths in found.items()}
    missing = [case for case, paths in there.items() if not paths]
    if missing:
        raise InputError(
            f"{len(missing)} of {len(cases)} cases have no file in {folder}: {', '.join(missing[:5])}"
            f"{', ...' if len(missing) > 5 else ''}. Write <case>.nii or <case>.nii.gz for each."
        )
    return {case: paths[0] for case, paths in there.items()}


def _pack_case(data: Path, output: Path, normalised: bool, case_id: str, path: Path) -> dict[str, Any]:
    dataset = datasets.open(data)
    case = dataset.load(case_id)
    soft = _read(path, case)
    check(soft, f"{case_id} ({path.name})", (len(dataset.classes), *case.labels.shape[1:]), normalised)
    digest = store.write(output, case_id, soft, affine=case.affine)
    numbers = quality(soft, case.labels, case.spacing_mm, case.truth)
    return {"hash": digest, "quality": {name: value for name, value in numbers.items() if np.isfinite(value)}}


def _read(path: Path, case: Case) -> np.ndarray:
    """Return the probabilities of a file, (C, ...) float32; a slice of a 2-D case loses its axis."""
    soft = np.stack([channel.array for channel in images.read_channels(path)]).astype(np.float32)
    return soft[:, 0] if case.labels.ndim == 3 and soft.shape[1] == 1 else soft
