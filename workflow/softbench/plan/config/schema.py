"""The schema of settings: workflow/schemas/config.schema.yaml, with what modules declare read from their text.

A recipe or source has `SETTINGS`, its settings with their defaults, and `ALLOWED`, the type, range and meaning of each
in the words of JSON Schema. One without `ALLOWED` works as well: its settings must have the type of their default.
"""

import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

import yaml

from softbench import networks
from softbench.plan import modules

Schema: TypeAlias = Mapping[str, Any]

FILE = modules.PACKAGE.parent / "schemas" / "config.schema.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
DEFINITIONS = "definitions"
OPEN: Schema = {"type": ["object", "null"]}  # settings of a program in another language: its rule knows them
TYPES = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", tuple: "array", dict: "object"}
INTENSITIES = "soft_labels/maps.py:ALLOWED"
INTENSITY = ("intensities",)  # which a study of raters does not ask for: soft labels there see the image as it is read


@functools.cache
def whole() -> Schema:
    """Return the schema of all of config, without references."""
    return resolved({key: value for key, value in _text().items() if key != DEFINITIONS})


@functools.cache
def definition(name: str) -> Schema:
    """Return a schema that entries share, e.g. "experiment", without references."""
    return resolved(_text()[DEFINITIONS][name])


@functools.cache
def _text() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), LOADER)
    return content


