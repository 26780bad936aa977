"""A source becomes a dataset: cases checked, turned to RAS, normalised and hashed; then a table, then a manifest."""

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from softbench import datasets, known_cases
from softbench.checks import require_one_of
from softbench.datasets import phantoms
from softbench.datasets.case import RawCase
from softbench.datasets.folder import COLUMNS
from softbench.datasets.prepare import doubts, intensities, one_case
from softbench.datasets.prepare.one_case import Order
from softbench.datasets.sources import layout, reading
from softbench.errors import InputError
from softbench.images import UNORIENTED
from softbench.jobs import pieces, progress
from softbench.jobs.faults import Fault, group, name_cases
from softbench.known_cases import KnownCase

VERSION = 3
DTYPES = ("float32", "float16")
MANY = 10  # cases with the same fault: of more, the message shows three
LATER = ("subtract", "known_cases", "affine", "rescale_labels")  # came later: where not set they are no part of a key
DEFAULTS: dict[str, Any] = {
    "spacing_mm": None,  # of the new grid, D H W; None keeps the published one
    "interpolation": "linear",
    "label_interpolation": "nearest",
    "window": None,
    "crop": None,  # {size: [D, H, W], at: centre | foreground}
    "normalise": "zscore",
    "subtract": None,
    "dtype": "float32",
    "affine": None,
    "rescale_labels": None,
    "drop": {},  # case -> reason
    "known_cases": None,  # case -> keep | exclude | group with <case>; before the list of the source
}
ALLOWED: dict[str, Any] = {
    "spacing_mm": {
        "type": ["array", "null"],
        "items": {"type": "number", "exclusiveMinimum": 0},
        "minItems": 2,
        "maxItems": 3,
        "description": "of the new grid, D H W or H W; null keeps the published one",
    },
    "interpolation": {"constant": "datasets/prepare/grid.py:INTERPOLATIONS", "description": "of images"},
    "label_interpolation": {
        "constant": "datasets/prepare/grid.py:LABELS",
        "description": "of labels; soft keeps the shares of classes, too",
    },
    "window": {
        "type": ["object", "null"],
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {
            "hu": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": 2,
                "maxItems": 2,
                "rising": True,
                "description": "HU",
            },
            "percentiles": {
                "type": "array",
                "items": {"type": "number", "minimum": 0, "maximum": 100},
                "minItems": 2,
                "maxItems": 2,
                "rising": True,
                "description": "of each channel",
            },
            "windows_hu": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2, "rising": True},
                "minItems": 1,
                "description": "one channel a window, HU",
            },
        },
        "description": "of intensities that count",
    },
    "crop": {
        "type": ["object", "null"],
        "additionalProperties": False,
        "required": ["size"],
        "properties": {
            "size": {
                "type": "array",
                "items": {"type": "integer", "minimum": 1},
                "minItems": 2,
                "maxItems": 3,
                "description": "voxels, D H W or H W",
            },
            "at": {"constant": "datasets/prepare/grid.py:PLACES", "description": "of the volume, or of all labels"},
        },
        "description": "size that each case is cut or filled up to",
    },
    "normalise": {
        "constant": "datasets/prepare/intensities.py:NORMALISATIONS",
        "description": "of each case and channel",
    },
    "subtract": {
        "type": ["array", "null"],
        "items": {"type": "number"},
        "minItems": 1,
        "description": "from each channel after `normalise`",
    },
    "dtype": {"enum": ["float32", "float16"], "description": "of stored images"},
    "affine": {
        "enum": ["sform", "qform", None],
        "description": "that counts in a NIfTI file whose sform and qform differ; null refuses it",
    },
    "rescale_labels": {
        "type": ["boolean", "null"],
        "description": "whether a scale in a label map's header (scl_slope) is meant; else it is refused",
    },
    "drop": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "cases left out, each with its reason",
    },
    "known_cases": {
        "type": ["object", "null"],
        "additionalProperties": {"type": "string"},
        "description": "what is done with known cases, before `workflow/known_cases`",
    },
}
DEFAULTS_MADE = {
    "normalise": "zscore_nonzero",
    "subtract": None,
    "dtype": "float32",
    "size": "small",
    "seed": 0,
}  # and `cases`
ALLOWED_MADE = {  # of a phantom; `size` is one of its `SIZES`
    "normalise": {
        "constant": "datasets/prepare/intensities.py:NORMALISATIONS",
        "description": "of each case and channel",
    },
    "subtract": {
        "type": ["array", "null"],
        "items": {"type": "number"},
        "minItems": 1,
        "description": "from each channel after `normalise`",
    },
    "dtype": {"enum": ["float32", "float16"], "description": "of stored images"},
    "size": {"type": "string", "description": "of the volume"},
    "seed": {"type": "integer", "minimum": 0, "description": "of the whole data set"},
    "cases": {"type": "integer", "minimum": 1, "description": "how many"},
}


