"""Full and forbidden disks: one message with the file and the next step, and never half a file."""

import errno
import os
import resource
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from softbench import InputError
from softbench.jobs import logs, pieces, storage
from softbench.training import parts

GOES_ON = "then give the same command again: what is finished is kept"
LARGE = np.random.default_rng(0).normal(size=40_000)


@pytest.fixture(autouse=True)
def _quota() -> Iterator[None]:
    """Let no file of this process grow beyond 100 kB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def save_array(folder: Path) -> None:
    np.save(folder / "a.npy", LARGE)


def save_packed(folder: Path) -> None:
    np.savez_compressed(folder / "a.npz", a=LARGE)


def save_weights(folder: Path) -> None:
    torch.save({"a": torch.from_numpy(LARGE)}, folder / "a.pt")


def save_table(folder: Path) -> None:
    import pandas as pd

    pd.DataFrame({"a": LARGE}).to_parquet(folder / "a.parquet")


def save_text(folder: Path) -> None:
    (folder / "a.csv").write_text("\n".join(map(str, LARGE)))


@pytest.mark.parametrize("save", [save_array, save_packed, save_weights, save_table, save_text])
def test_piece_that_finds_no_room_is_named_and_leaves_nothing(save: Any, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as caught:
        pieces.make(tmp_path, "case_1", "key", lambda scratch: save(scratch) or {})
    told = storage.explained(caught.value)
    assert told is not None
    assert told.startswith(f"{tmp_path / 'case_1'}: File too large. Free space on the disk, or have the quota raised (")
    assert GOES_ON in told
    assert list(tmp_path.iterdir()) == []


def test_checkpoint_that_finds_no_room_leaves_the_one_before(tmp_path: Path) -> None:
    parts.save_checkpoint(tmp_path, "key", {"step": 20})
    with pytest.raises(OSError, match="File too large"):
        parts.save_checkpoint(tmp_path, "key", {"step": 40, "weights": torch.from_numpy(LARGE)})
    state, _ = parts.load_checkpoint(tmp_path, "key", torch.device("cpu"))
    assert state == {"step": 20}


def test_job_ends_with_the_message_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "job.log"
    with pytest.raises(SystemExit), logs.job(str(log)):
        pieces.write_file(tmp_path / "large.npy", lambda part: np.save(part, LARGE))
    assert f"ERROR: {tmp_path / 'large.npy'}: File too large. Free space" in log.read_text()
    assert "Traceback" not in log.read_text() + capsys.readouterr().err


def test_log_that_finds_no_room_stops_no_job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logs.job(str(tmp_path / "job.log")) as log:
        for _ in range(3):
            log("x" * 60_000)
        log("the last line")
    assert "the last line" in capsys.readouterr().err


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder of a user who may not do everything: where these tests run as root, they are nobody's for a while."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
        except OSError:
            pytest.skip("nothing is forbidden to root, and it may not become another user here")
        yield Path(name)
        if root:
            os.seteuid(0)


@contextmanager
def mode(path: Path, bits: int) -> Iterator[None]:
    path.chmod(bits)
    yield
    path.chmod(0o700)


def test_results_that_cannot_be_written_are_told_before_any_job(nobody: Path) -> None:
    results = nobody / "results"
    results.mkdir()
    with mode(results, 0o500), pytest.raises(InputError, match=rf"into {results}: Permission denied\. Fix its owner"):
        storage.require_writable(results)
    storage.require_writable(results, nobody / "made")
    assert list(results.iterdir()) == []


def test_file_that_may_not_be_read_is_named(nobody: Path) -> None:
    secret = nobody / "case.npz"
    secret.write_bytes(b"")
    with mode(secret, 0), pytest.raises(PermissionError) as caught, storage.writing(Path("out")):
        np.load(secret)
    assert (storage.explained(caught.value) or "").startswith(f"{secret}: Permission denied. Fix its owner")


@pytest.mark.parametrize("error", [ValueError("x"), FileNotFoundError(errno.ENOENT, "No such file", "a")])
def test_other_errors_are_not_explained(error: Exception) -> None:
    assert storage.explained(error) is None
    with pytest.raises(type(error)) as caught, storage.writing(Path("out")):
        raise error
    assert caught.value is error


CONDITIONS = {
    "is missing": lambda path: None,
    "is empty": lambda path: path.touch(),
    "is a broken symlink to nowhere": lambda path: path.symlink_to("nowhere"),
    "is a loop of symlinks": lambda path: path.symlink_to(path.name),
    "is a folder, but a file belongs there": lambda path: path.mkdir(),
    "is no ordinary file": lambda path: os.mkfifo(path),
}


@pytest.mark.parametrize("said", CONDITIONS)
def test_condition_of_a_file_is_told_as_it_is(said: str, tmp_path: Path) -> None:
    CONDITIONS[said](tmp_path / "a.json")
    assert storage.condition(tmp_path / "a.json") == said


def test_file_below_a_broken_symlink_names_the_symlink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data").symlink_to("/unmounted/data")
    said = "is missing, because data is a broken symlink to /unmounted/data"
    assert storage.condition(Path("data/a.json")) == said


def test_file_that_may_not_be_read_is_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    path.chmod(0o200)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may read everything
    assert storage.condition(path) == "may not be read (its permissions are --w-------)"
    assert storage.way_out(path) == f"Change its permissions: `chmod u+r {path}`, then {storage.KEPT}"


def test_command_names_each_file_once_without_detours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("results/maps/a b.json", "results/soft_labels/x.json"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text("{}")
    way = Path("results/soft_labels/../maps/a b.json")
    told = storage.damaged(way, "is damaged (by hand)", way, tmp_path / "results" / "maps" / "a b.json", Path("none"))
    assert str(told) == (
        "results/maps/a b.json is damaged (by hand). Delete it: `rm 'results/maps/a b.json'`, then "
        "give the same command again: what is whole is kept."
    )


def test_detour_over_a_symlink_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "disk" / "labels").mkdir(parents=True)
    (tmp_path / "disk" / "a.json").touch()
    Path("labels").symlink_to("disk/labels")
    assert storage.shown("labels/../a.json") == "disk/a.json"


@pytest.mark.parametrize("text", ["", "{", "\x00"])
def test_message_names_the_file_once_before_its_command(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cases.parquet"
    path.write_text(text)
    with pytest.raises(InputError) as told:
        storage.read_parquet(path, tmp_path / "manifest.json")
    said, _, command = str(told.value).partition("`")
    assert said.count("cases.parquet") == 1
    assert command.startswith(f"rm {path}`")


def test_lists_that_snakemake_knows_of_a_seed(tmp_path: Path) -> None:
    for method in ("ls", "oracle"):
        (tmp_path / method / "seed-0").mkdir(parents=True)
        (tmp_path / method / "batch-0.json").touch()
    (tmp_path / "sanity.json").write_text('{"pieces": [{"method": "oracle", "path": "oracle/batch-0.json"}]}')
    assert storage.lists_of(tmp_path / "ls" / "seed-0") == [tmp_path / "ls" / "batch-0.json"]
    assert storage.lists_of(tmp_path / "oracle" / "seed-0") == [tmp_path / "sanity.json"]
    assert storage.lists_of(tmp_path / "ls" / "ensemble") == [tmp_path / "ensembles.json"]
