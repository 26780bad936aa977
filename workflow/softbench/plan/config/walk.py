"""Values against a schema: what is not allowed in them, each with its path, and in words what would be.

The words of a schema are those of JSON Schema that config needs; `names`, `keys`, `name`, `loss`, `nullable`, `renamed`
and `rising` are ours (workflow/schemas/config.schema.yaml says what they mean). docs/decisions.md says why jsonschema
does not do this.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from softbench.errors import meant
from softbench.plan.config.schema import Schema
from softbench.plan.places import Fault, KeyPath, known

KEY = re.compile(r"[a-z][a-z0-9_]*")
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
    "teachers": "a teacher",
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


class Rules(NamedTuple):
    """What schemas refer to.

    `names` of a kind, and whether a name `is_known`; the schema of an `entry` (kind, key, value); what is wrong with a
    `loss`, or None.
    """

    names: Callable[[str], Sequence[str]]
    entry: Callable[[str, str, Any], Schema]
    loss: Callable[[str], str | None]
    is_known: Callable[[str, str], bool]


def faults(value: Any, schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    """Yield what a schema does not allow in a value.

    Args:
        value: plain dicts, lists, texts, numbers.
        schema: without references (`schema.resolved`).
        path: of the value in config.
        rules: what the schema refers to.
    """
    if "entry" in schema:
        schema = rules.entry(schema["entry"], str(path[-1]), value)
    if value is None and allows_null(schema):
        return
    if "anyOf" in schema:
        yield from _alternatives(value, schema, path, rules)
    elif "enum" in schema:
        if not _is_one_of(value, schema["enum"]):
            yield Fault(path, _other_than(value, schema))
    elif not _has_type(value, types(schema)):
        yield Fault(path, _other_than(value, schema) + _hint(value, schema))
    elif isinstance(value, Mapping):
        yield from _mapping(value, schema, path, rules)
    elif isinstance(value, list):
        yield from _list(value, schema, path, rules)
    elif isinstance(value, str):
        yield from _text(value, schema, path, rules)
    elif not _in_range(value, schema):
        yield Fault(path, _other_than(value, schema))


def _alternatives(value: Any, schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    """Yield nothing where one alternative fits; the faults of the one of the value's own type, or what would fit."""
    tried = [(part, list(faults(value, part, path, rules))) for part in schema["anyOf"]]
    if all(wrong for _, wrong in tried):
        is_nested = isinstance(value, list | Mapping)
        own = (wrong for part, wrong in tried if is_nested and "enum" not in part and _has_type(value, types(part)))
        yield from next(own, [Fault(path, _other_than(value, schema))])


