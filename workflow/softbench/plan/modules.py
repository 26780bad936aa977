"""What modules of this package declare (VERSION, SETTINGS, titles …), read from their text without importing them."""

import ast
import functools
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from softbench.errors import InputError

PACKAGE = Path(__file__).parents[1]
SOURCES = {"datasets/sources": "", "datasets/phantoms": "phantom_", "datasets": ""}  # folder -> what names begin with;
# the last is for own sources of an earlier version
NEEDED = object()  # a constant that a module must have
OF_CONTRACT: dict[str, tuple[Any, ...]] = {
    "NEEDS_IMAGE": (True, False), "RATERS": ("one", "many"), "KIND": ("computed", "mapped", "stored"),
}  # fmt: skip
OF_KIND = {"computed": ("soften_batch",), "mapped": ("MAP_SETTINGS", "make_map", "apply_map")}
GIVEN = ("classes", "shares", "valid", "teacher", "cuts")  # what `soften` gets besides its settings
CONTRACT = ("NEEDS_IMAGE", "RATERS", "KIND", "SETTINGS", "soften", "is_normalised")  # of a recipe's module


def constant(module: str, name: str, default: Any = NEEDED) -> Any:
    """Return a constant at the top of a module of this package, or `default` where it has none or computes it.

    Args:
        module: its path below the package, e.g. "datasets/prepare/grid.py".
        name: of the constant.
        default: what stands in; left out, the constant is needed.
    Raises: InputError: if the module is missing; and without a default, if the constant is, or is computed.
    """
    assigned = _read(module)
    if name not in assigned:
        if default is not NEEDED:
            return default
        path = PACKAGE / module
        raise InputError(f"{path} declares no {name}; every module that decides numbers needs `{name} = 1`.")
    try:
        return ast.literal_eval(assigned[name])
    except ValueError:
        if default is not NEEDED:
            return default
        said = "must be written out, with no name or call in it."
        raise InputError(f"{PACKAGE / module}: {name} {said}") from None


def expression(module: str, name: str) -> ast.expr | None:
    """Return what a module assigns to a name at its top, as its syntax tree; None where it does not."""
    return _read(module).get(name)


def defines(module: str, name: str) -> bool:
    """Return whether a module that is there assigns or defines a name at its top, e.g. `grid` in soft_labels/epd.py."""
    return (PACKAGE / module).exists() and name in _read(module)


def own_names(module: str) -> list[str]:
    """Return what a module assigns or defines at its top: constants, functions and classes."""
    return [*_read(module), *(node.name for node in tree(module).body if isinstance(node, ast.ClassDef))]


