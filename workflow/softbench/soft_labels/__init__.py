"""What does the network learn from: one module a recipe, found by the `soften` function that it defines."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError
from softbench.soft_labels.load import load

if TYPE_CHECKING:
    from softbench.soft_labels.measures import quality
    from softbench.soft_labels.reader import SoftLabels, open_store

__all__ = ["SoftLabels", "names", "open_store", "quality", "recipe"]
VERSION = None  # names alone
PLACES = {"SoftLabels": "reader", "open_store": "reader", "quality": "measures"}


def names() -> list[str]:
    """Return the recipes found, sorted: every module of this folder that defines `soften`.

    >>> from softbench import soft_labels
    >>> soft_labels.names()[:4]
    ['blur', 'boundary_uncertainty', 'dilation', 'distance']
    """
    modules = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in modules if "\ndef soften(" in path.read_text(encoding="utf-8"))


def recipe(name: str) -> ModuleType:
    """Return the module of a recipe; its contract is in `soft_labels/contract.py`.

    Raises: InputError: if there is no such recipe; the message lists the known ones.

    >>> from softbench import soft_labels
    >>> soft_labels.recipe("ls").SETTINGS
    {'alpha': 0.1}
    """
    if name not in names():
        raise InputError(f"there is no recipe {name!r}; known recipes: {', '.join(names())}.")
    return load(name)


def __getattr__(name: str) -> Any:
    """Import a module of this room, or what one defines, when it is first named: so `soft_labels.geols.soften` works,
    and a map does not depend on what measures soft labels."""
    if name in PLACES:
        return getattr(importlib.import_module(f"softbench.soft_labels.{PLACES[name]}"), name)
    if (Path(__file__).parent / f"{name}.py").exists():
        return importlib.import_module(f"softbench.soft_labels.{name}")
    raise AttributeError(f"soft_labels has no recipe {name!r}; known recipes: {', '.join(names())}.")
