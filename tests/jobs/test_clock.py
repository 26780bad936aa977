"""A clock that jumps: files keep the order in which they were made, and nothing is written in the past."""

import os
import time
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import launch, logs

DAY_S = 86400.0


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Three files: of yesterday, and of two moments that the clock has not reached yet."""
    for name, in_s in (("old", -DAY_S), ("input", DAY_S), ("output", DAY_S + 5)):
        path = tmp_path / name
        path.touch()
        os.utime(path, (time.time() + in_s,) * 2)
    return tmp_path


def test_times_of_the_future_become_now_in_their_order(results: Path) -> None:
    assert launch.settle(results, [results / "output"]) == 2
    old, given, made = (results.joinpath(name).stat().st_mtime for name in ("old", "input", "output"))
    assert old < time.time() - DAY_S / 2 < given < made < time.time() + 1
    assert launch.settle(results, [results / "output"]) == 0


def test_hosts_whose_clocks_differ_a_little_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "output").touch()
    os.utime(tmp_path / "output", (time.time() + logs.SKEW_S / 2,) * 2)
    assert launch.settle(tmp_path, [tmp_path / "output", tmp_path / "none"]) == 0


def test_link_to_itself_has_no_time(results: Path) -> None:
    (results / "loop").symlink_to("loop")
    assert launch.settle(results, [results / "loop"]) == 0
    assert launch.settle(results, [results / "loop", results / "output"]) == 2


def test_no_job_writes_while_the_clock_shows_a_time_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logs.BEGAN, repr(time.time() + DAY_S))
    with pytest.raises(SystemExit), logs.job(str(tmp_path / "job.log")):
        pytest.fail("the job began")
    said = (tmp_path / "job.log").read_text()
    assert "ERROR: the clock was set back by 1440 minutes or more during this run" in said
    assert "Give the same command again" in said


def test_clock_set_back_during_a_job_is_seen_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.BEGAN, repr(time.time()))
    logs.require_onward()
    with pytest.raises(SystemExit), logs.job(str(tmp_path / "job.log")):
        monkeypatch.setattr(time, "time", lambda: 1e9)


def test_a_snakemake_below_another_keeps_the_time_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.BEGAN, "12.5")
    logs.note_start()
    assert os.environ[logs.BEGAN] == "12.5"
    monkeypatch.setattr(time, "time", lambda: -100.0)
    with pytest.raises(InputError, match="set back"):
        logs.require_onward()


def test_clock_that_shows_a_time_before_the_sources_is_wrong_now(tmp_path: Path) -> None:
    for name, in_s in (("rules.smk", -DAY_S), ("split.csv", DAY_S)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() + in_s,) * 2)
    with pytest.raises(InputError, match=r"the clock shows .*, but .*split\.csv is of .* Set the clock right"):
        launch.require_after(tmp_path)
    os.utime(tmp_path / "split.csv")
    launch.require_after(tmp_path)
