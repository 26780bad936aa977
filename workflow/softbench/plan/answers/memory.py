"""How much memory the training data of a job take, and how many cases it trains on, from what config and sources say.

A job holds its training cases in memory (`training.cached_data`), so that this grows with the data set. Sizes are upper
bounds: of networks without `widths`, patches count as widened to multiples of 32, the most that the papers' need.
"""

import math
from collections.abc import Mapping
from typing import Any

from softbench import length, resolution
from softbench.plan import modules
from softbench.plan.answers import papers
from softbench.plan.plan import Plan
from softbench.plan.sizes import case_grid, channels_and_classes, settings_of

MULTIPLE = 32  # of the lengths that a network takes, where it does not follow from its `widths`
SOFT_BYTES, HARD_BYTES = 2, 1  # of a voxel: of each class, and of the label
MB = 10**6
JOB_MB = 8000  # what a training job takes besides its training data: libraries, the cases that it scores
LEAST_MB = 16000  # asked for, also where the size of the data is not known


def training_cases(plan: Plan, experiment: str) -> int | None:
    """Return the training cases of an experiment: of its split, or as published; None where the data decides."""
    committed = papers.training_cases(plan, experiment)
    return published_cases(plan, experiment) if committed is None else committed


def published_cases(plan: Plan, experiment: str) -> int | None:
    """Return the training cases of a split that is made with its data, from the published number of cases; or None."""
    source, split = plan.source_of(experiment), plan.experiments[experiment]["split"]
    cases = plan.datasets[plan.dataset_of(experiment)].get("cases") or modules.constant_of_source(source, "CASES", None)
    rule = modules.published_splits(source).get(split, {})
    parts = {name: size for name, size in rule.items() if name not in ("seed", "leaks")}
    if not (cases and parts):
        return None
    training = sum(size for name, size in parts.items() if name.startswith("train"))
    if all(isinstance(size, int) for size in parts.values()):  # sizes, of which the first takes what there is more
        return int(cases - sum(parts.values()) + training)
    return round(training * cases)


def data_bytes(plan: Plan, experiment: str, method: str) -> int | None:
    """Return the bytes that the training data of a method take in memory at most; None where that is not known.

    Those of its validation cases are counted where weights are selected by the loss of its labels.
    """
    grid, cases = case_grid(plan.datasets[plan.dataset_of(experiment)]), training_cases(plan, experiment)
    if grid is None or cases is None:
        return None
    protocol = plan.protocol_of(experiment, method)
    image, target = _bytes_of_voxel(plan, experiment, method)
    multiple = max(map(_multiple, (plan.config["networks"][name] for name in plan.experiments[experiment]["networks"])))
    held = cases * (image + target) * math.prod(_held_grid(plan, method, grid, protocol["patch_size"], multiple))
    if protocol.get("select") != "lowest_loss":
        return held
    part = protocol["patch_size"] if plan.part_of(experiment) else grid
    return held + _selecting_cases(plan, experiment) * target * math.prod(map(min, part, grid))


def _multiple(network: Mapping[str, Any]) -> int:
    """Return what each length of a patch is widened to a multiple of: a network halves its grid between its widths."""
    return 2 ** (len(network["widths"]) - 1) if "widths" in network else MULTIPLE


def _held_grid(plan: Plan, method: str, case: tuple[int, ...], patch: list[int], multiple: int) -> tuple[int, ...]:
    """Return the grid of training on which cases are held: that of a case, or of a patch that is longer."""
    factor = (plan.methods[method]["resolution"] or {}).get("factor", 1)
    widened = tuple(-(-size // multiple) * multiple for size in resolution.grid(patch, factor))
    return tuple(map(max, resolution.grid(case, factor), widened))


def _bytes_of_voxel(plan: Plan, experiment: str, method: str) -> tuple[int, int]:
    """Return the bytes that the image takes a voxel, and the targets: those of each rater where one is drawn."""
    dataset, entry = plan.datasets[plan.dataset_of(experiment)], plan.methods[method]
    channels, classes = channels_and_classes(dataset)
    reads_all = modules.reads_all_raters(plan.soft_labels[entry["soft_label"]]["recipe"])
    raters = modules.constant_of_source(dataset["source"], "LABEL_MAPS", 1)
    targets = raters if entry["raters"] == "each" and not reads_all else 1
    return _bytes_of_number(dataset) * channels, targets * (SOFT_BYTES * classes + HARD_BYTES)


def _bytes_of_number(dataset: Mapping[str, Any]) -> int:
    """Return the bytes of a value of the images: two, but four where published values may exceed half precision."""
    settings = settings_of(dataset)
    scaled = settings.get("normalise") != "none" or "windows_hu" in (settings.get("window") or {})
    return 2 if scaled else 4


def _selecting_cases(plan: Plan, experiment: str) -> int:
    committed = papers.committed_split(plan, experiment)
    return 0 if committed is None else sum("val" in part.split("+") for part in committed[1])


def steps(plan: Plan, experiment: str, protocol: Mapping[str, Any]) -> int | None:
    """Return the steps of a run whose split is made with its data, from the published number of cases; or None."""
    cases = published_cases(plan, experiment)
    if cases is None or protocol.get("epochs") is None:
        return None
    return length.steps_of(protocol["epochs"], protocol["batch"], cases)
