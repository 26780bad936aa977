"""Making the soft labels of a whole data set: one keyed piece a case, a pool of processes, one manifest at the end."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from softbench import datasets, store
from softbench.datasets import splits
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset, open_again
from softbench.errors import InputError
from softbench.jobs import pieces, progress, provenance
from softbench.soft_labels import maps
from softbench.soft_labels.load import load, made
from softbench.soft_labels.measures import quality
from softbench.soft_labels.reader import compute
from softbench.soft_labels.taught import Teacher

VERSION = 1


@dataclass(frozen=True)
class Job:
    """What the pieces of a soft label share: recipe, where data, output and maps lie, settings, and which case
    each case takes labels or image from."""

    recipe: str
    data: Path
    output: Path
    settings: dict[str, Any]
    map_folder: Path | None
    lenders: dict[str, str]
    teacher: "Teacher | None" = None

    @property
    def module(self) -> ModuleType:
        """The recipe."""
        return load(self.recipe)

    @property
    def own_settings(self) -> dict[str, Any]:
        """The settings that the recipe takes itself."""
        return maps.take_intensities(self.settings)[1]


def produce(
    recipe: str,
    data: Path,
    output: Path,
    *,
    settings: dict[str, Any],
    version: Any,
    map_folder: Path | None = None,
    map_settings: dict[str, Any] | None = None,
    split: pd.DataFrame | None = None,
    teacher_folder: Path | None = None,
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> None:
    """Soften every case of a data set; write quality.parquet, provenance.json and, last, manifest.json.

    Args:
        recipe: a module of this room.
        data: the folder of a prepared data set.
        output: the soft label's folder. A stored recipe leaves `cases/<case>.npz` there, others only numbers.
        settings: the recipe's settings; those left out take its defaults. For a recipe that reads the image without a
            map, `intensities` (prepared | normalised) says which image it sees, see `Case.intensities`.
        version: the VERSIONs that decide the result, as the workflow read them.
        map_folder: where the maps lie, for a recipe that mixes them.
        map_settings: what they were made with.
        split: for a control that exchanges cases (`SWAPS`): they lend within its parts; a case of no part is left out.
        teacher_folder: where a teacher's probabilities lie (`training.teacher`), for a recipe with `NEEDS_TEACHER`;
            only the cases that it predicted are softened.
        workers: processes; changes no number.
        log: takes a line of progress.
    Raises: InputError: if the soft label of a case breaks the contract (the message names the case), or the data set
        does not keep the intensities that are asked for.
    """
    watch = provenance.Watch()
    module = load(recipe)
    dataset = datasets.open(data)
    complete = {**maps.default_intensities(module), **module.SETTINGS, **(map_settings or {}), **settings}
    lenders = _lenders(module, None if split is None else splits.without_excluded(split, dataset.manifest))
    teacher = Teacher.of(module, teacher_folder, dataset)
    job = Job(recipe, data, output, complete, map_folder, lenders, teacher)
    facts = {"recipe": recipe, "settings": complete, "version": version}
    inputs = _inputs(dataset, lenders, complete)
    if teacher is not None:
        facts["learned"] = teacher.learned
        inputs = {case: [*inputs[case], codes] for case, codes in teacher.cases.items()}
    keys = {case: pieces.key_of(**facts, data=data) for case, data in inputs.items()}
    records = progress.each(partial(_soften_case, job), list(keys.items()), workers=workers, what=recipe, log=log)
    rows = [{"case": case, **record["quality"]} for case, record in zip(keys, records, strict=True)]
    pieces.write_file(output / "quality.parquet", pd.DataFrame(rows).to_parquet)
    watch.write(output / "provenance.json", workers=workers, **provenance.of_cases(records))
    manifest = {
        "recipe": recipe,
        "kind": module.KIND,
        "raters": module.RATERS,
        "settings": complete,
        "classes": len(dataset.classes),
        "normalised": module.is_normalised(**job.own_settings),
        "map": os.path.relpath(map_folder, output) if map_folder else None,
        "key": pieces.key_of(**facts, cases=keys),
        "cases": {case: record["hash"] for case, record in zip(keys, records, strict=True)},
    }
    pieces.write_json(output / "manifest.json", manifest)


def _lenders(module: ModuleType, split: pd.DataFrame | None) -> dict[str, str]:
    if not hasattr(module, "SWAPS"):
        return {}
    if split is None:
        raise InputError(f"{module.__name__} exchanges cases within the parts of a split, but was given no split.")
    return choose_lenders(split)


def _inputs(dataset: Dataset, lenders: dict[str, str], settings: dict[str, Any]) -> dict[str, list[str]]:
    """Return the hashes that decide the soft label of each case: its own, and the lender's where there is one."""
    hashes = partial(maps.input_hashes, dataset, settings=settings)
    if not lenders:
        return {case: hashes(case) for case in dataset.cases["case"]}
    return {case: [*hashes(case), *hashes(lender)] for case, lender in lenders.items()}


