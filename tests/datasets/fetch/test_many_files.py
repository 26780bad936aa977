"""Hundreds of single files: a few at once, each kept when it is whole, and one message on those that failed."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.case import Archive
from softbench.datasets.fetch import delivery, download
from softbench.datasets.fetch.download import Transfer

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]
Files = Callable[[], dict[str, bytes]]
TEXTS = {f"case_{n}.txt": f"text of case {n}".encode() * 100 for n in range(12)}
PLACES = {f"case_{n}/text.txt": f"text of case {n}".encode() * 100 for n in range(12)}


def singles(server: Any) -> tuple[Archive, ...]:
    """The archives of a source of single files; each goes into a folder of its own."""
    return tuple(
        Archive(url=f"{server.address}/{name}", name=name, unpack=False, path=f"{Path(name).stem}/text.txt")
        for name in TEXTS
    )


@pytest.fixture
def source(server: Any, publish: Publish) -> ModuleType:
    """A source of twelve single files."""
    server.files = {f"/{name}": data for name, data in TEXTS.items()}
    return publish(archives=lambda: singles(server))


def test_single_files_go_to_their_places(source: ModuleType, get: Get, files: Files, server: Any) -> None:
    lines = get()
    assert files() == PLACES
    assert sorted(server.paths) == sorted(f"/{name}" for name in TEXTS)
    assert any(line.startswith("made: 12 of 12 files, 0.00 of 0.00 GB, ") for line in lines)


@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_than_a_few_are_asked_for_at_once(
    limit: int, source: ModuleType, get: Get, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOFTBENCH_DOWNLOADS", str(limit))
    server.block_s = 0.01
    get()
    assert server.most_at_once <= limit
    assert limit == 1 or server.most_at_once > 1


@pytest.mark.parametrize("text", ["0", "many", "-1"])
def test_number_of_downloads_must_be_a_number(
    text: str, source: ModuleType, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOFTBENCH_DOWNLOADS", text)
    with pytest.raises(InputError, match=f"SOFTBENCH_DOWNLOADS must be a whole number from 1 on, but is '{text}'"):
        get()


def test_failed_files_are_named_and_the_others_kept(source: ModuleType, get: Get, files: Files, server: Any) -> None:
    gone = server.files.pop("/case_3.txt")
    server.states_of["/case_5.txt"] = [403]
    with pytest.raises(
        InputError,
        match=r"(?s)2 of 12 files could not be brought:\n  case_3\.txt: .* 404 .*\n  case_5\.txt: .* 403 .*\n"
        r"The 10 that are there are kept",
    ):
        get()
    server.files["/case_3.txt"], server.paths = gone, []
    assert any("10 of 12 files are there already" in line for line in get())
    assert sorted(server.paths) == ["/case_3.txt", "/case_5.txt"]
    assert files() == PLACES


def test_dead_line_is_given_up_after_a_few_files(
    source: ModuleType, get: Get, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOFTBENCH_DOWNLOADS", "1")
    server.files = {}
    with pytest.raises(InputError, match="4 of 12 files could not be brought"):
        get()
    assert len(server.paths) == download.FAILURES == 4


def test_file_that_breaks_off_is_resumed_beside_the_others(
    source: ModuleType, get: Get, files: Files, server: Any
) -> None:
    server.cuts_of["/case_7.txt"] = [500]
    get()
    assert files() == PLACES
    assert [r for p, r in zip(server.paths, server.asked, strict=True) if p == "/case_7.txt"] == [None, "bytes=500-"]


def test_size_that_is_larger_than_the_file_is_noticed(source: ModuleType, get: Get, server: Any) -> None:
    server.lengths_of["/case_7.txt"] = 5000  # and 1400 come
    server.ranges = False
    with pytest.raises(InputError, match=r"case_7\.txt: .*closed after 1400 of 5000 bytes \(tried 6 times\)"):
        get()


def test_file_of_unknown_size_is_taken_to_its_end(source: ModuleType, get: Get, files: Files, server: Any) -> None:
    server.lengths_of = dict.fromkeys(server.files)
    get()
    assert files() == PLACES


def test_changed_file_alone_is_brought_again(
    source: ModuleType, get: Get, files: Files, server: Any, tmp_path: Path
) -> None:
    get()
    (tmp_path / "out" / "files" / "case_2" / "text.txt").write_bytes(TEXTS["case_2.txt"].replace(b"2", b"3"))
    (tmp_path / "out" / "files" / "case_4" / "text.txt").unlink()
    server.paths = []
    get()
    assert sorted(server.paths) == ["/case_2.txt", "/case_4.txt"]
    assert files() == PLACES


def test_file_that_is_published_no_more_leaves(source: ModuleType, get: Get, files: Files, server: Any) -> None:
    get()
    source.archives = lambda: singles(server)[:5]
    assert "case_9.txt: not wanted any more; its files are deleted" in get()
    assert files() == dict(list(PLACES.items())[:5])


def test_file_at_another_place_moves_there(source: ModuleType, get: Get, files: Files, server: Any) -> None:
    get()
    source.archives = lambda: [Archive(f"{server.address}/case_1.txt", "case_1.txt", unpack=False)]
    get()
    assert files() == {"case_1.txt": TEXTS["case_1.txt"]}


def test_file_that_was_not_fetched_is_not_taken_for_data(source: ModuleType, get: Get, tmp_path: Path) -> None:
    get()
    (tmp_path / "out" / "files" / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match=r"holds 1 file\(s\) that were not fetched, mine\.txt first. Move them away"):
        get()
    assert (tmp_path / "out" / "files" / "mine.txt").read_text() == "mine"


def test_archives_go_into_folders_of_their_own(
    server: Any, publish: Publish, pack: Callable[..., bytes], get: Get, files: Files
) -> None:
    server.files = {f"/{n}.zip": pack({"a.txt": b"%d" % n}) for n in (1, 2)}
    publish(ARCHIVES=tuple(Archive(f"{server.address}/{n}.zip", f"{n}.zip", into=f"part/{n}") for n in (1, 2)))
    get()
    assert files() == {"part/1/a.txt": b"1", "part/2/a.txt": b"2"}


def test_archives_with_the_same_file_are_refused(
    server: Any, publish: Publish, pack: Callable[..., bytes], get: Get
) -> None:
    server.files = {f"/{n}.zip": pack({"a.txt": b"%d" % n}) for n in (1, 2)}
    publish(ARCHIVES=tuple(Archive(f"{server.address}/{n}.zip", f"{n}.zip") for n in (1, 2)))
    with pytest.raises(InputError, match=r"\d\.zip and \d\.zip both hold a\.txt; one must go `into` a folder"):
        get()


def test_archive_that_came_damaged_is_brought_again(
    server: Any, publish: Publish, pack: Callable[..., bytes], get: Get, files: Files
) -> None:
    whole = pack({"a.txt": b"abc" * 1000})
    server.files = {"/a.zip": whole}
    server.lengths_of["/a.zip"] = 700  # the server believes that the file ends there
    publish(ARCHIVES=(Archive(f"{server.address}/a.zip", "a.zip"),))
    with pytest.raises(InputError, match=r"a\.zip is a damaged archive"):
        get()
    assert len(server.paths) == delivery.TRIES == 3
    server.lengths_of = {}
    get()
    assert files() == {"a.txt": b"abc" * 1000}


def test_mirror_may_have_a_folder_for_a_source(
    source: ModuleType, get: Get, files: Files, server: Any, tmp_path: Path
) -> None:
    (tmp_path / "mirror" / "made").mkdir(parents=True)
    for name, data in TEXTS.items():
        (tmp_path / "mirror" / ("made" if name == "case_1.txt" else ".") / name).write_bytes(data)
    get(mirror=tmp_path / "mirror")
    assert files() == PLACES
    assert server.paths == []
    assert (tmp_path / "mirror" / "case_2.txt").read_bytes() == TEXTS["case_2.txt"]


def test_disk_is_looked_at_before_anything_starts(
    source: ModuleType, get: Get, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.SIZE_GB = (12.0, 20.0)
    # 4 of 12 files are on their way at once: 12 GB * 4 / 12 + 20 GB = 24 GB
    monkeypatch.setattr(download, "DOWNLOADS", 4)
    usage = type("Usage", (), {"free": int(23.9e9)})()
    monkeypatch.setattr(delivery.archives.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(InputError, match=r"Made needs 24\.00 GB in .*, but 23\.90 GB are free"):
        get()
    assert server.paths == []
    usage.free = int(24.1e9)
    get()


def test_full_disk_on_the_way_is_told(
    source: ModuleType, get: Get, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "the file")

    with monkeypatch.context() as patch:
        patch.setattr(delivery.pieces, "move", full)
        with pytest.raises(InputError, match=r"case_0\.txt cannot be written \(the file: No space left on device\)"):
            get()
    get()
    assert files() == PLACES


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_folder_that_may_not_be_written_is_told(source: ModuleType, get: Get, tmp_path: Path) -> None:
    (tmp_path / "out" / "files").mkdir(parents=True)
    (tmp_path / "out" / "files").chmod(0o500)
    with pytest.raises(InputError, match=r"cannot be written .*Permission denied"):
        get()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A clock that stands still."""
    return monkeypatch.setattr(download.time, "monotonic", lambda: 0.0)


def test_line_tells_files_bytes_and_the_time_that_is_left(clock: None) -> None:
    moving = Transfer("made", files=10, done=4, log=print)
    assert moving.line(5) == "made: 4 of 10 files"
    moving.meter("a", 2 * 10**9, 0)(10**9)
    moving.meter("b", 4 * 10**9, 10**9)(2 * 10**9)
    # of the 6 files that are missing 2 are known, 3 GB in the mean: 18 GB. 3 GB are there, 2 of them came in 10 s:
    # 15 GB at 0.2 GB/s are 75 s
    assert moving.line(10) == "made: 4 of 10 files, 3.00 of about 18.00 GB, about 75 s left"


def test_stopped_transfer_ends_downloads_and_pauses() -> None:
    moving = Transfer("made", files=2, done=0, log=print)
    meter = moving.meter("a", 100, 0)
    threading.Timer(0.05, moving.stop).start()
    with pytest.raises(download.StoppedError):
        moving.wait(60)
    with pytest.raises(download.StoppedError):
        meter(10)
