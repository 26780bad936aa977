"""docs/losses.md with each loss's equation, as its class states it."""

import ast
from pathlib import Path

from softbench.losses import catalogue

from make.docstrings import equations
from make.site.sections import cut

PATH = "docs/losses.md"


def page(text: str) -> str:
    """Return the page, with the equation of a loss below its heading."""
    head, sections = cut(text)
    known = catalogue.known()
    parts = [head]
    for section in sections:
        shown = [f"$${equation}$$\n" for equation in stated(section.heading)] if section.heading in known else []
        parts.append("\n".join([f"\n## {section.heading}\n", *shown, section.body]))
    return "\n".join(parts) + "\n"


def stated(name: str) -> list[str]:
    """Return the equations in the docstring of a loss's class, without importing torch."""
    loss = catalogue.known()[name]
    tree = ast.parse((Path(catalogue.__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == loss.kind]
    return [equation for node in classes for equation in equations(ast.get_docstring(node) or "")]
