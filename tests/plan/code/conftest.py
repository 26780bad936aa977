"""A small tree of code, and what Python itself says of the suite's: imports in its byte code, modules when it runs."""

import dis
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import pytest
from softbench.plan.code import Code, Stages

WORKFLOW = Path(__file__).parents[3] / "workflow"
RUN = """
import ast, json, sys
name, path = sys.argv[1:]
if name == "scripts":
    nodes = ast.walk(ast.parse(open(path, encoding="utf-8").read()))
    exec("\\n".join(ast.unparse(node) for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))), {})
else:
    __import__(name)
files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
print(json.dumps(sorted(file for file in files if file)))
"""


@pytest.fixture(scope="session")
def workflow() -> Path:
    return WORKFLOW


@pytest.fixture(scope="session")
def code() -> Code:
    return Code(WORKFLOW)


@pytest.fixture(scope="session")
def stages(code: Code) -> Stages:
    return Stages(code)


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """A function that writes files below a workflow folder, and returns that folder."""

    def write(files: dict[str, str]) -> Path:
        for path, text in files.items():
            target = tmp_path / "workflow" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        return tmp_path / "workflow"

    return write


@pytest.fixture(scope="session")
def imported() -> Callable[[str], set[str]]:
    """A function of a module of the package or a script: the files below workflow/ that a fresh Python has loaded after
    its import."""

    def load(path: str) -> set[str]:
        name = "scripts" if path.startswith("scripts/") else dotted(path)
        command = [sys.executable, "-c", RUN, name, str(WORKFLOW / path)]
        text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=WORKFLOW).stdout
        files = map(Path, json.loads(text.splitlines()[-1]))
        return {str(file.relative_to(WORKFLOW)) for file in files if file.is_relative_to(WORKFLOW)} | {path}

    return load


@pytest.fixture(scope="session")
def followed() -> Callable[..., set[str]]:
    """A function of entries: what the byte code of all reached modules imports, functions included."""
    direct = {path: set(_imports(path)) for path in map(_below, WORKFLOW.rglob("*.py")) if _is_code(path)}

    def follow(*entries: str) -> set[str]:
        found, waiting = set(entries), list(entries)
        while waiting:
            new = direct[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    return follow


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _below(path: Path) -> str:
    return str(path.relative_to(WORKFLOW))


def _is_code(path: str) -> bool:
    return path.startswith(("softbench/", "scripts/"))


def _imports(path: str) -> Iterator[str]:
    """Give the files that a file's byte code imports; the compiler drops `if False`, which stands for TYPE_CHECKING."""
    text = (WORKFLOW / path).read_text(encoding="utf-8").replace("if TYPE_CHECKING:", "if False:")
    names = set(_names(compile(text, path, "exec"), {}))
    for name in [*names, *filter(None, map(_where_defined, names)), *([dotted(path)] if "softbench" in path else [])]:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            stem = "/".join(parts[:length])
            yield from (one for one in (f"{stem}.py", f"{stem}/__init__.py") if (WORKFLOW / one).exists())


def _names(code: CodeType, bound: dict[str, str]) -> Iterator[str]:
    """Give `a.b` and `a.b.c` of each `from a.b import c`, and `a.b.c` of `b.c` after `from a import b`; the suite has
    no relative imports."""
    base, loaded = "", ""
    for step in dis.get_instructions(code):
        if step.opname == "IMPORT_NAME":
            base = last = step.argval
            yield base
        elif step.opname == "IMPORT_FROM":
            last = f"{base}.{step.argval}"
            yield last
        elif step.opname.startswith("STORE_") and base:
            bound[step.argval] = last
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and loaded:
            yield f"{loaded}.{step.argval}"
        base = base if step.opname.startswith(("IMPORT_", "STORE_")) else ""
        loaded = bound.get(step.argval, "") if step.opname.startswith("LOAD_") and step.argval in bound else ""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant, dict(bound))


def _where_defined(name: str) -> str | None:
    """Return the module that defines what a package of the suite offers by a name; None of all else."""
    package, _, attribute = name.rpartition(".")
    if not package.startswith("softbench") or not (WORKFLOW / package.replace(".", "/") / "__init__.py").exists():
        return None
    if (WORKFLOW / name.replace(".", "/")).is_dir() or (WORKFLOW / f"{name.replace('.', '/')}.py").exists():
        return None
    where: str | None = getattr(getattr(importlib.import_module(package), attribute, None), "__module__", None)
    return where
