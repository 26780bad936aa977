"""Which settings a network takes, read from the text of its module: config is checked without importing torch."""

import ast
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from softbench.errors import InputError

VERSION = None  # refuses, and changes nothing


def require_settings(place: str, name: str, given: Iterable[str]) -> None:
    """Raise unless `given` holds every setting that the network needs, and none that it does not know.

    Args:
        place: how the message begins, e.g. "config: networks.unet".
        name: one of `networks.names()`.
        given: names of settings.
    Raises: InputError: lists the settings of the network.
    """
    needed, optional, open_ended = settings_of(name)
    missing = sorted(needed - set(given))
    unknown = [] if open_ended else sorted(set(given) - needed - optional)
    if missing or unknown:
        problems = [f"lacks {_quoted(missing)}"] if missing else []
        problems += [f"sets {_quoted(unknown)}, which {name!r} does not know"] if unknown else []
        known = [*sorted(needed), *(f"{one} (optional)" for one in sorted(optional))]
        raise InputError(f"{place} {' and '.join(problems)}; its settings: {', '.join(known) or 'none'}.")


def dims_of(name: str) -> tuple[int, ...]:
    """Return the dimensions of the images that a network takes: its module's `DIMS`, else 2 and 3."""
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    return tuple(ast.literal_eval(assigned["DIMS"])) if "DIMS" in assigned else (2, 3)


def settings_of(name: str) -> tuple[set[str], set[str], bool]:
    """Return the keyword-only arguments of `build` without and with a default, and whether it takes any others."""
    arguments = _arguments(name)
    pairs = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    needed = {argument.arg for argument, default in pairs if default is None}
    return needed, {argument.arg for argument, _ in pairs} - needed, arguments.kwarg is not None


def defaults_of(name: str) -> dict[str, Any]:
    """Return the defaults of the arguments of `build`, of those that have one that is a plain literal."""
    arguments = _arguments(name)
    found: dict[str, Any] = {}
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        with contextlib.suppress(ValueError):
            found |= {} if default is None else {argument.arg: ast.literal_eval(default)}
    return found


def _arguments(name: str) -> ast.arguments:
    tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    return next(n.args for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "build")


def _quoted(names: list[str]) -> str:
    return ", ".join(map(repr, names))
