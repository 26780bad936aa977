"""What modules declare of their settings, read from their text: their defaults, and what is allowed.

A recipe or source has `SETTINGS`, its settings with their defaults, and `ALLOWED`, the type, range and meaning of each
in the words of JSON Schema. One without `ALLOWED` works as well: its settings must have the type of their default.
"""

import functools
from collections.abc import Mapping
from typing import Any

from softbench.plan import modules
from softbench.plan.config.words import Schema

TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", tuple: "array", dict: "object"}


@functools.cache
def constant(address: str) -> Any:
    """Return a constant of a module, e.g. `datasets/prepare/grid.py:PLACES`."""
    module, name = address.split(":")
    return modules.constant(module, name)


def settings(defaults: Mapping[str, Any], allowed: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schema of each setting of `defaults`: what is declared of it, else the type of its default."""
    return {name: allowed[name] if name in allowed else _type_of(default) for name, default in defaults.items()}


def _type_of(default: Any) -> Schema:
    return {} if default is None else {"type": TYPES[type(default)]}


def recipe(name: str) -> dict[str, Schema] | None:
    """Return the settings of a recipe without those of its map; None where it is no module of this package."""
    defaults = modules.settings_allowed(name)
    if defaults is None:
        return None
    allowed = modules.constant(f"soft_labels/{name}.py", "ALLOWED", {})
    return settings(defaults, {**constant("soft_labels/intensities.py:ALLOWED"), **allowed})


def map_of(name: str) -> dict[str, Schema] | None:
    """Return the settings of a recipe's map, with `intensities`; None where the recipe is no module with maps."""
    module = f"soft_labels/{name}.py"
    if modules.settings_allowed(name) is None:
        return None
    defaults, of_map = modules.constant(module, "SETTINGS"), modules.constant(module, "MAP_SETTINGS", ())
    allowed = modules.constant(module, "ALLOWED", {})
    found = settings({setting: defaults[setting] for setting in of_map}, allowed)
    return {**found, **constant("soft_labels/intensities.py:ALLOWED")} if of_map else None


def source(name: str) -> dict[str, Schema]:
    """Return the settings that a dataset of this source may have."""
    if name.startswith("phantom_"):
        sizes = list(modules.constant(modules.file_of_source(name), "SIZES", {}))
        of_size = {"enum": sizes} if sizes else {"type": "string"}
        made: dict[str, Schema] = constant("datasets/prepare/prepare.py:ALLOWED_MADE")
        return {**made, "size": {**of_size, "description": made["size"]["description"]}}
    module = modules.file_of_source(name)
    own = settings(modules.constant(module, "SETTINGS", {}), modules.constant(module, "ALLOWED", {}))
    return {**constant("datasets/prepare/prepare.py:ALLOWED"), **own}
