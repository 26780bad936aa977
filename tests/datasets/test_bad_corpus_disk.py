"""Full disks and forbidden files: told with the place and the next step; what is finished is kept, a rerun goes on."""

import errno
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from softbench import InputError
from softbench.datasets.fetch import fetch
from softbench.datasets.prepare import prepare
from softbench.jobs import pieces

from tests.datasets.conftest import BODY, WAYS_OUT

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]
Folder = Callable[..., Path]
GO_ON = r"Free space on the disk, or fix its permissions, and run again: the cases that are finished are kept\."


@contextmanager
def files_up_to(limit: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as a full quota would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_download_beyond_the_quota_is_told_and_goes_on(
    source: ModuleType, get: Get, server: Any, tmp_path: Path
) -> None:
    with (
        files_up_to(5000),
        pytest.raises(InputError, match=rf"a\.txt cannot be written \(.*File too large\).*{WAYS_OUT}"),
    ):
        get()
    get()
    assert (tmp_path / "out" / "files" / "a.txt").read_bytes() == BODY
    assert server.asked == [None, "bytes=5000-"]


def prepared(raw: Path, output: Path) -> None:
    prepare.run("hippocampus", raw, output, versions={}, settings={}, log=lambda line: None)


def test_full_disk_stops_preparation_and_keeps_what_is_finished(
    msd: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, out = msd(), tmp_path / "out"

    def full(path: Path, array: np.ndarray) -> None:
        if "hippocampus_002" in str(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        save(path, array)

    save = np.save
    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(InputError, match=rf"hippocampus_002: .*\(No space left on device\)\. {GO_ON}"):
            prepared(raw, out)
    require_one_kept_and_go_on(raw, out)


def test_quota_stops_preparation_and_keeps_what_is_finished(msd: Folder, write: Any, tmp_path: Path) -> None:
    raw, out = msd(), tmp_path / "out"
    large = np.random.default_rng(0).normal(size=(30, 40, 50)).astype(np.float32)
    for kind, array in (("imagesTr", large), ("labelsTr", np.zeros(large.shape, np.uint8))):
        write(raw / kind / "hippocampus_002.nii.gz", array)
    wanted = rf"hippocampus_002: .*out/cases/hippocampus_002 cannot be read or written \(File too large\)\. {GO_ON}"
    with files_up_to(100_000), pytest.raises(InputError, match=wanted):  # its 60000 voxels take 240 kB
        prepared(raw, out)
    require_one_kept_and_go_on(raw, out)


def require_one_kept_and_go_on(raw: Path, out: Path) -> None:
    assert [n for n in (1, 2, 3) if pieces.read_record(out / "cases", f"hippocampus_{n:03d}")] == [1]
    assert not list(out.rglob("*.part"))
    stamp = pieces.record_path(out / "cases", "hippocampus_001").stat().st_mtime_ns
    prepared(raw, out)
    assert pieces.record_path(out / "cases", "hippocampus_001").stat().st_mtime_ns == stamp
    assert (out / "manifest.json").exists()


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of a user who may not do everything: where these tests run as root, they are nobody's for a while."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        Path(name).chmod(0o777)
        try:
            os.seteuid(65534)
        except OSError:
            pytest.skip("nothing is forbidden to root, and it may not become another user here")
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def cases_in(folder: Path, write: Any) -> Path:
    """Two cases in the layout of the source `hippocampus`."""
    rng = np.random.default_rng(0)
    for name in ("hippocampus_001.nii.gz", "hippocampus_002.nii.gz"):
        write(folder / "imagesTr" / name, rng.normal(size=(4, 5, 6)).astype(np.float32))
        write(folder / "labelsTr" / name, np.zeros((4, 5, 6), np.uint8))
    return folder


@pytest.mark.parametrize("kind", ["imagesTr", "labelsTr"])
def test_file_that_may_not_be_read_is_named(kind: str, home: Path, write: Any) -> None:
    raw = cases_in(home / "raw", write)
    (raw / kind / "hippocampus_002.nii.gz").chmod(0)
    wanted = rf"hippocampus_002: .*{kind}/hippocampus_002\.nii\.gz cannot be opened \(Permission denied\)\. Put a file"
    with pytest.raises(InputError, match=wanted):
        prepared(raw, home / "out")
    assert pieces.read_record(home / "out" / "cases", "hippocampus_001")


def test_folder_that_may_not_be_listed_is_named(home: Path, write: Any) -> None:
    raw = cases_in(home / "raw", write)
    (raw / "imagesTr").chmod(0)
    with pytest.raises(
        InputError, match=r"raw/imagesTr can no longer be read \(Permission denied\)\. Fix its permissions"
    ):
        prepared(raw, home / "out")


def test_dataset_that_may_not_be_written_is_told(home: Path, write: Any) -> None:
    raw = cases_in(home / "raw", write)
    (home / "out" / "cases").mkdir(parents=True)
    (home / "out" / "cases").chmod(0o500)
    with pytest.raises(InputError, match=rf"hippocampus_001: .*out/cases.*\(Permission denied\)\. {GO_ON}"):
        prepared(raw, home / "out")


def test_place_of_downloads_that_may_not_be_written_is_told(source: ModuleType, home: Path) -> None:
    (home / "out").mkdir()
    (home / "out").chmod(0o500)
    with pytest.raises(
        InputError, match=rf"a\.txt cannot be written \(.*out/archives: Permission denied\).*{WAYS_OUT}"
    ):
        fetch.fetch("made", home / "out", log=lambda line: None, pause_s=0)
