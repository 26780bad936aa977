"""What modules of this package declare (VERSION, SETTINGS, titles …), read from their text without importing them."""

import ast
import functools
from pathlib import Path
from typing import Any

from softbench.errors import InputError

PACKAGE = Path(__file__).parents[1]
SOURCES = ("datasets/sources", "datasets/phantoms", "datasets")  # the last: own ones of an earlier version


def version_of(*modules: str) -> dict[str, int]:
    """Read the VERSION of modules from their text, so that raising one reruns the rules that it decides.

    Args:
        modules: paths below the package, e.g. "soft_labels/svls.py".
    Returns: path -> VERSION, without modules that decide no number and say so by `VERSION = None`.
    Raises: InputError: if a module is missing or declares no VERSION.
    """
    declared = {module: _constant(module, "VERSION") for module in modules}
    return {module: int(version) for module, version in declared.items() if version is not None}


def settings_allowed(recipe: str) -> dict[str, Any] | None:
    """Return the settings that a soft label of this recipe may have, with their defaults; those of its map are not.

    One that reads the image without a map has `intensities` too. None where the recipe is no module of this package.
    """
    module = f"soft_labels/{recipe}.py"
    if not (PACKAGE / module).exists():
        return None
    settings: dict[str, Any] = _constant(module, "SETTINGS")
    if "\nMAP_SETTINGS" in (PACKAGE / module).read_text():
        of_map = _constant(module, "MAP_SETTINGS")
        return {name: default for name, default in settings.items() if name not in of_map}
    reads_image = _constant(module, "NEEDS_IMAGE")
    return settings | ({"intensities": _constant("soft_labels/intensities.py", "DEFAULT")} if reads_image else {})


def needs_shares(recipe: str) -> bool:
    """Return whether a recipe of this package reads shares, which `label_interpolation: soft` keeps."""
    module = f"soft_labels/{recipe}.py"
    text = (PACKAGE / module).read_text() if (PACKAGE / module).exists() else ""
    return "\nNEEDS_SHARES" in text and bool(_constant(module, "NEEDS_SHARES"))


def sources() -> list[str]:
    """Return the names of all sources, phantoms among them: the modules of `SOURCES` that assign `ACCESS`."""
    found = [(folder, path) for folder in SOURCES for path in (PACKAGE / folder).glob("*.py")]
    return sorted({_name_of_source(folder, path.stem) for folder, path in found if _assigns(path, "ACCESS")})


def _name_of_source(folder: str, stem: str) -> str:
    return f"phantom_{stem}" if folder.endswith("phantoms") else stem


def file_of_source(source: str) -> str:
    """Return the module of a source, below the package; where there is none, the place where it would lie."""
    if source.startswith("phantom_"):
        return f"datasets/phantoms/{source.removeprefix('phantom_')}.py"
    places = [f"{folder}/{source}.py" for folder in SOURCES if not folder.endswith("phantoms")]
    return next((place for place in places if (PACKAGE / place).exists()), places[0])


def _assigns(path: Path, name: str) -> bool:
    return f"\n{name}" in path.read_text(encoding="utf-8")


def data_card(source: str) -> dict[str, str]:
    """Return the `title` of a source, its `licence` and its `citation`."""
    module = file_of_source(source)
    return {name: _constant(module, name.upper()) for name in ("title", "licence", "citation")}


def licence_note(source: str) -> str:
    """Return the line under a table that says where its data is from and under which licence."""
    card = data_card(source)
    return f"Data: {card['title']}; licence: {card['licence']}."


def constant_of_source(source: str, name: str) -> Any:
    """Return a constant of a published source's module, e.g. ACCESS or TITLE."""
    return _constant(file_of_source(source), name)


def source_has(source: str, name: str) -> bool:
    """Return whether a published source's module assigns a constant at its top; phantoms have none of these."""
    return not source.startswith("phantom_") and _assigns(PACKAGE / file_of_source(source), name)


def has_pseudo_raters(source: str) -> bool:
    """Return whether a source's raters are put together from annotations of single objects by changing people."""
    return source_has(source, "PSEUDO_RATERS") and bool(constant_of_source(source, "PSEUDO_RATERS"))


def splits_of(source: str) -> dict[str, dict[str, Any]]:
    """Return the splits that a source derives by a rule: name -> arguments of `splits.by_patient`."""
    splits: dict[str, dict[str, Any]] = constant_of_source(source, "SPLITS") if source_has(source, "SPLITS") else {}
    return splits


NEEDED = object()  # a constant that a module must have


def constant(module: str, name: str, default: Any = NEEDED) -> Any:
    """Return a constant at the top of a module of this package, or `default` where it has none or computes it.

    Args:
        module: its path below the package, e.g. "datasets/prepare/grid.py".
        name: of the constant.
        default: what stands in; left out, the constant is needed.
    Raises: InputError: if the module is missing; and without a default, if the constant is, or is computed.
    """
    if default is NEEDED:
        return _constant(module, name)
    assigned = _assigned(PACKAGE / module, (PACKAGE / module).stat().st_mtime_ns)
    try:
        return ast.literal_eval(assigned[name])
    except (KeyError, ValueError):
        return default


def expression(module: str, name: str) -> ast.expr | None:
    """Return what a module assigns to a name at its top, as its syntax tree; None where it does not."""
    path = PACKAGE / module
    return _assigned(path, path.stat().st_mtime_ns).get(name)


def defines(module: str, name: str) -> bool:
    """Return whether a module that is there assigns or defines a name at its top, e.g. `grid` in soft_labels/epd.py."""
    path = PACKAGE / module
    return path.exists() and name in _assigned(path, path.stat().st_mtime_ns)


def _constant(module: str, name: str) -> Any:
    """Read a constant at the top of a module without importing it."""
    path = PACKAGE / module
    if not path.exists():
        raise InputError(f"{path} is named by a rule but does not exist.")
    assigned = _assigned(path, path.stat().st_mtime_ns)
    if name not in assigned:
        raise InputError(f"{path} declares no {name}; every module that decides numbers needs `{name} = 1`.")
    try:
        return ast.literal_eval(assigned[name])
    except ValueError:
        raise InputError(f"{path}: {name} must be written out, with no name or call in it.") from None


def check_recipe_module(recipe: str) -> None:
    """Raise one InputError that names what a recipe's module lacks of its contract, read from its text."""
    module = f"soft_labels/{recipe}.py"
    _constant(module, "VERSION")
    declared = _assigned(PACKAGE / module, (PACKAGE / module).stat().st_mtime_ns)
    for name in ("NEEDS_IMAGE", "RATERS", "KIND", "SETTINGS", "soften", "is_normalised"):
        if name not in declared:
            raise InputError(
                f"{PACKAGE / module} defines no {name}. Its contract is in softbench/soft_labels/contract.py; "
                f"`softbench check {recipe}` checks all of it."
            )


@functools.cache
def _assigned(path: Path, changed: int) -> dict[str, ast.expr]:
    """Return what a module assigns or defines at its top; read once, for rules ask thousands of times, and anew once
    changed. A function stands as its own name."""
    found: dict[str, ast.expr] = {}
    for node in _parsed(path).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.Name(node.name)
    return found


def _parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise InputError(f"{path}{line} is no Python: {error.args[0]}. Fix it.") from None
