"""Byte code is kept in the user's cache where it would be compiled at each start else, and nowhere else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from softbench.jobs import bytecode

PROGRAM = "from softbench.jobs import bytecode; bytecode.keep(['package']); import package, os, sys\n"
PROGRAM += "print(sys.pycache_prefix, os.environ.get('PYTHONDONTWRITEBYTECODE'), os.environ.get('PYTHONPYCACHEPREFIX'))"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package without byte code, on the path of Python."""
    folder = tmp_path / "packages" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("VALUE = 1\n")
    return folder


def start(package: Path, program: str = PROGRAM, **environment: str) -> tuple[list[str], str]:
    """Run Python as a user would; return what it printed, and what it said."""
    root = Path(bytecode.__file__).parents[2]
    kept = {name: value for name, value in os.environ.items() if name not in (bytecode.OFF, bytecode.PLACE)}
    kept |= {"PYTHONPATH": f"{root}:{package.parent}", "XDG_CACHE_HOME": str(package.parents[1] / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=kept | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split(), done.stderr


def kept(package: Path) -> list[str]:
    return [path.name.partition(".")[0] for path in (package.parents[1] / "cache").rglob("*.pyc")]


def test_byte_code_lies_in_the_cache_and_not_beside_the_package(package: Path) -> None:
    (prefix, off, place), said = start(package, PYTHONDONTWRITEBYTECODE="1")
    folder = package.parents[1] / "cache" / "softbench" / "bytecode"
    assert (prefix, off, place) == (str(folder), "None", str(folder))
    assert kept(package) == ["__init__"]
    assert not (package / "__pycache__").exists()
    assert f"`export PYTHONPYCACHEPREFIX={folder}`" in said


def test_it_is_said_once(package: Path) -> None:
    assert start(package, PYTHONDONTWRITEBYTECODE="1")[1]
    assert not start(package, PYTHONDONTWRITEBYTECODE="1")[1]


def test_packages_with_byte_code_are_left_alone(package: Path) -> None:
    start(package, "import package")
    assert (package / "__pycache__").exists()
    assert start(package, PYTHONDONTWRITEBYTECODE="1") == (["None", "1", "None"], "")


def test_stale_byte_code_is_none(package: Path) -> None:
    start(package, "import package")
    (package / "__init__.py").write_text("VALUE = 22\n")
    assert start(package, PYTHONDONTWRITEBYTECODE="1")[0][0] != "None"


def test_where_python_writes_byte_code_by_itself_nothing_is_done(package: Path) -> None:
    assert start(package) == (["None", "None", "None"], "")


def test_place_that_a_user_chose_stays(package: Path, tmp_path: Path) -> None:
    chosen = str(tmp_path / "chosen")
    found, said = start(package, PYTHONDONTWRITEBYTECODE="1", PYTHONPYCACHEPREFIX=chosen)
    assert (found, said) == ([chosen, "1", chosen], "")


def test_cache_that_cannot_be_made_gives_way_to_the_project(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.chdir(tmp_path)
    assert bytecode.cache() == tmp_path / ".snakemake" / "softbench" / "bytecode"


def test_workflow_and_command_begin_with_it(root: Path) -> None:
    text = (root / "workflow" / "plan.smk").read_text()
    assert text.index("bytecode.keep()") < text.index("softbench.plan.bridge")
    assert "bytecode.keep()" in (root / "workflow" / "softbench" / "cli.py").read_text()