def _soften_case(job: Job, case_id: str, key: str) -> dict[str, Any]:
    """Make the piece of one case; its record holds the hash of the stored integers, the quality numbers, and what it
    took without them."""

    def build(scratch: Path) -> dict[str, Any]:
        began = time.process_time()
        dataset = open_again(job.data)
        case, classes = dataset.load(case_id), len(dataset.classes)
        soft = made(
            job.module,
            case.id,
            (classes, *soft_label_grid(job, case)),
            job.own_settings,
            lambda: _soft(job, dataset, case),
        )
        codes = store.encode(soft)
        if job.module.KIND == "stored":
            np.savez_compressed(scratch / f"{case_id}.npz", **store.pack(codes), affine=case.affine)
        taken = {"cpu_seconds": round(time.process_time() - began, 4)}
        numbers = _quality(codes, case) | _of_map(job, case_id)
        return {"hash": pieces.hash_array(codes), "quality": numbers, **taken}

    return pieces.make(job.output / "cases", case_id, key, build)


def _soft(job: Job, dataset: Dataset, case: Case) -> np.ndarray:
    """Return the soft label of a case; a control sees the lender's labels or image in place of its own."""
    labels, image = None, None
    if job.lenders:
        lender = dataset.load(job.lenders[case.id])
        grid = case.labels.shape[1:]
        labels = fit(lender.labels, grid) if job.module.SWAPS == "labels" else None
        kind, _ = maps.take_intensities(job.settings)
        image = fit(lender.intensities(kind), grid) if job.module.SWAPS == "image" else None
    return compute(
        job.recipe,
        case,
        len(dataset.classes),
        job.settings,
        labels=labels,
        image=image,
        map_folder=job.map_folder,
        taught=job.teacher.taught(case.id) if job.teacher else None,
    )


def _of_map(job: Job, case_id: str) -> dict[str, float]:
    """Return the numbers that the map of a case knows, as floats; none without maps."""
    facts = maps.read_facts(job.map_folder, case_id) if job.map_folder else {}
    return {name: float(value) for name, value in facts.items()}


def soft_label_grid(job: Job, case: Case) -> tuple[int, ...]:
    """Return the grid of a soft label: the case's, but for a recipe with a `grid` of its own."""
    own = getattr(job.module, "grid", None)
    return own(case.labels.shape[1:], **job.own_settings) if own else case.labels.shape[1:]


def _quality(codes: np.ndarray, case: Case) -> dict[str, float]:
    """Return the numbers that are known; none where the soft label lies on another grid than the labels."""
    if codes.shape[1:] != case.labels.shape[1:]:
        return {}
    numbers = quality(store.decode(codes), case.labels, case.spacing_mm, case.truth)
    return {name: value for name, value in numbers.items() if np.isfinite(value)}


def choose_lenders(split: pd.DataFrame) -> dict[str, str]:
    """Return for each case of a split the next case of the same part; for the last case, the first.

    Args:
        split: columns case and part, in the order of the split's file.
    """
    lenders: dict[str, str] = {}
    for _, part in split.groupby("part", sort=False):
        cases = list(part["case"])
        lenders |= dict(zip(cases, cases[1:] + cases[:1], strict=True))
    return lenders


def fit(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Crop or pad the last axes around their centre to `shape`.

    Args:
        array: (N, ...) labels or channels; padding is 0 for integers, the channel's smallest value for floats.
        shape: of the other case, without the first axis.
    Returns: (N, *shape), of the same type.
    """
    for axis, want in enumerate(shape, start=1):
        have = array.shape[axis]
        if have > want:
            first = (have - want) // 2
            array = np.take(array, range(first, first + want), axis)
        elif have < want:
            before = (want - have) // 2
            array = _pad(array, axis, before, want - have - before)
    return array


def _pad(array: np.ndarray, axis: int, before: int, after: int) -> np.ndarray:
    fill = 0 if np.issubdtype(array.dtype, np.integer) else float(array.min())
    widths = [(before, after) if n == axis else (0, 0) for n in range(array.ndim)]
    return np.pad(array, widths, constant_values=fill)
