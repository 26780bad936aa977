"""What is compared when a run begins: every kind of file that a job writes, and every kind of damage."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import launch, marks, outputs, pieces

from tests.damage import flip, instead

RESULTS = Path("results")
SEED = "results/runs/tiny/net/ls/seed-0"
KNOWN = (  # outputs that Snakemake knows
    "results/raw/brain/manifest.json",
    "results/data/brain/manifest.json",
    "results/splits/brain/main.csv",
    "results/maps/brain/slic/shard-0.json",
    "results/soft_labels/brain/ls/manifest.json",
    "results/runs/tiny/net/ls/batch-0.json",
    "results/runs/tiny/net/sanity.json",
    "results/runs/tiny/net/ensembles.json",
    "results/tables/tiny.csv",
    "results/tables/tiny.html",
    "results/figures/cases_tiny.png",
    "results/report/index.html",
    "results/claims.md",
    "results/paper_tables/claims.md",
    "results/scores.parquet",
)
BESIDE = {  # what lies beside them -> which of them its job makes
    "results/data/brain/cases.parquet": "results/data/brain/manifest.json",
    "results/data/brain/provenance.json": "results/data/brain/manifest.json",
    "results/maps/brain/slic/shard-0.provenance.json": "results/maps/brain/slic/shard-0.json",
    "results/soft_labels/brain/ls/quality.parquet": "results/soft_labels/brain/ls/manifest.json",
    "results/runs/tiny/net/oracle/batch-0.json": "results/runs/tiny/net/sanity.json",
    "results/runs/tiny/net/ls/ensemble.json": "results/runs/tiny/net/ensembles.json",
}
IN_PIECES = {
    f"{SEED}/model.pt": "results/runs/tiny/net/ls/batch-0.json",
    f"{SEED}/predictions/a.nii.gz": "results/runs/tiny/net/ls/batch-0.json",
    f"{SEED}/model.key.json": "results/runs/tiny/net/ls/batch-0.json",
    "results/runs/tiny/net/oracle/seed-0/scores.parquet": "results/runs/tiny/net/sanity.json",
    "results/runs/tiny/net/ls/ensemble/scores.parquet": "results/runs/tiny/net/ensembles.json",
}
SIZE = 40


HARM: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:9]), r"is cut short or changed \(9 of \d+ bytes\)"),
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "garbage": (lambda path: path.write_bytes(os.urandom(500)), r"was changed since it was written \(500 bytes, not "),
    "flip": (flip, "was changed since its job wrote it"),
    "broken": (instead(lambda path: path.symlink_to("/gone")), "is a broken symlink to /gone"),
    "loop": (instead(lambda path: path.symlink_to(path.name)), "is a loop of symlinks"),
    "folder": (instead(Path.mkdir), "is a folder, but a file belongs there"),
}


def remember(path: Path, at: float) -> None:
    record = marks.record_of(path)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"endtime": at}))


def write(name: str, text: str = "x" * SIZE) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def piece(folder: str, name: str, *files: str) -> None:
    def build(scratch: Path) -> dict[str, int]:
        for file in files:
            (scratch / file).parent.mkdir(exist_ok=True)
            (scratch / file).write_text("x" * SIZE)
        return {}

    pieces.make(Path(folder), name, "key", build)
    long_ago = time.time() - 100
    for path in Path(folder).rglob("*"):
        os.utime(path, (long_ago, long_ago))


@pytest.fixture(autouse=True)
def _results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a file of each kind, noted."""
    monkeypatch.chdir(tmp_path)
    for name in (*KNOWN, *BESIDE):
        write(name)
    pieces.write_json(Path("results/runs/tiny/net/sanity.json"), {"pieces": [{"path": "oracle/batch-0.json"}]})
    for name in KNOWN:
        remember(Path(name), 1.0)
    piece(SEED, "model", "model.pt", "predictions/a.nii.gz")
    piece("results/runs/tiny/net/oracle/seed-0", "scores", "scores.parquet")
    piece("results/runs/tiny/net/ls/ensemble", "scores", "scores.parquet")
    assert outputs.begin(RESULTS) == []


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("name", [*KNOWN, *BESIDE, *IN_PIECES])
def test_damage_is_told_once_and_its_command_makes_the_job_run(name: str, harm: str) -> None:
    do, said = HARM[harm]
    do(Path(name))
    if harm == "flip" and name.endswith(".key.json"):
        pytest.skip("what a flipped byte of a record changes is compared with its files")
    with pytest.raises(InputError) as told:
        outputs.begin(RESULTS)
    message, _, rest = str(told.value).partition("`")
    if not name.endswith(".key.json"):
        assert re.match(rf"{re.escape(name)} {said}", message), message
    assert message.count(name) == 1
    command = rest.partition("`")[0]
    assert ".." not in command
    assert os.system(command) == 0
    outputs.begin(RESULTS)
    known = Path({**BESIDE, **IN_PIECES}.get(name, name))
    assert marks.is_unfinished(known)
    assert not Path(name).is_symlink()


