"""What a folder is: its bytes and names, wherever it lies, without reading unchanged files again."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.datasets.fetch import shelf
from softbench.datasets.fetch.fetch import content_of
from softbench.jobs import pieces
from softbench.jobs.progress import Progress, duration

Folder = Callable[..., Path]
IMAGE = "imagesTr/hippocampus_001.nii.gz"


def age(folder: Path) -> None:
    """Make all files look settled, for the hashes of files younger than two seconds are not kept."""
    for path in folder.rglob("*.*"):
        os.utime(path, ns=(10**18, 10**18))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read to be hashed; times of last change are left out, as no test can set them."""
    names: list[str] = []

    def hash_file(path: Path) -> str:
        names.append(path.name)
        return original(path)

    original = pieces.hash_file
    monkeypatch.setattr(shelf.pieces, "hash_file", hash_file)
    monkeypatch.setattr(shelf, "read_stamp", lambda path: [path.stat().st_size, path.stat().st_mtime_ns])
    return names


def test_moved_folder_is_the_same_content(msd: Folder, tmp_path: Path) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    before = content_of("hippocampus", folder, cache)
    assert content_of("hippocampus", folder.rename(tmp_path / "elsewhere"), cache) == before


def test_changed_byte_changes_the_content(msd: Folder, tmp_path: Path) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    before = content_of("hippocampus", folder, cache)
    data = bytearray((folder / IMAGE).read_bytes())
    data[-1] ^= 1
    (folder / IMAGE).write_bytes(data)  # the same size, and at once: perhaps within one tick of the clock
    assert content_of("hippocampus", folder, cache) != before


def test_changed_byte_is_noticed_even_if_the_time_of_writing_is_set_back(msd: Folder, tmp_path: Path) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    age(folder)
    before = content_of("hippocampus", folder, cache)
    data = bytearray((folder / IMAGE).read_bytes())
    data[-1] ^= 1
    (folder / IMAGE).write_bytes(data)
    age(folder)
    assert content_of("hippocampus", folder, cache) != before


def test_renamed_file_changes_the_content(msd: Folder, tmp_path: Path) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    before = content_of("hippocampus", folder, cache)
    (folder / "dataset.json").rename(folder / "renamed.json")
    assert content_of("hippocampus", folder, cache) != before


def test_hidden_files_do_not_count(msd: Folder, tmp_path: Path) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    before = content_of("hippocampus", folder, cache)
    (folder / ".DS_Store").write_text("macOS")
    (folder / "labelsTr" / "._hippocampus_001.nii.gz").unlink()
    assert content_of("hippocampus", folder, cache) == before


def test_unchanged_files_are_not_read_again(msd: Folder, tmp_path: Path, read: list[str]) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    age(folder)
    first = content_of("hippocampus", folder, cache)
    assert len(read) == 7
    read.clear()
    (folder / "dataset.json").write_text("{ }")
    assert content_of("hippocampus", folder, cache) != first
    assert read == ["dataset.json"]


def test_damaged_cache_is_not_trusted(msd: Folder, tmp_path: Path, read: list[str]) -> None:
    folder, cache = msd(), tmp_path / "cache.json"
    age(folder)
    before = content_of("hippocampus", folder, cache)
    cache.write_text(json.dumps([1, 2]))
    assert content_of("hippocampus", folder, cache) == before
    assert len(read) == 14


def test_folder_without_cases_has_no_content(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no cases"):
        content_of("hippocampus", tmp_path, tmp_path / "cache.json")


def test_progress_tells_the_time_that_is_left() -> None:
    # 30 MB in 10 s: the other 60 MB take 20 s
    line = Progress(print, "a.tar", 90e6, "MB", scale=1e6).line(30e6, elapsed_s=10)
    assert line == "a.tar: 30 of 90 MB, about 20 s left"
    # of 60 MB half was there before: 30 MB in 10 s now, and 30 MB are left
    resumed = Progress(print, "a.tar", 90e6, "MB", scale=1e6, skipped=30e6).line(60e6, elapsed_s=10)
    assert resumed == "a.tar: 60 of 90 MB, about 10 s left"


@pytest.mark.parametrize(("seconds", "words"), [(8, "8 s"), (180, "3 min"), (9000, "2.5 h")])
def test_duration_is_written_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words
