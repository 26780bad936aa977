"""Whatever stands in config, it is accepted or refused in words: never a traceback."""

import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from softbench import InputError
from softbench.plan import checks, rule_files
from softbench.plan.config import read
from softbench.plan.config.check import faults
from softbench.plan.plan import Plan

VALUES = [None, 5, -1, 0.5, "x", "ls", True, [], {}, [1], ["a"], {"a": 1}, [[1]], float("nan"), {"recipe": "ls"}]
KEYS = ["zzz", 5, None, "mine", ""]
CHANGES = 150


def paths(value: Any, path: tuple = ()) -> Iterator[tuple]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield from paths(one, (*path, key))


def change(config: Any, path: tuple, rng: random.Random) -> None:
    """Delete a value, put another one in its place, or one of another key beside it."""
    for key in path[:-1]:
        config = config[key]
    how = rng.choice(["delete", "replace", "replace", "replace", "add"])
    if how == "delete":
        del config[path[-1]]
    elif how == "add" and isinstance(config, dict):
        config[rng.choice(KEYS)] = deepcopy(rng.choice(VALUES))
    else:
        config[path[-1]] = deepcopy(rng.choice(VALUES))


def kept(tried: Any, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings that are tried, as far as their methods are still there."""
    there = values["methods"]
    return {name: {key: one for key, one in of.items() if key in there} for name, of in tried.items() if name in there}


def test_random_changes_of_the_shipped_config_are_accepted_or_refused(root: Path) -> None:
    rng, shipped, found = random.Random(0), read(root), rule_files.find()
    every, refused = list(paths(shipped.values)), 0
    for _ in range(CHANGES):
        values = deepcopy(shipped.values)
        change(values, rng.choice(every), rng)
        wrong = faults(values, found)
        if not wrong:
            try:
                plan = Plan(values, found, by_name=shipped.by_name, tried=kept(shipped.tried, values))
                wrong = checks.faults(plan)
            except InputError:
                wrong = [None]
        refused += bool(wrong)
    assert CHANGES / 2 < refused < CHANGES
