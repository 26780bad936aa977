"""What a reader of scores must know of prepared cases: known faults, axes that are askew, classes that none holds.

`prepare` finds them and the manifest of the dataset keeps them; tables say them below.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import counted
from softbench.jobs.faults import first_names, name_cases
from softbench.known_cases import EXCLUDE, KEEP, KnownCase

VERSION = None  # sentences
RIGHT = 1e-4  # cosine of two axes up to which they are at right angles; headers store float32
DONE = {KEEP: "kept", EXCLUDE: "left out"}
LIST = "workflow/known_cases"
GROUPED = "counted as one patient with another case"
KNOWN = "{cases} of this data, {done} ({by}): {facts}."
SKEWED = (
    "{cases} with axes that are not at right angles (by up to {degrees:.2g} degrees): read along their own axes as if "
    "they were, so distances in mm of these cases are up to {percent:.2g} % off."
)
ABSENT = (
    "None of the {cases} prepared cases holds the class {classes} (published id). Are they whole, of the release that "
    "is named, and does the crop hold it?"
)


def find(
    source: ModuleType, table: pd.DataFrame, known: Mapping[str, KnownCase], found: Mapping[str, str]
) -> dict[str, Any]:
    """Return the doubts about prepared cases, for their manifest: only those that there are.

    Args:
        source: of the cases.
        table: a row a case, as `cases.parquet`.
        known: the known cases that lie in the folder.
        found: case -> what its check found.
    Returns: `known_cases`, a list of their facts; `skewed`, case -> degrees and percent; `absent`, classes.
    """
    facts = [asdict(case) | ({"found": found[name]} if name in found else {}) for name, case in known.items()]
    doubts = {"known_cases": facts, "skewed": skewed(table), "absent": absent(source, table)}
    return {name: doubt for name, doubt in doubts.items() if doubt}


def skewed(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return the cases whose axes are not at right angles: by how many degrees, and by how many percent mm are off.

    The second is the largest share by which a distance differs that is measured with the lengths of the steps alone.
    """
    cases = {}
    for case, affine in zip(table["case"], table["affine"], strict=True):
        cosines = _cosines(np.asarray(affine, np.float64))
        largest = float(np.abs(cosines - np.eye(len(cosines))).max())
        if largest > RIGHT:
            stretch = np.sqrt(np.clip(np.linalg.eigvalsh(cosines), 0, None))
            percent = float(100 * np.abs(stretch - 1).max())
            degrees = float(np.degrees(np.arcsin(min(largest, 1))))
            cases[str(case)] = {"degrees": round(degrees, 4), "percent": round(percent, 4)}
    return cases


def _cosines(affine: np.ndarray) -> np.ndarray:
    """Return the cosine of the angle between each two axes."""
    size = int(np.sqrt(affine.size))
    steps = affine.reshape(size, size)[:-1, :-1]
    steps = steps / np.linalg.norm(steps, axis=0)
    return steps.T @ steps


def absent(source: ModuleType, table: pd.DataFrame) -> list[str]:
    """Return the classes that no case holds, each with its published id."""
    counts = np.sum(np.stack(list(table["voxels"])), axis=0)
    published = {class_id: number for number, class_id in getattr(source, "LABEL_IDS", {}).items()}
    return [f"{source.CLASSES[index]} ({published.get(index, index)})" for index in np.flatnonzero(counts == 0)]


def sentences(manifest: Mapping[str, Any]) -> list[str]:
    """Return what is said of the doubts that a manifest keeps, a sentence each; none of one from before there were."""
    return [*_known(manifest.get("known_cases", [])), *_skewed(manifest.get("skewed", {})), *_absent(manifest)]


def _known(cases: list[dict[str, Any]]) -> Iterator[str]:
    by_action: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        what = f"{case['what']}; in these files {case['found']}" if "found" in case else case["what"]
        by = case.get("decided_by") or LIST
        by_action[DONE.get(case["action"], GROUPED), by][what].append(case["case"])
    for (done, by), facts in by_action.items():
        count = sum(map(len, facts.values()))
        told = "; ".join(f"{first_names(names)}: {what}" for what, names in facts.items())
        yield KNOWN.format(cases=counted(count, "known case"), done=done, by=by, facts=told)


def _skewed(cases: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    if cases:
        worst = {name: max(case[name] for case in cases.values()) for name in ("degrees", "percent")}
        yield SKEWED.format(cases=name_cases(list(cases)), **worst)


def _absent(manifest: Mapping[str, Any]) -> Iterator[str]:
    if manifest.get("absent"):
        yield ABSENT.format(cases=len(manifest["cases"]), classes=", ".join(manifest["absent"]))
