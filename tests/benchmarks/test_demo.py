"""How whole runs are timed: on the clock, of all processes, until the first table, in a clone of a commit."""

import importlib
import subprocess
from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch, root: Path) -> ModuleType:
    monkeypatch.syspath_prepend(root / "benchmarks")
    module = importlib.import_module("demo")
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    return module


def test_first_table_is_seen_before_the_end(demo: ModuleType, tmp_path: Path) -> None:
    command = "mkdir -p results/tables; touch results/tables/first.md; sleep 0.4"
    took = demo.timed(["sh", "-c", command], tmp_path)
    assert 0 < took.first_s < took.clock_s - 0.1
    assert took.clock_s >= 0.4


def test_cpu_time_of_processes_of_a_process_counts(demo: ModuleType, tmp_path: Path) -> None:
    spin = "python3 -c 'import time; [None for _ in iter(lambda: time.process_time() < 0.2, False)]'"
    took = demo.timed(["sh", "-c", f"{spin}; true"], tmp_path)
    assert took.cpu_s >= 0.2
    assert took.first_s is None


def test_command_that_fails_says_what_it_printed(demo: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no compiler"):
        demo.timed(["sh", "-c", "echo no compiler; exit 3"], tmp_path)


@pytest.fixture
def commands(demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that `demo.run` gives; each takes 10 seconds, 20 CPU seconds."""
    given: list[list[str]] = []

    def timed(command: list[str], clone: Path) -> Any:
        given.append(command)
        return demo.Took(10.0, 20.0)

    monkeypatch.setattr(demo, "timed", timed)
    (tmp_path / "Makefile").write_text("setup:\n\ndemo: setup\n\ndemo-all: setup\n")
    return given


def test_demo_and_the_rest_of_it_are_timed_together(demo: ModuleType, commands: list, tmp_path: Path) -> None:
    found = demo.run(tmp_path, Namespace(tiny=False, targets=[]))
    assert commands == [["make", "setup"], ["make", "demo"], ["make", "demo-all"]]
    assert found["make demo and make demo-all"] == demo.Took(20.0, 40.0)


def test_demo_that_makes_all_is_compared_with_both_and_says_so(
    demo: ModuleType, commands: list, tmp_path: Path
) -> None:
    (tmp_path / "Makefile").write_text("setup:\n\ndemo: setup\n")
    found = demo.run(tmp_path, Namespace(tiny=False, targets=[]))
    assert found["make demo and make demo-all"] == found["make demo"] == demo.Took(10.0, 20.0)
    assert demo.peer_name("9ba6e70abc", tmp_path) == "commit 9ba6e70, whose demo makes all tables"


def test_targets_are_made_in_one_run_in_place_of_the_demo(demo: ModuleType, commands: list, tmp_path: Path) -> None:
    found = demo.run(tmp_path, Namespace(tiny=False, targets=["a", "b"]))
    assert list(found) == ["make setup", "run of a, b"]
    assert commands[1][-2:] == ["a", "b"]


def test_clone_is_at_the_commit_that_was_asked_for(
    demo: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    git = ["git", "-C", str(source), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "--quiet", str(source)], check=True)
    for text in ("old", "new"):
        (source / "file").write_text(text)
        subprocess.run([*git, "add", "file"], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", text], check=True)
    monkeypatch.setattr(demo, "ROOT", source)
    made = {commit: demo.cloned(tmp_path / name, commit) for name, commit in (("a", "HEAD"), ("b", "HEAD~1"))}
    assert {commit: (clone / "file").read_text() for commit, clone in made.items()} == {"HEAD": "new", "HEAD~1": "old"}
