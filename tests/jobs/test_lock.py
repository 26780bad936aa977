"""One run at a time in a folder; what a killed run left of its lock goes, and never before its end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import launch

HOLD = """
import sys
from softbench.jobs import launch
launch.take(['--cores', '2'])
print('held', flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which nobody is at work, with a lock file of Snakemake's."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / launch.LOCKS / "0.input.lock"
    file.parent.mkdir(parents=True)
    file.touch()
    yield tmp_path
    while launch._held:
        launch._held.pop().close()


def another() -> subprocess.Popen[str]:
    """Start a process that takes the folder and keeps it until its standard input is closed."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def noted(**changes: object) -> None:
    """Write an owner of the past."""
    launch.note_owner(["--cores", "2"])
    launch.OWNER.write_text(json.dumps({**json.loads(launch.OWNER.read_text()), **changes}))


def test_second_run_is_told_by_whom_the_folder_is_in_use_and_a_kill_frees_it(folder: Path) -> None:
    noted()
    first = another()
    (folder / launch.LOCKS / "0.input.lock").touch()
    said = rf"{folder} is in use: process {first.pid} on .*, since \d{{4}}-.*: `snakemake --cores 2`\. Wait"
    with pytest.raises(InputError, match=said):
        launch.take()
    assert list(launch.LOCKS.iterdir())
    first.kill()
    first.wait()
    assert launch.take()
    assert not list(launch.LOCKS.iterdir())


def test_folder_without_a_lock_of_snakemake_is_taken_in_silence(folder: Path) -> None:
    (folder / launch.LOCKS / "0.input.lock").unlink()
    assert not launch.take(["--cores", "1"])
    assert json.loads(launch.OWNER.read_text())["command"] == "snakemake --cores 1"


def test_lock_of_another_host_stays_until_a_person_says_unlock(folder: Path) -> None:
    noted(host="elsewhere")
    with pytest.raises(InputError, match=r"on elsewhere, since .*--unlock` once, then the same command"):
        launch.take()
    assert list(launch.LOCKS.iterdir())
    assert launch.take(["--unlock"])


@pytest.mark.parametrize("content", ["", "[]", '{"pid": 1'])
def test_lock_of_an_unknown_owner_stays(folder: Path, content: str) -> None:
    launch.OWNER.write_text(content)
    with pytest.raises(InputError, match="process unknown on unknown"):
        launch.take()
    assert list(launch.LOCKS.iterdir())


def test_nolock_takes_nothing(folder: Path) -> None:
    assert not launch.take(["--nolock"])
    assert not launch.OWNER.exists()


@pytest.mark.parametrize("call", ["-n", "-nq", "--dry-run --cores 2", "--report report.html", "--lint", "--report=a"])
def test_calls_that_only_look_are_no_runs(call: str) -> None:
    assert not launch.is_run(call.split())


@pytest.mark.parametrize("call", ["--cores all", "-c all", "-call", "results/tables/n.md -k", "--config data=n"])
def test_calls_that_change_the_folder_are_runs(call: str) -> None:
    assert launch.is_run(call.split())