def test_whole_files_are_noted_and_left_alone() -> None:
    before = {path: path.stat().st_mtime_ns for path in RESULTS.rglob("*") if path.is_file()}
    assert outputs.begin(RESULTS) == []
    noted = RESULTS / outputs.NOTES
    assert {path: path.stat().st_mtime_ns for path in before if path != noted} == {
        path: at for path, at in before.items() if path != noted
    }
    assert not marks.UNFINISHED.exists()


@pytest.mark.parametrize("name", KNOWN)
def test_deleted_output_is_made_again_also_where_nothing_else_is_to_be_done(name: str) -> None:
    Path(name).unlink()
    (line,) = outputs.begin(RESULTS)
    assert line == f"Deleted, so made again where they are asked for: {name}."
    assert marks.is_unfinished(Path(name))
    outputs.end(RESULTS)  # no job made it
    assert not Path(name).exists()
    assert not marks.is_unfinished(Path(name))


def test_folder_that_was_deleted_was_meant_to_go() -> None:
    for path in Path("results/maps/brain/slic").iterdir():
        path.unlink()
    Path("results/maps/brain/slic").rmdir()
    assert outputs.begin(RESULTS) == []


def test_times_of_a_copy_are_set_back_for_content_decides() -> None:
    for number, name in enumerate((*KNOWN, *IN_PIECES)):
        os.utime(name, (1e9 + number, 1e9 - number))
    before = Path(KNOWN[0]).stat().st_mtime
    (line,) = outputs.begin(RESULTS)
    assert line.startswith(f"{len(KNOWN)} files have other times")
    assert Path(KNOWN[0]).stat().st_mtime > before
    assert outputs.begin(RESULTS) == []


def test_file_that_its_job_made_anew_in_a_killed_run_is_no_damage() -> None:
    for name in ("results/data/brain/cases.parquet", "results/data/brain/manifest.json"):
        write(name, "other")
    remember(Path("results/data/brain/manifest.json"), time.time() + 1)
    assert outputs.begin(RESULTS) == []


def test_output_that_a_killed_job_was_at_work_on_is_no_damage() -> None:
    write(KNOWN[1], "half")
    marks.make_again([Path(KNOWN[1])])
    assert outputs.begin(RESULTS) == []


def test_missing_file_of_a_piece_is_told_and_stops_nothing() -> None:
    Path(SEED, "model.pt").unlink()
    (line,) = outputs.begin(RESULTS)
    assert f"{SEED}/model.pt again: `rm results/runs/tiny/net/ls/batch-0.json`, then the same command." in line


def test_file_that_no_job_made_is_not_noted() -> None:
    write("results/tables/mine.csv")
    outputs.begin(RESULTS)
    write("results/tables/mine.csv", "other")
    assert outputs.begin(RESULTS) == []


def test_many_damaged_files_are_one_message_and_one_command() -> None:
    for name in (*KNOWN, *BESIDE):
        write(name, "cut")
    with pytest.raises(InputError) as told:
        outputs.begin(RESULTS)
    lines = str(told.value).splitlines()
    assert lines[0] == f"{len(KNOWN) + len(BESIDE)} files are not as their jobs left them:"
    assert lines[-2] == "  and 1 more, named when these are made again"
    assert len(lines) == 2 + outputs.SHOWN + 1
    assert str(told.value).count("`rm ") == 1


def test_file_that_may_not_be_read_keeps_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Path("results/claims.md")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != closed)  # root may read everything
    closed.chmod(0o200)
    with pytest.raises(InputError) as told:
        outputs.begin(RESULTS)
    assert "`chmod u+r results/claims.md`" in str(told.value)
    assert "rm " not in str(told.value)


def test_dry_run_says_what_a_run_would_do_and_changes_nothing() -> None:
    Path("results/claims.md").write_text("cut")
    Path("results/data/brain/manifest.json").unlink()
    os.utime("results/tables/tiny.csv", (1e9, 1e9))
    before = {path: (path.stat().st_mtime, path.read_bytes()) for path in Path().rglob("*") if path.is_file()}
    stop, again = outputs.foretell(RESULTS)
    assert stop.startswith("A run would stop with this: results/claims.md is cut short or changed (3 of 40 bytes). ")
    assert again.endswith("makes these again where they are asked for: results/data/brain/manifest.json.")
    assert {path: (path.stat().st_mtime, path.read_bytes()) for path in Path().rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("call", [["-n"], ["--cores", "1", "-nq"], ["--dry-run"], ["--dryrun"]])
def test_dry_run_is_known_by_its_option(call: list[str]) -> None:
    assert launch.is_dry(call)
    assert not launch.is_dry(["--cores", "1", "tiny"])
