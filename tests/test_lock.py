"""A lock goes with its owner, and never before."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from softbench import lock


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / lock.LOCKS / "0.input.lock"
    file.parent.mkdir(parents=True)
    file.touch()
    return file


def test_lock_of_a_living_process_stays(locked: Path) -> None:
    lock.note_owner()
    assert not lock.release_if_stale()
    assert locked.exists()


def test_lock_of_an_ended_process_goes(locked: Path) -> None:
    lock.note_owner()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    created = psutil.Process(process.pid).create_time()
    lock.OWNER.write_text(json.dumps({**json.loads(lock.OWNER.read_text()), "pid": process.pid, "created": created}))
    assert not lock.release_if_stale()
    process.kill()
    process.wait()
    assert lock.release_if_stale()
    assert not locked.exists()


def test_process_number_that_was_given_anew_is_not_the_owner(locked: Path) -> None:
    lock.note_owner()
    lock.OWNER.write_text(json.dumps({**json.loads(lock.OWNER.read_text()), "created": 1.0}))
    assert lock.release_if_stale()


@pytest.mark.parametrize("owner", [{"host": "elsewhere", "pid": 2**22, "created": 1.0}, None])
def test_lock_of_another_host_or_an_unknown_owner_stays(locked: Path, owner: dict | None) -> None:
    if owner:
        lock.OWNER.write_text(json.dumps(owner))
    assert not lock.release_if_stale()
    assert locked.exists()
