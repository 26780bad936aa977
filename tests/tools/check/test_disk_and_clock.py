"""Results can be written and renamed, the clock agrees with the files, processes start; and it is said where not."""

import os
import time
from collections import namedtuple

import pytest
from softbench.tools.check import system
from softbench.tools.check.system import RENAMES, TEXTS

GIB = 2**30


@pytest.fixture
def room(monkeypatch):
    def of(free: int, files: int | None = 10**6) -> None:
        usage = namedtuple("usage", "total used free")(10**15, 0, free)
        monkeypatch.setattr(system.shutil, "disk_usage", lambda folder: usage)
        monkeypatch.setattr(system, "_files_left", lambda folder: files)

    return of


@pytest.mark.parametrize(
    ("free", "files", "verdict"),
    [
        (50 * GIB, 10**6, "ok"),
        (50 * GIB, None, "ok"),
        (50 * GIB, 1000, "warning"),
        (5 * GIB, 10**6, "warning"),
        (GIB // 2, 10**6, "failed"),
    ],
)
def test_room_decides(tmp_path, room, free, files, verdict) -> None:
    room(free, files)
    assert system.results_folder(tmp_path).verdict == verdict
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


def test_folder_that_is_not_there_is_not_made(tmp_path, room) -> None:
    room(50 * GIB)
    assert system.results_folder(tmp_path / "a" / "results").verdict == "ok"
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_fails(tmp_path, monkeypatch) -> None:
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(system.tempfile, "TemporaryDirectory", refuse)
    finding = system.results_folder(tmp_path)
    assert finding.verdict == "failed"
    assert "Permission denied" in finding.detail


def test_rename_that_loses_the_file_for_a_moment_fails(tmp_path, monkeypatch) -> None:
    def write_text(path, text):
        path.unlink(missing_ok=True)
        time.sleep(0.005)
        path.write_text(text)

    monkeypatch.setattr(system.pieces, "write_text", write_text)
    assert "missing or half there" in system.results_folder(tmp_path).detail


def test_reader_meets_whole_files_alone(tmp_path) -> None:
    assert system._seen_while_renaming(tmp_path / "file") <= set(TEXTS)
    assert (tmp_path / "file").read_text() == TEXTS[(RENAMES - 1) % 2]


def test_clock_agrees_here(tmp_path) -> None:
    assert system.clock(tmp_path / "results", tmp_path).verdict == "ok"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["config.yaml", "results/scores.parquet", "workflow/softbench/cli.py"])
def test_file_from_the_future_fails(tmp_path, place) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() + 1000, time.time() + 1000))
    finding = system.clock(tmp_path / "results", tmp_path)
    assert finding.verdict == "failed"
    assert "in the future" in finding.detail


def test_file_system_with_another_clock_is_a_warning(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(system, "_of_new_file", lambda folder: time.time() - 90)
    finding = system.clock(tmp_path, tmp_path)
    assert finding.verdict == "warning"
    assert "-90 s" in finding.detail


def test_processes_start_here() -> None:
    assert system.workers().verdict == "ok"


def test_processes_that_cannot_start_fail(monkeypatch) -> None:
    def refuse(*_, **__):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(system.progress, "each", refuse)
    finding = system.workers()
    assert finding.verdict == "failed"
    assert "/dev/shm" in finding.detail
