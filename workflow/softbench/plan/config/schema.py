"""The one schema of settings: workflow/schemas/config.schema.yaml with what modules declare in it, and its check."""

import functools
from collections.abc import Mapping
from typing import Any

import yaml

from softbench.plan import modules
from softbench.plan.config import declared
from softbench.plan.config.words import Schema

FILE = modules.PACKAGE.parent / "schemas" / "config.schema.yaml"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
DEFINITIONS = "definitions"


@functools.cache
def whole() -> Schema:
    """Return the schema of all of config, without references."""
    text = _text()
    return resolved({key: value for key, value in text.items() if key != DEFINITIONS})


@functools.cache
def definition(name: str) -> Schema:
    """Return a schema that entries share, e.g. "experiment", without references."""
    return resolved(_text()[DEFINITIONS][name])


def of_figure(kind: str) -> Schema:
    """Return the schema of a figure of some kind."""
    shared, own = definition("figure"), definition(f"figure_{kind}")
    return {
        **shared,
        "required": [*shared["required"], *own["required"]],
        "properties": {**shared["properties"], **own["properties"]},
    }


def resolved(schema: Any) -> Any:
    """Return a schema in which `$ref`, `constant` and `declared` are replaced by what they name."""
    if isinstance(schema, list | tuple):
        return [resolved(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    named = {key: value for key, value in schema.items() if key not in ("$ref", "constant", "declared")}
    found = {key: resolved(value) for key, value in named.items()}
    if "$ref" in schema:
        return {**definition(schema["$ref"]), **found}
    if "constant" in schema:
        return {"enum": list(declared.constant(schema["constant"])), **found}
    if "declared" in schema:
        return {**settings(declared.constant(schema["declared"])), **found}
    return found


def settings(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the schema of a mapping that holds these keys alone."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {name: resolved(one) for name, one in properties.items()},
    }


@functools.cache
def _text() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), LOADER)
    return content
