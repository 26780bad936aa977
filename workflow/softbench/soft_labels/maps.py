"""Maps: what many soft labels of a recipe share, made once a case and read by each of them.

A geodesic distance knows no alpha, decay or normalisation; a SLIC segment no distance convention. They are stored as
one npz a case, whole numbers as they are, floats with 16 significant bits (relative error at most 1.6e-5).

Which intensities a soft label sees is a setting of every map, and of every recipe without a map, that reads the image.
It says what the workflow hands over as `image`, so it never reaches `soften` or `make_map`.
"""

import importlib
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from softbench import datasets
from softbench.checks import require_one_of
from softbench.datasets.case import INTENSITIES
from softbench.datasets.folder import Dataset, open_again
from softbench.jobs import pieces, progress, provenance, storage
from softbench.soft_labels.contract import fill

VERSION = 1
DROPPED_BITS = 8  # of a float32's 24 significant ones
SETTING = "intensities"
DEFAULT = "prepared"  # as the authors of GeoLS run their script: on the published intensities, not the network's
ALLOWED = {"intensities": {"constant": "datasets/case.py:INTENSITIES", "description": "of the image that is seen"}}
PACKED = "float32 "  # prefix of an array whose float32 values are stored as three planes of bytes


def pack(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turn arrays into what the file holds: a float32 array becomes planes of its three upper bytes, rounded.

    The planes compress far better than the numbers: signs and exponents of neighbours hardly differ.
    """
    return dict(_packed(name, array) for name, array in arrays.items())


def _packed(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    if array.dtype != np.float32:
        return name, array
    bits = np.ascontiguousarray(array).view(np.uint32).astype(np.uint64)
    rounded = (bits + (1 << (DROPPED_BITS - 1))) >> DROPPED_BITS
    exact = np.where(np.isfinite(array), rounded, bits >> DROPPED_BITS)
    planes = [(exact >> shift).astype(np.uint8) for shift in (16, 8, 0)]
    return PACKED + name, np.stack(planes)


def unpack(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Turn what a file holds back into arrays."""
    return dict(_unpacked(name, array) for name, array in arrays.items())


def _unpacked(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    if not name.startswith(PACKED):
        return name, array
    high, middle, low = array.astype(np.uint32)
    bits = ((high << 16) | (middle << 8) | low) << DROPPED_BITS
    return name.removeprefix(PACKED), bits.view(np.float32)


def read(folder: Path, case: str) -> dict[str, np.ndarray]:
    """Read the maps of a case.

    Raises: InputError: if they are not there, or damaged; the message names the file.
    """
    path = folder / "cases" / f"{case}.npz"
    with storage.reading(path, folder / "shard-*.json"), np.load(path) as file:
        return unpack(dict(file))


def produce(
    recipe: str,
    data: Path,
    output: Path,
    *,
    settings: dict[str, Any],
    version: Any,
    shard: int = 0,
    shards: int = 1,
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> None:
    """Make the maps of the cases of one shard; write their list last, beside what they took.

    Args:
        recipe: a module of this room with `make_map` and `MAP_SETTINGS`. Where it has `map_facts`, their numbers stand
            in the list, and `doubt` says which cases the log warns of.
        data: the folder of a prepared data set.
        output: the map's folder; maps go to `cases/<case>.npz`, the list to `shard-<shard>.json`, the circumstances to
            `shard-<shard>.provenance.json`.
        settings: of the map; those left out take the recipe's defaults. `intensities` (prepared | normalised) says
            which image it sees, see `Case.intensities`.
        version: the VERSIONs that decide the result.
        shard: which cases: those whose index modulo `shards` is `shard`.
        shards: how many jobs share the cases.
        workers: processes; changes no number.
        log: takes a line of progress.
    Raises: InputError: if a setting is unknown, or the data set does not keep the intensities that are asked for.
    """
    watch = provenance.Watch()
    module = importlib.import_module(f"softbench.soft_labels.{recipe}")
    defaults = {name: module.SETTINGS[name] for name in module.MAP_SETTINGS} | default_intensities(module)
    for name in settings:
        require_one_of(f"setting of a map of {recipe}", name, defaults)
    complete = defaults | settings
    take_intensities(complete)  # refuses a kind that does not exist, before any case
    dataset = datasets.open(data)
    job = {"recipe": recipe, "settings": complete, "version": version, "format": VERSION}
    cases = list(dataset.manifest["cases"])[shard::shards]
    keys = {case: pieces.key_of(**job, data=input_hashes(dataset, case, complete)) for case in cases}
    work = partial(_map_case, recipe, data, output / "cases", complete)
    records = progress.each(work, list(keys.items()), workers=workers, what=f"map {recipe}", log=log)
    of_case = dict(zip(keys, records, strict=True))
    made = {case: record["hash"] for case, record in of_case.items()}
    facts = {case: record["facts"] for case, record in of_case.items() if "facts" in record}
    for case, known in facts.items():
        if doubt := module.doubt(known):
            log(f"WARNING: case {case}: {doubt}.")
    watch.write(output / f"shard-{shard}.provenance.json", workers=workers, **provenance.of_cases(records))
    listed = {"recipe": recipe, "settings": complete, "cases": made} | ({"facts": facts} if facts else {})
    pieces.write_json(output / f"shard-{shard}.json", listed)


def read_facts(folder: Path, case: str) -> dict[str, int | float]:
    """Return what the map of a case says of itself (`map_facts` of its recipe); nothing where it says nothing."""
    return (pieces.read_record(folder / "cases", case) or {}).get("facts", {})


def _map_case(
    recipe: str, data: Path, folder: Path, settings: dict[str, Any], case_id: str, key: str
) -> dict[str, Any]:
    """Make the piece of one case; its record holds one hash over all arrays, and what they took."""

    def build(scratch: Path) -> dict[str, Any]:
        began = time.process_time()
        dataset = open_again(data)
        case = dataset.load(case_id)
        module = importlib.import_module(f"softbench.soft_labels.{recipe}")
        labels = case.labels[:1] if case.valid is None else fill(case.labels[:1], case.valid, case.spacing_mm)
        kind, of_map = take_intensities(settings)
        given = {"classes": len(dataset.classes), "case": case.id, **of_map}
        arrays = module.make_map(labels, case.intensities(kind), case.spacing_mm, **given)
        packed: dict[str, Any] = pack(arrays)
        np.savez_compressed(scratch / f"{case_id}.npz", **packed)
        record: dict[str, Any] = {
            "hash": pieces.key_of(**{name: pieces.hash_array(array) for name, array in packed.items()})
        }
        if hasattr(module, "map_facts"):
            record["facts"] = module.map_facts(labels, arrays, classes=len(dataset.classes), **of_map)
        return {**record, "cpu_seconds": round(time.process_time() - began, 4)}

    return pieces.make(folder, case_id, key, build)


def default_intensities(recipe: ModuleType) -> dict[str, str]:
    """Return the setting with its default for a recipe that reads the image, and nothing for one that does not."""
    return {SETTING: DEFAULT} if recipe.NEEDS_IMAGE else {}


def take_intensities(settings: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return which intensities the settings ask for, and the settings that a recipe takes itself.

    Raises: InputError: if there are no such intensities.
    """
    kind = settings.get(SETTING, DEFAULT)
    require_one_of(SETTING, kind, INTENSITIES)
    return kind, {name: value for name, value in settings.items() if name != SETTING}


def input_hashes(dataset: Dataset, case: str, settings: Mapping[str, Any]) -> list[str]:
    """Return the hashes that decide what a recipe with these settings sees of a case.

    Args:
        dataset: a prepared dataset.
        case: id of the case.
        settings: complete; without the setting where the recipe reads no image.
    Raises: InputError: if they ask for intensities that the dataset does not keep.
    """
    of_case: str = dataset.manifest["cases"][case]
    return [of_case, dataset.prepared_hash(case)] if settings.get(SETTING) == "prepared" else [of_case]
