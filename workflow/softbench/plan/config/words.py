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
    if "anyOf" in schema:
        return " or ".join(wanted(one) for one in schema["anyOf"])
    if "enum" in schema:
        choices = [str(one) for one in schema["enum"] if one is not None]
        return _or([*choices, *(["null"] if allows_null(schema) else [])])
    kinds = [kind for kind in types(schema) if kind != "null"]
    phrase = " or ".join(_one(kind, schema) for kind in kinds)
    return f"{phrase} or null" if allows_null(schema) and phrase else phrase or "null"


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
    return ONE[kind] + bounds(schema)


def _list(schema: Schema) -> str:
    low, high, items = schema.get("minItems", 0), schema.get("maxItems"), schema.get("items", {})
    count = f"{low} " if low == high else f"{low} to {high} " if high else f"{low} or more " if low else ""
    rising = ", the lower first" if schema.get("rising") else ""
    return f"a list of {count}{_items(items)}{rising}"


def _items(items: Schema) -> str:
    if "enum" in items:
        return f"some of {', '.join(map(str, items['enum']))}"
    (kind, *others) = types(items) or ["values"]
    if kind == "array":
        return "lists, each " + _list(items)
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
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
