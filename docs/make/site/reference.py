"""Pages of the API: a page a package, filled by mkdocstrings from the docstrings of what `__all__` lists."""

import importlib
import inspect

import softbench
from softbench import soft_labels

from make.site.sections import cut

PATH = "docs/api.md"
FOLDER = "api"
ENTRY = """::: softbench.{0}
    options:
      heading: {0}
      toc_label: {0}
      heading_level: {1}
      show_root_heading: true
"""


def packages() -> list[str]:
    """Return the names of the public packages."""
    return [name for name in softbench.__all__ if inspect.ismodule(getattr(softbench, name))]


def overview(text: str) -> str:
    """Return what docs/api.md says of all packages, and links to their pages."""
    head, _ = cut(text)
    lines = [f"- [`softbench.{name}`]({FOLDER}/{name}.md): {_first(name)}" for name in packages()]
    entries = [ENTRY.format(name, 2) for name in softbench.__all__ if inspect.isfunction(getattr(softbench, name))]
    return "\n".join([head, "## Packages\n", *lines, "", *entries])


def parts(text: str) -> dict[str, str]:
    """Return anchor of docs/api.md -> page of the site."""
    return {f"softbench{name}": f"{FOLDER}/{name}.md" for name in packages()}


def page(name: str) -> str:
    """Return the page of a package."""
    module = importlib.import_module(f"softbench.{name}")
    text = inspect.getdoc(module) or ""
    entries = [ENTRY.format(f"{name}.{public}", 2) for public in module.__all__]
    if name == "soft_labels":
        entries += ["## Recipes\n", *(ENTRY.format(f"soft_labels.{one}.soften", 3) for one in soft_labels.names())]
    return "\n".join([f"# softbench.{name}\n", text.split("\n>>>")[0], "", *entries])


def _first(name: str) -> str:
    return (inspect.getdoc(importlib.import_module(f"softbench.{name}")) or "").split("\n\n")[0].replace("\n", " ")
