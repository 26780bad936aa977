"""What a schema allows, in words: "a number from 0 to 1", "a list of 2 to 3 whole numbers from 1 on"."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

ONE = {
    "number": "a number",
    "integer": "a whole number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping (`key: value`)",
    "null": "null",
}
NAMED = {
    "targets": "a table",
    "sources": "a source",
    "datasets": "a data set",
    "kinds": "a kind of map",
    "maps": "a map",
    "recipes": "a recipe",
    "soft_labels": "a soft label",
    "methods": "a method",
    "network_modules": "a module of networks",
    "networks": "a network",
    "protocols": "a protocol",
    "experiments": "an experiment",
    "metrics": "a metric",
    "published": "a printed table",
}
MANY = {
    "number": "numbers",
    "integer": "whole numbers",
    "string": "texts",
    "boolean": "true or false",
    "array": "lists",
    "object": "mappings",
}


def wanted(schema: Schema) -> str:
    """Return what a value of this schema must be, as a phrase that follows "must be"."""
    phrases = [phrase for part in schema.get("anyOf", [schema]) for phrase in _phrases(part)]
    return _or([*phrases, *(["null"] if allows_null(schema) else [])])


def _phrases(schema: Schema) -> list[str]:
    """Return the phrases of what a schema without alternatives allows, but for null."""
    if "names" in schema or "loss" in schema:
        return [NAMED[schema["names"]] if "names" in schema else "a loss"]
    if "enum" in schema:
        return [str(one) for one in schema["enum"] if one is not None]
    return [_one(kind, schema) for kind in types(schema) if kind != "null"]


def types(schema: Schema) -> list[str]:
    """Return the types of a schema; [] where any will do."""
    if "names" in schema or "loss" in schema:
        return ["string"]
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def allows_null(schema: Schema) -> bool:
    """Return whether a schema allows null."""
    return "null" in types(schema) or bool(schema.get("nullable")) or None in schema.get("enum", [])


def _one(kind: str, schema: Schema) -> str:
    if kind == "array":
        return _list(schema)
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping) and not schema.get("properties"):
        return f"{ONE[kind]}, each value {wanted(schema['additionalProperties'])}"
    return ONE[kind] + bounds(schema)


def _list(schema: Schema) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    least = "one" if low == 1 else str(low)
    count = f"{low} " if low == high else f"{low} to {high} " if high else f"{least} or more " if low else ""
    return f"a list of {count}{_items(schema.get('items', {}))}{', the lower first' if schema.get('rising') else ''}"


def _items(items: Schema) -> str:
    if "names" in items or "enum" in items:
        return f"names, each {wanted(items)}"
    (kind, *others) = types(items) or ["values"]
    if kind == "array":
        return f"lists, each {_list(items)}"
    return "values" if others else MANY.get(kind, kind) + bounds(items)


def bounds(schema: Schema) -> str:
    """Return the range of a number: " from 0 to 1", " above 0", " from 1 on"; nothing where there is none."""
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    start = f"from {low}" if low is not None else f"above {above}" if above is not None else ""
    end = f"to {high}" if high is not None else f"below {below}" if below is not None else ""
    joined = " and ".join([start, end]) if below is not None and start else f"{start} {end}".strip()
    if start and not end and low is not None:
        joined += " on"
    return f" {joined}" if joined else ""


def _or(choices: list[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}" if len(choices) > 1 else "".join(choices)
