"""Jobs that an earlier run left in Slurm's queue are found by who submitted them and where; without Slurm none are."""

from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import launch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "suite"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a `squeue` on the path that shows these jobs."""

    def show(*jobs: tuple[str, str, Path], status: int = 0) -> None:
        lines = "".join(f"{job}\t{comment}\t{where}\n" for job, comment, where in jobs)
        (tmp_path / "lines").write_text(lines)
        program = tmp_path / "squeue"
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/lines\nexit {status}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return show


def test_jobs_of_this_folder_stop_a_run_and_are_named_once(queue, folder) -> None:
    queue(("7", "rule_train_wildcards_a", folder), ("7", "rule_train_wildcards_a", folder), ("9", "rule_table", folder))
    with pytest.raises(InputError, match=r"2 Slurm jobs .* scancel 7 9$"):
        launch.require_none_left(folder)


def test_other_jobs_of_the_user_stop_nothing(queue, folder) -> None:
    queue(("7", "rule_train", folder / "other"), ("8", "(null)", folder), ("9", "jupyter", folder))
    launch.require_none_left(folder)


def test_the_job_that_snakemake_itself_is_does_not_count(queue, folder, monkeypatch: pytest.MonkeyPatch) -> None:
    queue(("7", "rule_by_hand", folder))
    monkeypatch.setattr(launch, "OWN_JOB", "7")
    assert launch.find_jobs(folder) == []


def test_slurm_that_does_not_answer_stops_nothing(queue, folder) -> None:
    queue(("7", "rule_train", folder), status=1)
    assert launch.find_jobs(folder) == []


def test_without_slurm_there_are_none(folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert launch.find_jobs(folder) == []