def run(
    source_name: str,
    raw: Path | None,
    output: Path,
    *,
    settings: Mapping[str, Any],
    versions: Mapping[str, int],
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Prepare all cases of a source; finished cases of an earlier run with the same key are kept.

    Args:
        source_name: one of `datasets.names()`.
        raw: the folder with the files as published; None for a phantom.
        output: the dataset's folder; `manifest.json` is written last.
        settings: what is done to each case, in this order: `spacing_mm` (with `interpolation` and
            `label_interpolation`, nearest | linear | soft, see `resample`; `soft` keeps the shares of the classes, and
            an array `shares` with each case), `window` (see `window`), `crop` (see `crop`), `normalise` (see
            `normalise`), `subtract` (see `subtract`); `dtype` (float32 | float16) of the stored images; `drop`: cases
            left out, with reasons; `known_cases`: what is done with known cases, before the list of the source (see
            `softbench.known_cases`); and the source's own `SETTINGS`. For a phantom only `normalise`, `subtract` and
            `dtype`, and `size`, `seed`, `cases` (how many). What is not named has the source's default (`DEFAULTS`),
            else this module's.
        versions: VERSIONs of the modules that decide what a case is, as the workflow found them.
        workers: processes that share the cases; their number changes no byte of the output.
        log: takes the progress lines.
    Returns: the record of each case.
    Raises: InputError: if a setting is unknown, no case is found, or cases cannot be used: one error that lists each
        of them with its reason, after all others were finished.
    """
    source = datasets.source(source_name)
    full = full_settings(source, settings)
    known = known_cases.chosen(source_name, full.get("known_cases")) if source.ACCESS != "made" else {}
    if known:
        full["known_cases"] = {case: found.action for case, found in known.items()}
    (output / "manifest.json").unlink(missing_ok=True)  # from here on the folder is unfinished
    _clear_scratch(output, output / "cases")
    published = _published(source_name, source, raw, full, known)
    orders, refused = _orders(source_name, source, published, output, full, versions, known)
    outcomes = progress.each(one_case.take_in, [(o,) for o in orders], workers=workers, what=source_name, log=log)
    bad = [(outcome["case"], outcome["reason"]) for outcome in outcomes if "reason" in outcome]
    together = _release_of(source, [outcome["ids"] for outcome in outcomes if outcome.get("ids")])
    _require_none_refused(source_name, refused + bad, output, finished=len(outcomes) - len(bad), together=together)
    unoriented = [outcome["case"] for outcome in outcomes if not outcome.get("oriented", True)]
    _say_unoriented(unoriented, log)
    there = {case.id for case in published}
    known = {case: found for case, found in known.items() if case in there}
    left_out = _found_unusable(source, raw) | _known_faults(known) | dropped(source, full)
    _write_dropped(output, left_out)
    table = pd.DataFrame([{column: outcome[column] for column in COLUMNS} for outcome in outcomes])
    if source.ACCESS != "made":
        _require_no_twins(source_name, table, known)
    pieces.write_file(
        output / "cases.parquet", lambda part: table.to_parquet(part, index=False, write_page_checksum=True)
    )
    keys = {outcome["case"]: outcome["key"] for outcome in outcomes}
    facts = _manifest(source_name, source, full, table, keys)
    facts |= {"versions": dict(versions), "dropped": len(left_out)}  # these are named in dropped.csv
    facts |= {"unoriented": unoriented} if unoriented else {}
    found = {outcome["case"]: outcome["found"] for outcome in outcomes if outcome.get("found")}
    if source.ACCESS != "made":
        facts |= doubts.find(source, table, known, found)
    for line in doubts.sentences(facts):
        log(f"{source_name}: {line}")
    pieces.write_json(output / "manifest.json", facts)
    return outcomes


def _say_unoriented(cases: Sequence[str], log: Callable[[str], None]) -> None:
    if cases:
        log(f"WARNING: {name_cases(cases)}: {UNORIENTED}")


def _clear_scratch(*folders: Path) -> None:
    """Delete what killed runs left half written."""
    for left in (path for folder in folders for path in folder.glob(".*.part")):
        shutil.rmtree(left, ignore_errors=True)


def full_settings(source: ModuleType, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with defaults filled in; raise `InputError` if one is unknown or has no such value."""
    if source.ACCESS == "made":
        defaults: dict[str, Any] = DEFAULTS_MADE | {"cases": source.CASES}
    else:
        defaults = DEFAULTS | getattr(source, "SETTINGS", {}) | getattr(source, "DEFAULTS", {})
    for name in settings:
        require_one_of("setting of a dataset", name, defaults)
    full = defaults | dict(settings)
    full = {name: value for name, value in full.items() if name not in LATER or value is not None}
    require_one_of("normalise", full["normalise"], intensities.NORMALISATIONS)
    require_one_of("dtype", full["dtype"], DTYPES)
    if source.ACCESS == "made":
        require_one_of("size", full["size"], source.SIZES)
        if not isinstance(full["cases"], int) or full["cases"] < 1:
            raise InputError(f"`cases` must be a whole number from 1 on, but is {full['cases']!r}.")
    return full


def dropped(source: ModuleType, settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the cases that are left out, each with its reason: what the source knows, and what config adds."""
    return {**getattr(source, "DROPPED", {}), **settings.get("drop", {})}


def _found_unusable(source: ModuleType, raw: Path | None) -> dict[str, str]:
    """Return what lies in the folder but is no case, each with its reason: of sources that have a `find_dropped`."""
    reasons: dict[str, str] = source.find_dropped(raw) if hasattr(source, "find_dropped") else {}
    return reasons


def _published(
    name: str, source: ModuleType, raw: Path | None, settings: Mapping[str, Any], known: Mapping[str, KnownCase]
) -> list[RawCase]:
    """Return the cases in the folder of a source, each with its patient; none of a phantom."""
    if source.ACCESS == "made":
        return []
    if raw is None:
        raise InputError(f"{name} is not made but published: give the folder with its files.")
    published = layout.require_cases(source, raw, one_case.choices(settings))
    own = [case for case, found in known.items() if found.what == known_cases.IN_CONFIG]
    _require_known(name, settings["drop"], published, "drop")
    _require_known(name, own, published, "known_cases")
    known_cases.require_targets({case: known[case].action for case in own}, [case.id for case in published])
    patients = known_cases.patients({case.id: case.patient for case in published}, known.values())
    return [replace(case, patient=patients[case.id]) for case in published]


def _orders(
    name: str,
    source: ModuleType,
    published: Sequence[RawCase],
    output: Path,
    settings: Mapping[str, Any],
    versions: Mapping[str, int],
    known: Mapping[str, KnownCase],
) -> tuple[list[Order], list[tuple[str, str]]]:
    """Return what to do, and the cases refused because their id is not unique."""
    wanted: dict[str, RawCase | None]
    refused: list[tuple[str, str]] = []
    if source.ACCESS == "made":
        wanted = {phantoms.case_id(name, index): None for index in range(settings["cases"])}
    else:
        out = {*dropped(source, settings), *known_cases.excluded(settings.get("known_cases") or {})}
        kept = [case for case in published if case.id not in out]
        named = reading.of_other_names(sorted({case.id for case in kept}), source)
        refused = _duplicates(kept) + _ill_named(kept) + named
        wanted = {case.id: case for case in kept if case.id not in dict(refused)}
    deciding = {key: value for key, value in settings.items() if key not in ("cases", "drop", "known_cases")}
    checks = {case: found.check for case, found in known.items()}
    orders = [Order(output / "cases", name, c, f, deciding, versions, checks.get(c, "")) for c, f in wanted.items()]
    return orders, refused


def _known_faults(known: Mapping[str, KnownCase]) -> dict[str, str]:
    """Return the known cases that are left out, each with what is known of it and who says so."""
    left = {case: found for case, found in known.items() if found.action == known_cases.EXCLUDE}
    return {
        case: found.what if found.what == known_cases.IN_CONFIG else f"{found.what} ({found.source})"
        for case, found in left.items()
    }


def _require_no_twins(name: str, table: pd.DataFrame, known: Mapping[str, KnownCase]) -> None:
    """Raise where two cases of different patients hold the same image, and config or the list does not keep both."""
    kept = {case for case, found in known.items() if found.action == known_cases.KEEP}
    twins = [
        (str(rows["case"].iloc[0]), case)
        for _, rows in table[~table["case"].isin(kept)].groupby("image_sha256", sort=False)
        if rows["patient"].nunique() > 1
        for case in map(str, rows["case"].iloc[1:])
    ]
    if twins:
        pairs = "\n".join(f"  {first} and {second}" for first, second in twins)
        said = "the same image as {}", "found when prepared", "group with {}"
        new = [KnownCase(case, *(words.format(first) for words in said)) for first, case in twins]
        lines = "\n".join(map(known_cases.line, new))
        raise InputError(
            f"{len(twins)} pair(s) of cases of {name} hold the same image, voxel by voxel:\n{pairs}\n"
            "One patient could so train and be tested. Add to workflow/known_cases/"
            f"{name}.csv (its first line: {','.join(known_cases.COLUMNS)})\n{lines}\n"
            "which makes each pair one patient; or write `exclude` there, which leaves the case out, or `keep`, which "
            "says that they are two patients. In config the same is `known_cases: {"
            f"{twins[0][1]}: group with {twins[0][0]}}}` of the dataset. All cases are finished and kept."
        )


def _require_known(name: str, cases: Iterable[str], published: Sequence[RawCase], setting: str) -> None:
    unknown = sorted(set(cases) - {case.id for case in published})
    if unknown:
        raise InputError(f"`{setting}` names {', '.join(unknown)}, which {name} does not have. Correct the name.")


def _write_dropped(output: Path, cases: Mapping[str, str]) -> None:
    """Write which cases were left out and why, as `dropped.csv`; a header alone where none was."""
    table = pd.DataFrame(sorted(cases.items()), columns=["case", "reason"])
    pieces.write_text(output / "dropped.csv", table.to_csv(index=False, lineterminator="\n"))


def _ill_named(cases: Sequence[RawCase]) -> list[tuple[str, str]]:
    """Return the cases whose id could not be a file's name everywhere."""
    wanted = "an id is made of A to Z, a to z, 0 to 9, `_`, `-` and `.`, and does not begin with `.`. Rename its files."
    odd = [case.id for case in cases if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", case.id)]
    return [(name, f"has the id {name!r}, but {wanted}") for name in odd]


def _duplicates(cases: Sequence[RawCase]) -> list[tuple[str, str]]:
    files: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        files[case.id] += ["/".join(path.parts[-3:]) for path in (*case.images, *case.labels)]
    counts = Counter(case.id for case in cases)
    return [
        (name, f"is there {count} times: {', '.join(dict.fromkeys(files[name]))}. Keep one of each.")
        for name, count in counts.items()
        if count > 1
    ]


def _release_of(source: ModuleType, ids: Sequence[Sequence[int]]) -> str:
    """Return which release label maps with unknown ids fit together; empty where they are not several, or none fits."""
    every = set().union(*ids)
    fits = reading.fitting_release(every, reading.other_releases(source)) if len(ids) > 1 else ""
    return f"Together these label maps hold the ids {sorted(every)}, which fits {fits}.\n" if fits else ""


def _require_none_refused(
    name: str, refused: Sequence[tuple[str, str]], output: Path, *, finished: int, together: str = ""
) -> None:
    listed = output / "refused.csv"
    listed.unlink(missing_ok=True)
    if refused:
        lines = "\n".join(f"  {line}" for line in _alike(refused))
        if len(refused) > MANY:
            table = pd.DataFrame(sorted(refused), columns=["case", "reason"])
            pieces.write_text(listed, table.to_csv(index=False, lineterminator="\n"))
            lines += f"\nEach is listed in {listed}."
        raise InputError(
            f"{len(refused)} case(s) of {name} cannot be used:\n{lines}\n{together}"
            "Fix them, or leave them out (in config, `drop: {case: reason}` of the dataset), and run again; the "
            f"{finished} others are finished and kept."
        )


def _alike(refused: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield a line for each refused case; where many have the same fault, one for all of them."""
    for alike in group(Fault("", case, reason) for case, reason in sorted(refused)):
        if len(alike) > MANY:
            yield f"{name_cases([found.case for found in alike])}, the first: {alike[0].text}"
        else:
            yield from (f"{found.case}: {found.text}" for found in alike)


def _manifest(
    name: str, source: ModuleType, settings: Mapping[str, Any], table: pd.DataFrame, keys: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "source": name,
        "title": source.TITLE,
        "licence": source.LICENCE,
        "citation": source.CITATION,
        "settings": dict(settings),
        "classes": source.CLASSES,
        "structures": source.STRUCTURES,
        "modalities": intensities.channel_names(settings.get("window"), source.MODALITIES),
        "raters": int(table["raters"].max()),  # the most that a case has
        "pseudo_raters": bool(getattr(source, "PSEUDO_RATERS", False)),
        "truth": source.ACCESS == "made",
        "key": pieces.key_of(settings=dict(settings), cases=dict(keys)),
        "cases": dict(zip(table["case"], table["hash"], strict=True)),
        "prepared": dict(zip(table["case"], table["prepared"], strict=True)),  # image before normalisation
    }
