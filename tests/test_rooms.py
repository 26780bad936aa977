"""The rooms of the package: each imports from those below it alone, and no module imports itself by way of others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import softbench

PACKAGE = Path(softbench.__file__).parent
BASE = """
errors extras areas arrays boxes checks given gunzip images store length leaks known_cases rater_names resolution
lesion_words jobs
"""
FLOORS = [  # from below; what stands on one floor may import from one another, in no circle
    {*BASE.split(), ""},
    {"datasets", "losses", "networks"},
    {"soft_labels", "metrics"},
    {"training", "statistics", "papers.published"},
    {"plan"},
    {"papers", "tables", "figures", "page", "rater_study"},
    {"tools", "cli", "__main__", "for_monai", "for_nnunet", "results"},
]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in PACKAGE.rglob("*.py")}


def statements(nodes: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a module, those in functions too; not those that only a type checker sees."""
    for node in nodes:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        for field in ("body", "orelse", "finalbody", "handlers"):
            yield from statements(getattr(node, field, []))


def imported(path: Path) -> set[str]:
    """The modules of the package that a module imports."""
    found: set[str] = set()
    for node in statements(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in names}
    return found & set(MODULES)


IMPORTS = {name: imported(path) for name, path in MODULES.items()}


def floor(module: str) -> int:
    _, *names = module.split(".")
    rooms = (".".join(names[:2]), "".join(names[:1]))  # a room within a room, or the room
    return next(number for room in rooms for number, level in enumerate(FLOORS) if room in level)


def test_every_room_has_a_floor() -> None:
    for module in MODULES:
        floor(module)


def test_no_module_imports_from_a_floor_above() -> None:
    upward = {f"{one} -> {other}" for one, others in IMPORTS.items() for other in others if floor(other) > floor(one)}
    assert upward == set()


def test_no_circle() -> None:
    left = {name: set(others) - {name} for name, others in IMPORTS.items()}
    while free := [name for name, others in left.items() if not others]:
        for name in free:
            del left[name]
        left = {name: others - set(free) for name, others in left.items()}
    assert left == {}


def test_upward_import_and_circle_would_be_found() -> None:
    assert floor("softbench.plan.plan") < floor("softbench.tables.table")
    assert "softbench.errors" in IMPORTS["softbench.checks"]


def test_package_offers_every_folder_but_plan_and_what_it_offers_is_there() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders - {"plan"} <= set(softbench.ROOMS)
    for name in softbench.ROOMS:
        assert f"softbench.{name}" in MODULES