def _mapping(value: Mapping[Any, Any], schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    further = schema.get("additionalProperties", True)
    missing = [key for key in schema.get("required", []) if key not in value]
    if missing and not (further is False and set(value) - set(properties)):  # else one of them is misspelt
        yield Fault(path, f"lacks {', '.join(map(repr, missing))}.")
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        low, high = schema.get("minProperties", 0), schema.get("maxProperties")
        count = "one" if low == high == 1 else f"at least {low}"
        which = f"of {', '.join(properties)}" if properties else "entry"
        yield Fault(path, f"must hold {count} {which}, but holds {', '.join(map(str, value)) or 'nothing'}.")
    for key, part in value.items():
        if key in properties:
            yield from faults(part, properties[key], (*path, key), rules)
        elif further is False and key in schema.get("renamed", {}):
            said = f"is called {schema['renamed'][key]!r} now. Rename it; its value may stay."
            yield Fault((*path, key), said, is_earlier=True)
        elif further is False:
            yield Fault((*path, key), f"is no known key. {known(key, properties)}")
        else:
            yield from _key(key, schema, path, rules)
            yield from _entry(value, key, schema, path, rules)


def _entry(value: Mapping[Any, Any], key: Any, schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    """Yield what is wrong with an entry; one that lacks something may be a misspelt other one of its section."""
    further = schema.get("additionalProperties", True)
    for fault in faults(value[key], further, (*path, key), rules) if further is not True else ():
        is_bare = schema.get("name") and fault.path == (*path, key) and fault.said.startswith("lacks")
        yield fault._replace(said=fault.said + meant(key, value.keys() - {key})) if is_bare else fault


def _key(key: Any, schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    """Yield what is wrong with a key that a person chose: no name, or no known one."""
    if schema.get("name") and not (isinstance(key, str) and KEY.fullmatch(key)):
        said = f"is no name: the key {key!r} must be made of a to z, 0 to 9 and _, a letter first. Rename it."
        yield Fault((*path, key), said)
    if schema.get("keys") == "numbers":
        if not _is_a(key, "number"):
            yield Fault((*path, key), f"is no number: the key {shown(key)} must be the value of a parameter.")
    elif "keys" in schema and not rules.is_known(schema["keys"], str(key)):
        yield Fault((*path, key), f"is not {NAMED[schema['keys']]}. {known(key, rules.names(schema['keys']))}")


def _list(value: list[Any], schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
    falls = value and schema.get("rising") and all(_is_a(item, "number") for item in value) and not value[0] < value[-1]
    if not low <= len(value) <= high or falls:
        yield Fault(path, _other_than(value, schema))
        return
    for place, item in enumerate(value):
        if "items" in schema:
            yield from faults(item, schema["items"], (*path, place), rules)
        if schema.get("uniqueItems") and item in value[:place]:
            yield Fault((*path, place), f"is {shown(item)}, which is in the list already. Delete one of them.")


def _text(value: str, schema: Schema, path: KeyPath, rules: Rules) -> Iterator[Fault]:
    if "names" in schema and not rules.is_known(schema["names"], value):
        yield Fault(path, f"is {value!r}, which does not exist. {known(value, rules.names(schema['names']))}")
    if schema.get("loss") and (said := rules.loss(value)):
        yield Fault(path, f"cannot be read: {said}")


def _has_type(value: Any, kinds: Sequence[str]) -> bool:
    """Return whether a value is of one of these types; true and false are no numbers, 2.0 is no whole number."""
    return not kinds or any(_is_a(value, kind) for kind in kinds)


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    types: dict[str, Any] = {
        "number": int | float, "integer": int, "string": str, "array": list, "object": Mapping, "boolean": bool,
    }  # fmt: skip
    return value is None if kind == "null" else isinstance(value, types[kind])


def _in_range(value: Any, schema: Schema) -> bool:
    if isinstance(value, bool):
        return True
    return bool(
        value == value
        and abs(value) != float("inf")
        and schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and not value <= schema.get("exclusiveMinimum", float("-inf"))
        and not value >= schema.get("exclusiveMaximum", float("inf"))
    )


def _is_one_of(value: Any, choices: Sequence[Any]) -> bool:
    return any(value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in choices)


def shown(value: Any) -> str:
    """Return a value as a message shows it: as YAML writes it, cut where it is long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _other_than(value: Any, schema: Schema) -> str:
    """Say what a value is, what it must be, and which of the choices was probably meant."""
    choices = [str(choice) for part in schema.get("anyOf", [schema]) for choice in part.get("enum", [])]
    meaning = f" ({schema['description']})" if schema.get("description") else ""
    if schema.get("enum") == []:
        return f"is {shown(value)}, but there is nothing to choose from{meaning}. Leave it out."
    return f"is {shown(value)}, but must be {wanted(schema)}{meaning}.{meant(value, choices)}"


def _hint(value: Any, schema: Schema) -> str:
    """Return what to type where a text looks like a number: with a comma, or between quotes."""
    if not isinstance(value, str) or not {"number", "integer"} & set(types(schema)):
        return ""
    if re.fullmatch(r"[-+]?\d+,\d+", value):
        return f" Write it with a point: {value.replace(',', '.')}."
    return " Write it without quotes." if re.fullmatch(r"[-+]?[0-9.]+([eE][-+]?\d+)?", value) else ""


def wanted(schema: Schema) -> str:
    """Return what a value of this schema must be, as a phrase that follows "must be"."""
    phrases = [phrase for part in schema.get("anyOf", [schema]) for phrase in _phrases(part)]
    return _or([*phrases, *(["null"] if allows_null(schema) else [])])


def _phrases(schema: Schema) -> list[str]:
    """Return the phrases of what a schema without alternatives allows, but for null."""
    if "names" in schema or "loss" in schema:
        return [NAMED[schema["names"]] if "names" in schema else "a loss"]
    if "enum" in schema:
        return [str(choice) for choice in schema["enum"] if choice is not None]
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
        return _list_wanted(schema)
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping) and not schema.get("properties"):
        return f"{ONE[kind]}, each value {wanted(schema['additionalProperties'])}"
    return ONE[kind] + bounds(schema)


def _list_wanted(schema: Schema) -> str:
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    least = "one" if low == 1 else str(low)
    count = f"{low} " if low == high else f"{low} to {high} " if high else f"{least} or more " if low else ""
    return f"a list of {count}{_items(schema.get('items', {}))}{', the lower first' if schema.get('rising') else ''}"


def _items(items: Schema) -> str:
    if "names" in items or "enum" in items:
        return f"names, each {wanted(items)}"
    (kind, *others) = types(items) or ["values"]
    if kind == "array":
        return f"lists, each {_list_wanted(items)}"
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
