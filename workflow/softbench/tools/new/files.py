"""Files written from `workflow/templates`, and names that are free for them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from softbench.errors import InputError
from softbench.jobs import pieces

ROOT = Path(__file__).parents[4]
TEMPLATES = ROOT / "workflow" / "templates"
WIDTH = 120  # of a line of Python, as `ruff format` has it
PIECE = 80  # characters; some need two in their written form


def write(kind: str, name: str, files: Mapping[str, Path], root: Path, **values: Any) -> list[Path]:
    """Fill the templates of a kind and write them where they belong; return the paths, below `root`.

    Args:
        kind: a folder of `workflow/templates`.
        name: of what is new; the templates know it as `name`.
        files: template without `.j2` -> where its text goes, below `root`.
        root: the repository.
        values: what else the templates name.
    Raises: InputError: if the name cannot be one, or a file is there already: nothing is overwritten.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise InputError(f"NAME={name} cannot be a name. Take a to z first, then a to z, 0 to 9 and _, e.g. NAME=mine.")
    there = [str(path) for path in files.values() if (root / path).exists()]
    if there:
        raise InputError(f"{', '.join(there)}: there already. Take another NAME, or delete what is there.")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / kind), autoescape=False, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    environment.globals["line"] = line
    texts = {
        path: environment.get_template(f"{template}.j2").render(name=name, **values) for template, path in files.items()
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        pieces.write_text(root / path, text)
    return list(texts)


def require_free(name: str, root: Path, *parts: str) -> None:
    """Raise `InputError` if one of these parts of config has a key of this name, or a rule is called so."""
    from softbench.plan import config, rule_files
    from softbench.plan.modules import PACKAGE

    found = config.read(root)
    taken = [f"{part}.{name} of {found.places.of((part, name))}" for part in parts if name in found.values[part]]
    taken += ["a rule"] if name in rule_files.names(PACKAGE.parents[1]) else []
    if taken:
        raise InputError(f"NAME={name} is the name of {' and of '.join(taken)}. Take another.")


def line(name: str, value: Any) -> str:
    """Return `NAME = value` for text, tuples and mappings of such; what is too long for a line has a line an entry."""
    short = f"{name} = {_short(value)}"
    if len(short) <= WIDTH:
        return short
    if isinstance(value, Mapping):
        entries = [f"    {_short(key)}: {_short(entry)}," for key, entry in value.items()]
        return "\n".join([f"{name} = {{", *entries, "}"])
    if isinstance(value, tuple):
        return "\n".join([f"{name} = (", *(f"    {_short(entry)}," for entry in value), ")"])
    return "\n".join([f"{name} = (", *(f"    {_short(part)}" for part in _parts(value)), ")"])


def _parts(text: str) -> list[str]:
    """Cut a text into pieces that fit into a line each; put together again they are the text."""
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_short(key)}: {_short(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_short, value)) + ("," if len(value) == 1 else "") + ")"
    return json.dumps(value, ensure_ascii=False)
