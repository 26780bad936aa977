"""The pins and environment files."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "envs"))  # of install.py


def canonical(name: str) -> str:
    """Return a package's name as packaging tools compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_in(lines: list[str]) -> dict[str, str]:
    """Read `name==version` lines, with comments."""
    stated = [line.split("#")[0].strip() for line in lines]
    return {canonical(line.split("==")[0]): line.split("==")[1] for line in stated if line}


@pytest.fixture(scope="session")
def pins(root: Path) -> dict[str, str]:
    """Name of each package that the suite runs or is built with -> its version."""
    found: dict[str, str] = {}
    for name in ("build", "requirements", "source-builds"):
        found |= pins_in((root / "envs" / f"{name}.txt").read_text().splitlines())
    return found


@pytest.fixture(scope="session")
def environments(root: Path) -> dict[str, dict[str, str]]:
    """Name of each environment -> package -> version; what its post-deploy script builds is among them."""
    found = {}
    for path in sorted((root / "envs").glob("*.yaml")):
        dependencies = yaml.safe_load(path.read_text())["dependencies"]
        found[path.stem] = pins_in(next(one["pip"] for one in dependencies if isinstance(one, dict)))
        script = path.with_suffix(".post-deploy.sh")
        if script.exists():
            found[path.stem] |= pins_in(re.findall(r"\S+==\S+", script.read_text()))
    return found


@pytest.fixture(scope="session")
def imports(root: Path) -> ModuleType:
    """The module beside this one."""
    path = root / "tests" / "envs" / "imports.py"
    specification = importlib.util.spec_from_file_location("imports", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
