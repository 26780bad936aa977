"""docs/settings.md is made from the schema, and the schema holds words that the check knows alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from make import settings
from softbench.plan import rule_files
from softbench.plan.config import schema, walk

KNOWN = {
    *("type", "description", "properties", "additionalProperties", "required", "items", "minItems", "maxItems"),
    *("uniqueItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "anyOf", "minProperties"),
    *("maxProperties", "names", "keys", "name", "loss", "nullable", "renamed", "rising", "entry"),
}


def test_page_is_current(root: Path) -> None:
    made = settings.page()
    assert (root / "docs" / "settings.md").read_text(encoding="utf-8") == made, "stale: `make docs`"


def test_every_recipe_network_and_protocol_setting_is_on_the_page() -> None:
    page = settings.page()
    for name in (*rule_files.find().recipes, "compact_unet", "focal", "sweep"):
        assert f"# `{name}`\n" in page
    assert "| `alpha` | share given away | a number from 0 to 1 | `0.1` |" in page
    assert "| `learning_rate` | constant, or the highest of the schedule | a number above 0 | needed |" in page


def parts(one: Any) -> Iterator[Mapping[str, Any]]:
    """Each schema within a schema."""
    if isinstance(one, list):
        for part in one:
            yield from parts(part)
    if isinstance(one, Mapping):
        yield one
        for key, value in one.items():
            inner = list(value.values()) if key == "properties" else value
            yield from parts(inner) if key in ("properties", "items", "anyOf", "additionalProperties") else ()


def test_schema_holds_no_word_that_the_check_does_not_know() -> None:
    names = [name for name in schema._text()[schema.DEFINITIONS]]
    every = [schema.whole(), *map(schema.definition, names)]
    every += [schema.resolved(schema.constant(f"{place}:ALLOWED")[key]) for place, key in declared_keys()]
    assert {key for one in every for part in parts(one) for key in part} <= KNOWN


def declared_keys() -> Iterator[tuple[str, str]]:
    for place in (
        "soft_labels/geols.py",
        "soft_labels/superpixel.py",
        "datasets/prepare/prepare.py",
        "datasets/sources/oct_dme.py",
    ):
        for key in schema.constant(f"{place}:ALLOWED"):
            yield place, key


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"type": "number", "minimum": 0, "maximum": 1}, "a number from 0 to 1"),
        ({"type": "integer", "minimum": 1}, "a whole number from 1 on"),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, "a number from 0 and below 1"),
        ({"type": ["integer", "null"], "minimum": 1}, "a whole number from 1 on or null"),
        ({"enum": ["a", "b"], "nullable": True}, "a, b or null"),
        ({"anyOf": [{"enum": ["all"]}, {"type": "integer", "minimum": 1}]}, "all or a whole number from 1 on"),
        ({"type": "array", "items": {"names": "methods"}, "minItems": 1}, "a list of one or more names, each a method"),
        ({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 3}, "a list of 2 to 3 numbers"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "a mapping (`key: value`), each value a text"),
    ],
)
def test_what_is_allowed_is_said_in_words(one: dict, said: str) -> None:
    assert walk.wanted(one) == said
