"""What a script or rule file can come to import: followed through softbench, also into functions, by the text alone."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path


def reachable(sources: list[Path], workflow: Path) -> dict[str, set[str]]:
    """Follow imports from files.

    Args:
        sources: Python files, or rule files of Snakemake, in the folder `workflow` or beside it.
        workflow: the folder that holds the package softbench.
    Returns: name of each package that is not softbench -> the files that import it, as `softbench/jobs/progress.py`.
    """
    found: dict[str, set[str]] = {}
    seen = set(sources)
    todo = list(sources)
    while todo:
        path = todo.pop()
        for module in imported(path):
            if module.split(".")[0] != "softbench":
                found.setdefault(module.split(".")[0], set()).add(os.path.relpath(path, workflow))
                continue
            fresh = set(files_of(module, workflow)) - seen
            seen |= fresh
            todo += sorted(fresh)
    return found


def files_of(module: str, workflow: Path) -> Iterator[Path]:
    """Yield the files that importing a dotted name runs; its last part may be no module."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        base = workflow.joinpath(*parts[:length])
        yield from (file for file in (base.with_suffix(".py"), base / "__init__.py") if file.exists())


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports anywhere, but for type checkers alone."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":  # rules are not quite Python
        text = "\n".join(line.strip() for line in text.splitlines() if re.match(r"\s*(from|import)\s[\w.]+", line))
    for node in _outside_type_checking(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports are not followed"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _outside_type_checking(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from _outside_type_checking(node)
