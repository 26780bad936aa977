"""What does the network learn from: one module a recipe, found by the `soften` function that it defines."""

import importlib
from pathlib import Path
from types import ModuleType

from softbench.errors import InputError
from softbench.soft_labels.load import load
from softbench.soft_labels.quality import quality
from softbench.soft_labels.reader import SoftLabels, open_store

__all__ = ["SoftLabels", "names", "open_store", "quality", "recipe"]


def names() -> list[str]:
    """Return the recipes found, sorted: every module of this folder that defines `soften`."""
    modules = Path(__file__).parent.glob("*.py")
    return sorted(path.stem for path in modules if "\ndef soften(" in path.read_text(encoding="utf-8"))


def recipe(name: str) -> ModuleType:
    """Return the module of a recipe; its contract is in `soft_labels/contract.py`.

    Raises: InputError: if there is no such recipe; the message lists the known ones.
    """
    if name not in names():
        raise InputError(f"there is no recipe {name!r}; known recipes: {', '.join(names())}.")
    return load(name)


def __getattr__(name: str) -> ModuleType:
    """Import a module of this room when it is first named, so that `soft_labels.geols.soften` works."""
    if (Path(__file__).parent / f"{name}.py").exists():
        return importlib.import_module(f"softbench.soft_labels.{name}")
    raise AttributeError(f"soft_labels has no recipe {name!r}; known recipes: {', '.join(names())}.")
