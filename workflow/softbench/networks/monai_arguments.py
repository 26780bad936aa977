"""Which networks MONAI has and which arguments they take, read from the text of its modules.

Config is checked with this before any job, without the seconds that importing MONAI takes.
"""

import ast
import functools
import importlib.util
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.errors import meant

VERSION = None  # names alone
OWN = ("name", "network", "multiple")  # settings that are not the class's
FILLED = {  # what we know of an image: names that MONAI's classes have for it
    "in_channels": ("in_channels", "n_input_channels", "num_channels"),
    "classes": ("out_channels", "num_classes"),
    "dims": ("spatial_dims", "dimensions"),
}


@dataclass(frozen=True)
class Arguments:
    """Arguments of a class: all that have a name, those without a default, and whether it takes others (`**kwargs`)."""

    named: tuple[str, ...]
    needed: tuple[str, ...]
    takes_others: bool

    def filled(self) -> dict[str, str]:
        """Return fact -> the name that the class has for it."""
        return filled(self.named)


def filled(named: Collection[str]) -> dict[str, str]:
    """Return fact -> the name that a class with these arguments has for it; see `FILLED`."""
    taken = {fact: [name for name in names if name in named] for fact, names in FILLED.items()}
    return {fact: names[0] for fact, names in taken.items() if names}


def complaint(name: str, has: Arguments, given: Iterable[str]) -> str | None:
    """Return what is wrong with the arguments that config gives a class; None where nothing is."""
    given, known = set(given), set(has.filled().values())
    settable = [argument for argument in has.named if argument not in known]
    listed = f"its arguments: {', '.join(settable)}."
    if twice := sorted(given & known):
        return f"network {name} of MONAI sets {_quoted(twice)}, which follow from the data set; {listed}"
    if unknown := sorted(given - set(settable)) if not has.takes_others else []:
        near = "".join(meant(argument, settable) for argument in unknown)
        return f"network {name} of MONAI sets {_quoted(unknown)}, which it does not know; {listed}{near}"
    if missing := [argument for argument in has.needed if argument in settable and argument not in given]:
        return f"network {name} of MONAI needs {_quoted(missing)}; {listed}"
    return None


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def names() -> list[str]:
    """Return the classes that take both image channels and classes; nothing where MONAI is not there."""
    return sorted(name for name in _modules() if _is_network(find(name)))


def _is_network(has: Arguments | None) -> bool:
    return has is not None and {"in_channels", "classes"} <= set(has.filled())


@functools.cache
def find(name: str) -> Arguments | None:
    """Return the arguments of a class of `monai.networks.nets`, by its own name; None where there is none."""
    path = _modules().get(name)
    return None if path is None else _arguments(name, path)


@functools.cache
def _modules() -> Mapping[str, Path]:
    """Return the file of each name that `monai.networks.nets` has; nothing where MONAI is not there."""
    found = importlib.util.find_spec("monai")
    folders = found.submodule_search_locations if found is not None else None
    folder = Path(folders[0], "networks", "nets") if folders else None
    if folder is None or not folder.is_dir():
        return {}
    imports = [node for node in _body(folder / "__init__.py") if isinstance(node, ast.ImportFrom) and node.level == 1]
    return {alias.name: folder / f"{node.module}.py" for node in imports for alias in node.names}


@functools.cache
def _body(path: Path) -> list[ast.stmt]:
    return ast.parse(path.read_text(encoding="utf-8")).body


def _arguments(name: str, path: Path) -> Arguments | None:
    """Return the arguments of a class: its own, or those of the first class that it extends and whose text is here."""
    node = next((node for node in _body(path) if isinstance(node, ast.ClassDef) and node.name == name), None)
    if node is None:
        return None
    for line in node.body:
        if isinstance(line, ast.FunctionDef) and line.name == "__init__":
            return _of_function(line.args)
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    return next((has for base in bases if (has := _arguments(base, _modules().get(base, path)))), None)


def _of_function(arguments: ast.arguments) -> Arguments:
    plain = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args)][1:]  # without self
    with_default = set(plain[len(plain) - len(arguments.defaults) :] if arguments.defaults else [])
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    with_default |= {argument.arg for argument, default in pairs if default is not None}
    named = (*plain, *(argument.arg for argument in arguments.kwonlyargs))
    needed = tuple(name for name in named if name not in with_default)
    return Arguments(named, needed, arguments.kwarg is not None or arguments.vararg is not None)


def problem(settings: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the setting of a network of config that is wrong, and why; None where nothing is known to be.

    Args: settings: of a network with `name: monai`.
    """
    name = str(settings.get("network"))
    has = find(name)
    if has is None or not _is_network(has):
        known = names()
        if not known:
            return None  # MONAI is not installed where the plan is made: the job says it
        said = f"is {name!r}, no network of MONAI with image channels and classes; there are: {', '.join(known)}."
        return "network", f"{said}{meant(name, known)}"
    if settings.get("pretrained"):
        return "pretrained", "does not fit: each seed draws its own weights. Leave it out."
    given = [key for key in settings if key not in OWN]
    said_of = complaint(name, has, given)
    if said_of is None:
        return None
    wrong = next((key for key in given if repr(key) in said_of.split(";")[0]), "network")
    return wrong, f"does not fit: {said_of}"
