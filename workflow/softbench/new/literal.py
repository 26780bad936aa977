"""Values as lines of Python, in the form that `ruff format` gives them."""

import json
from collections.abc import Mapping
from typing import Any

WIDTH = 120
PIECE = 80  # characters; some need two in their written form


def line(name: str, value: Any) -> str:
    """Return `NAME = value` for text, tuples and mappings of such; what is too long for a line has a line an entry."""
    short = f"{name} = {_short(value)}"
    if len(short) <= WIDTH:
        return short
    if isinstance(value, Mapping):
        entries = [f"    {_short(key)}: {_short(one)}," for key, one in value.items()]
        return "\n".join([f"{name} = {{", *entries, "}"])
    if isinstance(value, tuple):
        return "\n".join([f"{name} = (", *(f"    {_short(one)}," for one in value), ")"])
    return "\n".join([f"{name} = (", *(f"    {_short(part)}" for part in _parts(value)), ")"])


def _parts(text: str) -> list[str]:
    """Cut a text into pieces that fit into a line each; put together again they are the text."""
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_short(key)}: {_short(one)}" for key, one in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_short, value)) + ("," if len(value) == 1 else "") + ")"
    return json.dumps(value, ensure_ascii=False)
