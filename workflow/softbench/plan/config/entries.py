"""Schemas of entries that depend on what the entry names: source, recipe, map, network, kind of figure."""

from collections.abc import Callable, Mapping
from typing import Any

from softbench import networks
from softbench.plan import modules
from softbench.plan.config import declared, schema
from softbench.plan.config.words import Schema

OPEN: Schema = {"type": ["object", "null"]}  # settings of a program in another language: its rule knows them
INTENSITIES = "soft_labels/intensities.py:ALLOWED"


def of(kind: str, key: str, value: Any, recipes_of_maps: Mapping[str, str]) -> Schema:
    """Return the schema of an entry.

    Args:
        kind: dataset, map, soft_label, network, table or figure.
        key: of the entry in config.
        value: the entry.
        recipes_of_maps: kind of a map -> the recipe whose module makes it.
    """
    entry = value if isinstance(value, Mapping) else {}
    if kind == "map":
        return _map(str(entry.get("map", key)), recipes_of_maps)
    makers: dict[str, Callable[[str, Mapping[str, Any]], Schema]] = {
        "dataset": _dataset, "soft_label": _soft_label, "network": _network, "table": _table, "figure": _figure,
    }  # fmt: skip
    return makers[kind](key, entry)


def _dataset(key: str, entry: Mapping[str, Any]) -> Schema:
    named: dict[str, Schema] = {"source": {"names": "sources", "description": "where the cases come from"}}
    if not _is_module(modules.file_of_source(str(entry.get("source")))):
        return _only(named, required=("source",))
    return schema.settings({**named, **declared.source(entry["source"])}, ("source",))


def _map(kind: str, recipes_of_maps: Mapping[str, str]) -> Schema:
    named: dict[str, Schema] = {"map": {"names": "kinds", "description": "how it is made"}}
    own = declared.map_of(recipes_of_maps[kind]) if kind in recipes_of_maps else None
    return _nullable(_only(named) if own is None else schema.settings({**named, **own}))


def _soft_label(key: str, entry: Mapping[str, Any]) -> Schema:
    recipe = str(entry.get("recipe", key))
    named: dict[str, Schema] = {"recipe": {"names": "recipes", "description": "how it is made"}}
    own = declared.recipe(recipe)
    if own is None:
        return _nullable(_only({**named, **declared.constant(INTENSITIES)}))
    if modules.constant(f"soft_labels/{recipe}.py", "MAP_SETTINGS", None) is not None:
        named["map"] = {"names": "maps", "description": "that it mixes"}
    return _nullable(schema.settings({**named, **own}))


def _network(key: str, entry: Mapping[str, Any]) -> Schema:
    named: dict[str, Schema] = {"name": {"names": "network_modules", "description": "docs/networks.md"}}
    name = entry.get("name")
    if name not in networks.names():
        return _only(named, required=("name",))
    needed, optional, takes_others = networks.settings_of(name)
    allowed = modules.constant(f"networks/{name}.py", "ALLOWED", {})
    own = declared.settings(dict.fromkeys(sorted(needed | optional)) | networks.defaults_of(name), allowed)
    found = schema.settings({**named, **own}, ("name", *sorted(needed)))
    return {**found, "additionalProperties": takes_others}


def _table(key: str, entry: Mapping[str, Any]) -> Schema:
    return schema.definition("paper_table" if "published" in entry else "table")


def _figure(key: str, entry: Mapping[str, Any]) -> Schema:
    kinds = schema.definition("figure")["properties"]["kind"]["enum"]
    return schema.of_figure(entry["kind"]) if entry.get("kind") in kinds else _only_kind()


def _only_kind() -> Schema:
    return {**schema.definition("figure"), "additionalProperties": True}


def _only(named: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    return {**schema.settings(named, required), "additionalProperties": True}


def _nullable(found: Schema) -> Schema:
    return {**found, "type": ["object", "null"]}


def _is_module(path: str) -> bool:
    return (modules.PACKAGE / path).is_file()
