"""The package as others install it: its wheel, and fresh environments."""

import functools
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "envs")]  # doctests.py; install.py

import install  # noqa: E402

NEEDED = ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")


@pytest.fixture(scope="session")
def project(root: Path) -> dict[str, Any]:
    """`project` of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="session")
def pinned(root: Path) -> dict[str, str]:
    """Name of each package that the suite and the tests of nnU-Net run with, as packaging tools write it -> version."""
    files = ("envs/requirements.txt", "envs/source-builds.txt", "tests/for_nnunet/pins.txt")
    lines = [line for file in files for line in _lines(root / file)]
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if "==" in line and line[0] != "#"]


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the files as they are now, committed or not."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in NEEDED:
        shutil.copy(root / name, folder)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(root / "workflow" / "softbench", folder / "workflow" / "softbench", ignore=ignored)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(folder)], check=True)
    return next(folder.glob("*.whl"))


class Environment:
    """A fresh environment of Python, whose programs see its own folder of commands alone: no compiler.

    folder: of the environment. work: where programs are started, outside of the suite.
    """

    def __init__(self, folder: Path, work: Path) -> None:
        self.folder, self.work = folder, work

    def run(self, command: str, *arguments: str | Path) -> subprocess.CompletedProcess:
        """Run a command of the environment, and return what it printed, errors among it."""
        variables = {"PATH": str(self.folder / "bin"), "HOME": str(self.work), "LANG": "C.UTF-8"}
        return subprocess.run(
            [self.folder / "bin" / command, *map(str, arguments)],
            cwd=self.work, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip

    def examples(self, *packages: str) -> subprocess.CompletedProcess:
        """Run the examples of packages."""
        return self.run("python", "-I", Path(__file__).parent / "doctests.py", *packages)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """Makes an environment with these requirements; where no index of packages answers, the test is skipped."""

    @functools.cache
    def make(*requirements: str, python: str = sys.executable) -> Environment:
        folder, work = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("work")
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
        _install(folder / "bin" / "python", requirements)
        return Environment(folder, work)

    return make


def _install(python: Path, requirements: tuple[str, ...]) -> None:
    """Install with uv, told what pip is told, else with pip."""
    settings = install.uv_settings(install.printed([sys.executable, "-m", "pip", "config", "list"]))
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv and isinstance(settings, dict):
        command, settings = [uv, "pip", "install", "--quiet", "--python", str(python)], settings
    else:
        command, settings = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"], {}
    done = subprocess.run(
        [*command, *requirements], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    if done.returncode:
        if not install.printed([sys.executable, "-m", "pip", "index", "versions", "jinja2"]):
            pytest.skip("no index of packages answers, so that no environment can be made")
        raise AssertionError(done.stderr)


@pytest.fixture(scope="session")
def lowest(project: dict[str, Any]) -> Callable[..., list[str]]:
    """Gives the lowest version of each dependency, and of those of extras, as requirements."""

    def make(*extras: str) -> list[str]:
        texts = [
            *project["dependencies"],
            *(text for name in extras for text in project["optional-dependencies"][name]),
        ]
        needed = [one for one in map(Requirement, texts) if one.name != project["name"]]  # an extra may name another
        return [f"{one.name}=={low(one)}" for one in needed]

    return make


def low(requirement: Requirement) -> str:
    """Return the version from which on a requirement is met."""
    return next(part.version for part in requirement.specifier if part.operator == ">=")