def names(module: str) -> list[str]:
    """Return the names at the top of a module, those that it imports among them."""
    imports = [node for node in tree(module).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return own_names(module) + [alias.asname or alias.name for node in imports for alias in node.names]


def function(module: str, name: str) -> ast.FunctionDef | None:
    """Return a function at the top of a module; None where it has none of this name."""
    found = (node for node in tree(module).body if isinstance(node, ast.FunctionDef) and node.name == name)
    return next(found, None)


def tree(module: str) -> ast.Module:
    """Return the syntax tree of a module of this package.

    Raises: InputError: if it is missing or no Python; the message names file and line.
    """
    return _parsed(*_changed(module))


def _read(module: str) -> dict[str, ast.expr]:
    return _top(*_changed(module))


def _changed(module: str) -> tuple[Path, int]:
    """Return the file of a module and when it changed."""
    path = PACKAGE / module
    try:
        return path, path.stat().st_mtime_ns
    except FileNotFoundError:
        raise InputError(f"{path} is named by a rule but does not exist.") from None


@functools.cache
def _parsed(path: Path, changed: int) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        said = error.msg if isinstance(error, SyntaxError) else str(error)
        raise InputError(f"{path}{line} is no Python: {said}. Fix it.") from None


@functools.cache
def _top(path: Path, changed: int) -> dict[str, ast.expr]:
    """Return what a module assigns or defines at its top; a function stands as its own name.

    Read once, for rules ask thousands of times, and anew once `changed`.
    """
    tree = _parsed(path, changed)
    names: dict[str, ast.expr] = {}
    for node in tree.body:
        names |= assigned(node)
        if isinstance(node, ast.FunctionDef):
            names[node.name] = ast.Name(node.name)
    return names


def assigned(node: ast.AST) -> dict[str, ast.expr]:
    """Return what a statement assigns to names, name -> value; nothing of any other statement."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return {}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id: node.value for target in targets if isinstance(target, ast.Name)}


def version_of(*modules: str) -> dict[str, int]:
    """Return the VERSION of modules, paths below the package, without those that say `VERSION = None`.

    Raises: InputError: if a module is missing or declares no VERSION.
    """
    declared = {module: constant(module, "VERSION") for module in modules}
    return {module: int(version) for module, version in declared.items() if version is not None}


def settings_allowed(recipe: str) -> dict[str, Any] | None:
    """Return the settings that a soft label of this recipe may have, with their defaults; those of its map are not.

    One that reads the image without a map has `intensities` too. None where the recipe is no module of this package.
    """
    module = f"soft_labels/{recipe}.py"
    if not (PACKAGE / module).exists():
        return None
    settings: dict[str, Any] = constant(module, "SETTINGS")
    if defines(module, "MAP_SETTINGS"):
        of_map = constant(module, "MAP_SETTINGS")
        return {name: default for name, default in settings.items() if name not in of_map}
    reads_image = constant(module, "NEEDS_IMAGE")
    return settings | ({"intensities": constant("soft_labels/maps.py", "DEFAULT")} if reads_image else {})


def needs_shares(recipe: str) -> bool:
    """Return whether a recipe of this package reads shares, which `label_interpolation: soft` keeps."""
    module = f"soft_labels/{recipe}.py"
    return defines(module, "NEEDS_SHARES") and bool(constant(module, "NEEDS_SHARES"))


def reads_all_raters(recipe: str) -> bool:
    """Return whether a recipe of this package makes one label of all raters; a program in another language does not."""
    module = f"soft_labels/{recipe}.py"
    return defines(module, "RATERS") and constant(module, "RATERS") == "many"


def check_recipe_module(recipe: str) -> None:
    """Raise one InputError that names what a recipe's module lacks of its contract, read from its text."""
    module = f"soft_labels/{recipe}.py"
    constant(module, "VERSION")
    kind = constant(module, "KIND", None) if defines(module, "KIND") else None
    if missing := next((name for name in (*CONTRACT, *OF_KIND.get(str(kind), ())) if name not in names(module)), None):
        raise InputError(
            f"{PACKAGE / module} defines no {missing}. Its contract is in softbench/soft_labels/contract.py; "
            f"`softbench check {recipe}` checks all of it."
        )
    for name, allowed in OF_CONTRACT.items():
        if (value := constant(module, name, None)) not in (*allowed, None):
            raise InputError(f"{PACKAGE / module}: {name} must be {' or '.join(map(repr, allowed))}, but is {value!r}.")
    _check_arguments(module, "soften", constant(module, "SETTINGS", None))


def check_map_module(module: str) -> None:
    """Raise an InputError that names what the module of a map lacks, a path below the package."""
    if missing := next((name for name in ("VERSION", *OF_KIND["mapped"]) if name not in names(module)), None):
        said = "A recipe that mixes maps has MAP_SETTINGS, make_map and apply_map: softbench/soft_labels/contract.py."
        raise InputError(f"{PACKAGE / module} defines no {missing}. {said}")


def _check_arguments(module: str, name: str, settings: Iterable[str] | None) -> None:
    """Raise unless a function takes each of the settings of a recipe, and needs no other argument."""
    made = function(module, name)
    if made is None or settings is None or made.args.kwarg is not None:
        return
    pairs = list(zip(made.args.kwonlyargs, made.args.kw_defaults, strict=True))
    needed = {argument.arg for argument, default in pairs if default is None} - {*GIVEN}
    if lost := sorted(set(settings) - {argument.arg for argument, _ in pairs}):
        said = f"takes no {', '.join(lost)}, which SETTINGS names. Add it behind the `*`, or take it out of SETTINGS."
    elif lost := sorted(needed - set(settings)):
        said = f"needs {', '.join(lost)}, which SETTINGS does not name. Add it there, with its default."
    else:
        return
    raise InputError(f"{PACKAGE / module}, line {made.lineno}: `{name}` {said}")


def sources() -> list[str]:
    """Return the names of all sources, phantoms among them: the modules of `SOURCES` that assign `ACCESS`."""
    modules = [(start, path) for folder, start in SOURCES.items() for path in (PACKAGE / folder).glob("*.py")]
    return sorted({start + path.stem for start, path in modules if "\nACCESS" in _text(path)})


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")  # what is no UTF-8 is told where the file is parsed


def is_phantom(source: str) -> bool:
    """Return whether the cases of a source are made and not published."""
    return source.startswith("phantom_")


def file_of_source(source: str) -> str:
    """Return the module of a source, below the package; where there is none, the place where it would lie."""
    if is_phantom(source):
        return f"datasets/phantoms/{source.removeprefix('phantom_')}.py"
    places = [f"{folder}/{source}.py" for folder, start in SOURCES.items() if not start]
    return next((place for place in places if (PACKAGE / place).exists()), places[0])


def has_label_archives(source: str) -> bool:
    """Return whether a source's label maps can be fetched without its images."""
    return defines(file_of_source(source), "LABEL_ARCHIVES")


def constant_of_source(source: str, name: str, default: Any = NEEDED) -> Any:
    """Return a constant of a source's module, e.g. ACCESS or TITLE; arguments and errors as `constant`."""
    return constant(file_of_source(source), name, default)


def source_has(source: str, name: str) -> bool:
    """Return whether the module of a source assigns a constant at its top, written out or computed."""
    return defines(file_of_source(source), name)


def data_card(source: str) -> dict[str, str]:
    """Return the `title` of a source, its `licence` and its `citation`."""
    return {name: constant_of_source(source, name.upper()) for name in ("title", "licence", "citation")}


def licence_note(source: str) -> str:
    """Return the line under a table that says where its data is from and under which licence."""
    card = data_card(source)
    return f"Data: {card['title']}; licence: {card['licence']}."


def published_splits(source: str) -> dict[str, dict[str, Any]]:
    """Return the splits that a source derives by a rule: name -> arguments of `splits.by_patient`."""
    return constant_of_source(source, "SPLITS") if source_has(source, "SPLITS") else {}


def reason_missing(source: str, config: Mapping[str, Any], raw: Path = Path("results/raw")) -> str | None:
    """Say why no job can have the files of a source; None where one can.

    Args:
        source: a name of `datasets.names()`.
        config: `folders`, `mirror` and `data` decide; with `data: here` nothing is fetched.
        raw: folder of fetched sources.
    """
    if is_phantom(source) or source in config["folders"] or _lies_there(raw / source):
        return None
    if config["data"] == "here":
        return "its data does not lie here, and `data: here` fetches none"
    access = constant_of_source(source, "ACCESS")
    if access == "own":
        return "it is data of your own, and `folders` does not name its place"
    if access == "manual" and not (config["mirror"] and source_has(source, "ARCHIVES")):
        return "its data is behind a login and needs a person to get it"
    if access == "token" and config["mirror"] is None and not os.environ.get(constant_of_source(source, "TOKEN")):
        return f"its data needs a token of your own in {constant_of_source(source, 'TOKEN')}"
    return None


def _lies_there(folder: Path) -> bool:
    """Return whether a source was fetched, or a person put files where they belong."""
    files = folder / "files"
    return (folder / "manifest.json").exists() or (files.is_dir() and any(files.iterdir()))
