"""Names that rule files of an earlier version used: their own soft labels, maps and data sets work without an edit.

Rule files of today ask `plan` (docs/extend.md, "Coming from an earlier version").
"""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from softbench.errors import InputError
from softbench.plan import modules, paths
from softbench.plan.answers.data import Data, SoftLabels
from softbench.plan.calls import Wildcards, pattern, stops
from softbench.plan.code import Code

P = ParamSpec("P")
R = TypeVar("R")

# What they named for `version_of`: where a stage or a recipe begins. What it reaches, `version_of` finds.
BEGINS = {
    "SOFTENING": ["soft_labels/produce.py"],
    "IMAGE": ["soft_labels/maps.py"],
    "GEODESIC": ["soft_labels/geols.py", "soft_labels/maps.py"],
    "SLIC": ["soft_labels/superpixel.py", "soft_labels/maps.py"],
    "CASES": ["datasets/prepare/prepare.py"],
    "PUBLISHED": ["datasets/prepare/prepare.py"],
    "MADE": ["datasets/prepare/prepare.py", "datasets/phantoms/__init__.py"],
}

MOVED = {  # a module that they named -> where its code lies now
    "soft_labels/quality.py": "soft_labels/measures.py",
    "soft_labels/closeness.py": "soft_labels/geols_map.py",
    "soft_labels/intensities.py": "soft_labels/maps.py",
    "soft_labels/signed_distance.py": "soft_labels/distance.py",
    "soft_labels/exchange.py": "soft_labels/produce.py",
    "soft_labels/geols_readings.py": "soft_labels/geols_map.py",
    "soft_labels/ignore.py": "soft_labels/contract.py",
    "soft_labels/slic.py": "soft_labels/superpixel.py",
    "soft_labels/slic_clusters.py": "soft_labels/superpixel.py",
    "soft_labels/slic_connect.py": "soft_labels/superpixel.py",
    "soft_labels/slic_voxels.py": "soft_labels/superpixel.py",
    "plugin/export.py": "tools/export.py",
    "images.py": "images/headers.py",
    "datasets/nnunet.py": "datasets/sources/nnunet.py",
    "datasets/reading.py": "datasets/sources/reading.py",
    "datasets/fetch.py": "datasets/fetch/fetch.py",
    "datasets/tcia.py": "datasets/fetch/tcia.py",
    "datasets/prepare.py": "datasets/prepare/prepare.py",
    "datasets/intake.py": "datasets/prepare/one_case.py",
    "datasets/normalise.py": "datasets/prepare/intensities.py",
    "datasets/resample.py": "datasets/prepare/grid.py",
    "datasets/window.py": "datasets/prepare/intensities.py",
    "datasets/crop.py": "datasets/prepare/grid.py",
}


def names(soft_labels: SoftLabels, data: Data, code: Code) -> dict[str, Any]:
    """Return name -> value or function of all that those rule files used.

    Args:
        soft_labels: answers about soft labels and maps.
        data: answers about data sets.
        code: all code below `workflow/`.
    """
    from snakemake.exceptions import WorkflowError

    plan = data.plan

    def datasets_of(source: str) -> str:
        return pattern(name for name, dataset in plan.datasets.items() if dataset["source"] == source)

    def content_of(source: str) -> Callable[[Wildcards], str]:
        return lambda wildcards: data.content(source)

    def fetch_params(source: str) -> dict[str, Any]:
        version = version_of(modules.file_of_source(source), "datasets/fetch/fetch.py")
        return {"source": source, "content": content_of(source), "version": version}

    def place_of_split(dataset: str, split: str) -> str:
        return paths.split(dataset, split, derived=plan.is_derived(dataset, split))

    def version_of(*named: str) -> dict[str, int]:
        """Return the VERSIONs of modules, paths below softbench/, and of all that these reach."""
        there = [MOVED.get(module, module) for module in named]
        return {**modules.version_of(*there), **code.versions(*(f"softbench/{module}" for module in there))}

    return {
        "keys_of": soft_labels.keys,
        "settings_of": soft_labels.settings,
        "words_of": soft_labels.words_of,
        "maps_of": soft_labels.maps,
        "map_name_of": soft_labels.map_of,
        "map_settings_of": soft_labels.map_settings,
        "shards_of": soft_labels.shards_of,
        "settings_of_map": soft_labels.settings_of_map,
        "PLAN": plan,
        "datasets_of": datasets_of,
        "dataset_settings_of": data.settings,
        "content_of": content_of,
        "fetch_params": fetch_params,
        "main_split_of": data.main_split,
        "place_of_split": place_of_split,
        **BEGINS,
        "version_of": version_of,
        "DATASET": paths.DATASET,
        "PACKAGE": modules.PACKAGE,
        "InputError": InputError,
        "Path": Path,
        "WorkflowError": WorkflowError,
        "functools": functools,
        "stop_on_bad_input": stop_on_bad_input,
        "sys": sys,
    }


def target(name: str) -> str:
    """Say which file stands for a target that was the name of a rule; empty where there was none."""
    start, _, source = name.partition("_")
    return f" Files of {source!r} are fetched by the target {paths.raw(source)}." if start == "fetch" and source else ""


def stop_on_bad_input(function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
    """Call a function; where it raises `InputError`, end with its message alone."""
    return stops(function)(*arguments, **named)
