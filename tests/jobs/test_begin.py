"""What a run looks at before its first job."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import launch, marks

RESULTS, WORKFLOW = Path("results"), Path("workflow")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    WORKFLOW.mkdir()
    yield
    while launch._held:
        launch._held.pop().close()


def made(path: str, in_s: float = -3600.0) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    os.utime(file, (time.time() + in_s,) * 2)
    return file


def test_first_run_in_a_clone_has_nothing_to_tell() -> None:
    assert launch.run(RESULTS, WORKFLOW, ["--cores", "2"]) == []
    assert launch.OWNER.exists()


def test_all_that_was_mended_is_told() -> None:
    launch.note_owner()
    made(".snakemake/locks/0.input.lock")
    late = made("results/runs/tiny/net/ls/batch-0.json", in_s=7200.0)
    told = launch.run(RESULTS, WORKFLOW, [])
    assert [line.split(" ")[:2] for line in told] == [["An", "earlier"], ["The", "clock"], ["Snakemake", "does"]]
    assert late.stat().st_mtime < time.time()
    assert marks.is_unfinished(late)
    assert not list(launch.LOCKS.iterdir())


@pytest.mark.parametrize("folder", ["results", ".snakemake"])
def test_file_in_the_place_of_a_folder_stops_the_run_before_it_takes_anything(folder: str) -> None:
    made(folder)
    with pytest.raises(InputError, match=rf"nothing can be written into .*/{folder}: File exists"):
        launch.run(RESULTS, WORKFLOW, [])
    assert not launch.OWNER.exists()


def test_wrong_clock_changes_nothing() -> None:
    made("workflow/rules/all.smk", in_s=7200.0)
    late = made("results/runs/tiny/net/ls/batch-0.json", in_s=7200.0)
    with pytest.raises(InputError, match="the clock shows"):
        launch.run(RESULTS, WORKFLOW, [])
    assert late.stat().st_mtime > time.time()
