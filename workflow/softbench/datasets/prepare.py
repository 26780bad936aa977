"""A source becomes a dataset: cases checked, turned to RAS, normalised and hashed; then a table, then a manifest."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from softbench import datasets, images, pieces, pool, store
from softbench.checks import require_one_of
from softbench.datasets import intake, layout, normalise, phantoms, reading
from softbench.datasets.case import RawCase
from softbench.datasets.folder import COLUMNS
from softbench.datasets.intake import Order
from softbench.errors import InputError

VERSION = 1
DTYPES = ("float32", "float16")
DEFAULTS = {"normalise": "zscore", "dtype": "float32"}
DEFAULTS_MADE = {"normalise": "zscore_nonzero", "dtype": "float32", "size": "small", "seed": 0}  # and `cases`


def run(
    source_name: str,
    raw: Path | None,
    output: Path,
    *,
    settings: Mapping[str, Any],
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> None:
    """Prepare all cases of a source; finished cases of an earlier run with the same key are kept.

    Args:
        source_name: one of `datasets.names()`.
        raw: the folder with the files as published; None for a phantom.
        output: the dataset's folder; `manifest.json` is written last.
        settings: `normalise` (zscore | zscore_nonzero | none), `dtype` (float32 | float16); for a phantom also `size`,
            `seed` and `cases` (how many). What is not named has its default.
        workers: processes that share the cases; their number changes no byte of the output.
        log: takes the progress lines.
    Raises: InputError: if a setting is unknown, no case is found, or cases cannot be used: one error that lists each
        of them with its reason, after all others were finished.
    """
    source = datasets.source(source_name)
    full = full_settings(source, settings)
    (output / "manifest.json").unlink(missing_ok=True)  # from here on the folder is unfinished
    orders, refused = _orders(source_name, source, raw, output, full)
    outcomes = pool.each(intake.take_in, [(o,) for o in orders], workers=workers, what=source_name, log=log)
    bad = [(outcome["case"], outcome["reason"]) for outcome in outcomes if "reason" in outcome]
    _require_none_refused(source_name, refused + bad, finished=len(outcomes) - len(bad))
    table = pd.DataFrame([{column: outcome[column] for column in COLUMNS} for outcome in outcomes])
    pieces.write_file(output / "cases.parquet", lambda part: table.to_parquet(part, index=False))
    keys = {outcome["case"]: outcome["key"] for outcome in outcomes}
    pieces.write_json(output / "manifest.json", _manifest(source_name, source, full, table, keys))


def full_settings(source: ModuleType, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with defaults filled in; raise `InputError` if one is unknown or has no such value."""
    defaults: dict[str, Any] = DEFAULTS_MADE | {"cases": source.CASES} if source.ACCESS == "made" else DEFAULTS
    for name in settings:
        require_one_of("setting of a dataset", name, defaults)
    full = defaults | dict(settings)
    require_one_of("normalise", full["normalise"], normalise.KINDS)
    require_one_of("dtype", full["dtype"], DTYPES)
    if source.ACCESS == "made":
        require_one_of("size", full["size"], source.SIZES)
        if not isinstance(full["cases"], int) or full["cases"] < 1:
            raise InputError(f"`cases` must be a whole number from 1 on, but is {full['cases']!r}.")
    return full


def versions(source_name: str) -> dict[str, int]:
    """Return the VERSION of each module that decides what a case of this source is."""
    source = datasets.source(source_name)
    made = source.ACCESS == "made"
    modules = [normalise, intake, source, *getattr(source, "PARTS", ())]
    modules += [store, phantoms] if made else [images, reading]
    return {module.__name__: module.VERSION for module in modules} | {__name__: VERSION}


def _orders(
    name: str, source: ModuleType, raw: Path | None, output: Path, settings: Mapping[str, Any]
) -> tuple[list[Order], list[tuple[str, str]]]:
    """Return what to do, and the cases refused because their id is not unique."""
    wanted: dict[str, RawCase | None]
    refused: list[tuple[str, str]] = []
    if source.ACCESS == "made":
        wanted = {phantoms.case_id(name, index): None for index in range(settings["cases"])}
    else:
        if raw is None:
            raise InputError(f"{name} is not made but published: give the folder with its files.")
        found = layout.require_cases(source, raw)
        refused = _duplicates(found)
        wanted = {case.id: case for case in found if case.id not in dict(refused)}
    deciding = {key: value for key, value in settings.items() if key != "cases"}
    orders = [Order(output / "cases", name, c, f, deciding, versions(name)) for c, f in wanted.items()]
    return orders, refused


def _duplicates(cases: Sequence[RawCase]) -> list[tuple[str, str]]:
    counts = Counter(case.id for case in cases)
    files = {
        i: [p.name for c in cases if c.id == i for p in (*c.images, *c.labels)] for i, n in counts.items() if n > 1
    }
    return [(i, f"is there {counts[i]} times: {', '.join(names)}. Keep one of each.") for i, names in files.items()]


def _require_none_refused(name: str, refused: Sequence[tuple[str, str]], *, finished: int) -> None:
    if refused:
        lines = "\n".join(f"  {case}: {reason}" for case, reason in sorted(refused))
        raise InputError(
            f"{len(refused)} case(s) of {name} cannot be used:\n{lines}\n"
            f"Mend them and run again; the {finished} others are finished and kept."
        )


def _manifest(
    name: str, source: ModuleType, settings: Mapping[str, Any], table: pd.DataFrame, keys: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "source": name,
        "title": source.TITLE,
        "licence": source.LICENCE,
        "citation": source.CITATION,
        "settings": dict(settings),
        "versions": versions(name),
        "classes": source.CLASSES,
        "structures": source.STRUCTURES,
        "modalities": source.MODALITIES,
        "truth": source.ACCESS == "made",
        "key": pieces.key_of(settings=dict(settings), cases=dict(keys)),
        "cases": dict(zip(table["case"], table["hash"], strict=True)),
    }
