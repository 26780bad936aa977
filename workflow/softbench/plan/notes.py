"""What stands under tables: how long runs train and in which precision, and what rows of several raters are."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from softbench import length
from softbench.plan.modules import PACKAGE
from softbench.plan.plan import Plan

SPLITS = PACKAGE.parent / "splits"
AUTO = (
    "Our choice: `precision: auto`, activations in bfloat16 on a GPU that has it and in float32 elsewhere, weights "
    "always in float32; the paper names no precision. `precision: fp32` in the protocol keeps all in float32."
)
SET = "Activations are in {}, as `precision` in the protocol says."
NAMES = {"fp32": "float32", "bf16": "bfloat16"}
OF_RATERS = {  # what a row that is not trained is where a case has several raters, by its kind
    "oracle": "{}: the label map of the first rater scored against every rater, itself included; so its DSC is not 1.",
    "raters": (
        "{}: the label map of each rater scored against that of each other rater, and a case's value is the mean over "
        "all ordered pairs. A method with its DSC agrees with the raters as they agree with each other. Label maps are "
        "certain of every voxel, so its ECE is the share of a region's voxels that two raters label differently."
    ),
}


def rater_notes(plan: Plan, experiments: Sequence[str]) -> list[str]:
    """Return what is said of the rows of experiments that are not trained, where all have several raters."""
    if not all(map(plan.has_several_raters, experiments)):
        return []
    shown = dict.fromkeys(method for experiment in experiments for method in plan.methods_of(experiment))
    said = {method: OF_RATERS.get(plan.methods[method]["sanity"]) for method in shown}
    return [note.format(plan.title_of(method, experiments)) for method, note in said.items() if note]


def lengths_of(plan: Plan, experiment: str, methods: Sequence[str]) -> list[dict[str, Any]]:
    """Return how long the methods of an experiment train: those of one length together.

    Returns: `methods` (keys), `titles`, and `length` (the fields of `length.Length`), whose steps and cases are None
        where they follow from a split that is made from the data.
    """
    found: dict[length.Length, list[str]] = {}
    cases = training_cases(plan, experiment)
    for method in methods:
        found.setdefault(length.of(plan.protocol_of(experiment, method), cases), []).append(method)
    return [
        {"methods": names, "titles": [plan.methods[name]["title"] for name in names], "length": asdict(one)}
        for one, names in found.items()
    ]


def training_cases(plan: Plan, experiment: str, splits: Path = SPLITS) -> int | None:
    """Return the training cases of a split that comes with the suite; None where it is made from the data."""
    one = plan.experiments[experiment]
    path = splits / one["dataset"] / f"{one['split']}.csv"
    if not path.exists():
        return None
    with open(path, encoding="utf-8", newline="") as file:
        return sum(row["part"] == "train" for row in csv.DictReader(file))


def precision_notes(plan: Plan, experiments: Iterable[str]) -> list[str]:
    """Return what is said of the precision in which the experiments train, each sentence once."""
    wished = [plan.protocols[plan.experiments[name]["protocol"]].get("precision", "auto") for name in experiments]
    return [AUTO if one == "auto" else SET.format(NAMES[one]) for one in dict.fromkeys(wished)]