def resolved(schema: Any) -> Any:
    """Return a schema in which `$ref`, `constant` and `declared` are replaced by what they name."""
    if isinstance(schema, list | tuple):
        return [resolved(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    parts = {key: resolved(value) for key, value in schema.items() if key not in ("$ref", "constant", "declared")}
    if "$ref" in schema:
        return {**definition(schema["$ref"]), **parts}
    if "constant" in schema:
        return {"enum": list(constant(schema["constant"])), **parts}
    if "declared" in schema:
        return {**mapping(constant(schema["declared"])), **parts}
    return parts


@functools.cache
def constant(address: str) -> Any:
    """Return a constant of a module, e.g. `datasets/prepare/grid.py:PLACES`."""
    return modules.constant(*address.split(":"))


def mapping(properties: Mapping[str, Schema], required: tuple[str, ...] = (), *, closed: bool = True) -> Schema:
    """Return the schema of a mapping that holds these keys, and no others if it is closed."""
    return {
        "type": "object",
        "additionalProperties": not closed,
        "required": list(required),
        "properties": {name: resolved(value) for name, value in properties.items()},
    }


def settings(defaults: Mapping[str, Any], allowed: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schema of each setting of `defaults`: what is declared of it, else the type of its default."""
    types = {name: {} if value is None else {"type": TYPES[type(value)]} for name, value in defaults.items()}
    return {name: allowed.get(name, of_default) for name, of_default in types.items()}


def recipe_settings(name: str) -> dict[str, Schema] | None:
    """Return the settings of a recipe without those of its map; None where it is no module of this package."""
    defaults = modules.settings_allowed(name)
    if defaults is None:
        return None
    return settings(defaults, {**constant(INTENSITIES), **modules.constant(f"soft_labels/{name}.py", "ALLOWED", {})})


def map_settings(name: str) -> dict[str, Schema] | None:
    """Return the settings of a recipe's map, with `intensities`; None where the recipe is no module with maps."""
    module = f"soft_labels/{name}.py"
    if not modules.defines(module, "MAP_SETTINGS"):
        return None
    defaults, of_map = modules.constant(module, "SETTINGS"), modules.constant(module, "MAP_SETTINGS", ())
    allowed = modules.constant(module, "ALLOWED", {})
    return {**settings({setting: defaults[setting] for setting in of_map}, allowed), **constant(INTENSITIES)}


def source_settings(name: str) -> dict[str, Schema]:
    """Return the settings that a dataset of this source may have."""
    module = modules.file_of_source(name)
    if modules.is_phantom(name):
        sizes = list(modules.constant(module, "SIZES", {}))
        made: dict[str, Schema] = constant("datasets/prepare/prepare.py:ALLOWED_MADE")
        of_size = {"enum": sizes} if sizes else {"type": "string"}
        return {**made, "size": {**of_size, "description": made["size"]["description"]}}
    own = settings(modules.constant(module, "SETTINGS", {}), modules.constant(module, "ALLOWED", {}))
    return {**constant("datasets/prepare/prepare.py:ALLOWED"), **own}


def entry(kind: str, key: str, value: Any, recipes_of_maps: Mapping[str, str]) -> Schema:
    """Return the schema of an entry, which depends on the source, recipe, map, network or kind that it names.

    Args:
        kind: dataset, map, soft_label, rater_sweep, network, table or figure.
        key: of the entry in config.
        value: the entry.
        recipes_of_maps: kind of a map -> the recipe whose module makes it.
    """
    content = value if isinstance(value, Mapping) else {}
    match kind:
        case "dataset":
            return _dataset(content)
        case "map":
            return _map(recipes_of_maps.get(str(content.get("map", key))))
        case "soft_label":
            return _soft_label(str(content.get("recipe", key)))
        case "rater_sweep":
            return _rater_sweep(str(content.get("recipe")), content.get("over"))
        case "network":
            return _network(content.get("name"))
        case "table":
            return definition("paper_table" if "published" in content else "table")
        case _:
            return figure(content.get("kind"))


def _dataset(content: Mapping[str, Any]) -> Schema:
    named: dict[str, Schema] = {"source": {"names": "sources", "description": "where the cases come from"}}
    if not (modules.PACKAGE / modules.file_of_source(str(content.get("source")))).is_file():
        return mapping(named, ("source",), closed=False)
    return mapping({**named, **source_settings(content["source"])}, ("source",))


def _map(recipe: str | None) -> Schema:
    named: dict[str, Schema] = {"map": {"names": "kinds", "description": "how it is made"}}
    own = map_settings(recipe) if recipe is not None else None
    return {**mapping({**named, **(own or {})}, closed=own is not None), **OPEN}


def _soft_label(recipe: str) -> Schema:
    named: dict[str, Schema] = {"recipe": {"names": "recipes", "description": "how it is made"}}
    own = recipe_settings(recipe)
    if own is None:
        return {**mapping({**named, **constant(INTENSITIES)}, closed=False), **OPEN}
    if modules.constant(f"soft_labels/{recipe}.py", "MAP_SETTINGS", None) is not None:
        named["map"] = {"names": "maps", "description": "that it mixes"}
    if modules.constant(f"soft_labels/{recipe}.py", "NEEDS_TEACHER", False):
        named["teacher"] = {"names": "teachers", "description": "whose predictions it is made of"}
        return mapping({**named, **own}, ("teacher",))
    return {**mapping({**named, **own}), **OPEN}


def _rater_sweep(recipe: str, over: Any) -> Schema:
    """Return the schema of a line of the studies of raters: its settings are those of the recipe and of its map."""
    shared = definition("rater_sweep")
    of_label = recipe_settings(recipe)
    if of_label is None:
        return shared
    own = {name: of for name, of in (of_label | (map_settings(recipe) or {})).items() if name not in INTENSITY}
    numbers = {name: number for name, of in own.items() if (number := _positive(of)) is not None}
    values = {"items": numbers[over]} if over in numbers else {}
    varied = {name: {"type": "array", "items": number} for name, number in numbers.items()}
    properties: dict[str, Schema] = shared["properties"]
    narrowed = {
        "settings": {**properties["settings"], **mapping(own)},
        "over": {"enum": list(numbers), **({} if numbers else {"description": f"{recipe!r} has no number to vary"})},
        "values": {**properties["values"], **values},
        "together": {**properties["together"], **mapping(varied)},
    }
    return {**shared, "properties": {**properties, **narrowed}}


def _positive(of: Schema) -> Schema | None:
    """Return the schema of a setting's numbers above 0, which a logarithmic axis can show; None where it takes none."""
    number = next((part for part in of.get("anyOf", [of]) if part.get("type") in ("number", "integer")), None)
    if number is None or number.get("minimum", 0) > 0 or "exclusiveMinimum" in number:
        return number
    return {**{key: value for key, value in number.items() if key != "minimum"}, "exclusiveMinimum": 0}


def _network(name: Any) -> Schema:
    named: dict[str, Schema] = {"name": {"names": "network_modules", "description": "docs/networks.md"}}
    if name not in networks.names():
        return mapping(named, ("name",), closed=False)
    needed, optional, takes_others = networks.known_settings(name)
    allowed = modules.constant(f"networks/{name}.py", "ALLOWED", {})
    own = settings(dict.fromkeys(sorted(needed | optional)) | networks.default_settings(name), allowed)
    return mapping({**named, **own}, ("name", *sorted(needed)), closed=not takes_others)


def figure(kind: Any) -> Schema:
    """Return the schema of a figure of some kind; of an unknown one, what all kinds share."""
    shared = definition("figure")
    if kind not in shared["properties"]["kind"]["enum"]:
        return {**shared, "additionalProperties": True}
    own = definition(f"figure_{kind}")
    return {
        **shared,
        "required": [*shared["required"], *own["required"]],
        "properties": {**shared["properties"], **own["properties"]},
    }
