"""A file whose publisher names no checksum: what came first is what must come again."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.case import Archive
from softbench.datasets.fetch import delivery

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]


@pytest.fixture
def source(server: Any, publish: Publish) -> ModuleType:
    """A source of two single files without a published checksum."""
    server.files = {"/b.txt": b"bytes of b", "/a.txt": b"a"}
    urls = ((f"{server.address}{path}", path[1:]) for path in server.files)
    return publish(ARCHIVES=tuple(Archive(url, name, unpack=False) for url, name in urls))


def table(**sums: bytes) -> str:
    """The file of checksums of `<name>.txt` with these bytes."""
    rows = [f"{name}.txt,{len(data)},{hashlib.sha256(data).hexdigest()}\n" for name, data in sums.items()]
    return "".join(["file,bytes,sha256\n", *rows])


def test_first_download_is_recorded_by_name(source: ModuleType, get: Get, tmp_path: Path) -> None:
    lines = get(committed=tmp_path / "committed.csv")
    assert (tmp_path / "out" / "checksums.csv").read_text() == table(a=b"a", b=b"bytes of b")
    assert any("the checksums of 2 file(s) are in" in line and "committed.csv, and commit it" in line for line in lines)


def test_nothing_is_said_of_what_is_committed(source: ModuleType, get: Get, tmp_path: Path) -> None:
    (tmp_path / "committed.csv").write_text(table(a=b"a", b=b"bytes of b"))
    assert not any("commit" in line for line in get(committed=tmp_path / "committed.csv"))


@pytest.mark.parametrize("place", ["committed.csv", "out/checksums.csv"])
def test_other_file_than_before_stops_with_both_hashes(
    place: str, source: ModuleType, get: Get, tmp_path: Path
) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_text(table(a=b"a", b=b"bytes of B"))
    new, old = (hashlib.sha256(data).hexdigest() for data in (b"bytes of b", b"bytes of B"))
    with pytest.raises(
        InputError,
        match=rf"b\.txt from http.* has 10 bytes and the sha256 {new}, but {path} says 10 bytes and {old}.*"
        rf"delete its line from {path}",
    ):
        get(committed=tmp_path / "committed.csv")
    path.write_text(table(a=b"a"))
    get(committed=tmp_path / "committed.csv")
    assert (tmp_path / "out" / "checksums.csv").read_text() == table(a=b"a", b=b"bytes of b")


def test_files_deleted_and_fetched_again_must_be_the_same(
    source: ModuleType, get: Get, server: Any, tmp_path: Path
) -> None:
    get()
    (tmp_path / "out" / "files" / "a.txt").unlink()
    server.files["/a.txt"] = b"A"
    with pytest.raises(InputError, match=r"a\.txt from .* has 1 bytes and the sha256 .*, but .*checksums\.csv says"):
        get()


def test_file_from_a_mirror_is_held_to_the_same(source: ModuleType, get: Get, tmp_path: Path) -> None:
    (tmp_path / "committed.csv").write_text(table(a=b"a", b=b"bytes of b"))
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / "a.txt").write_bytes(b"A")
    (tmp_path / "mirror" / "b.txt").write_bytes(b"bytes of b")
    with pytest.raises(InputError, match=r"a\.txt from .*mirror/a\.txt has 1 bytes"):
        get(mirror=tmp_path / "mirror", committed=tmp_path / "committed.csv")
    assert (tmp_path / "mirror" / "a.txt").exists()


@pytest.mark.parametrize("text", ["", "file,sha256\n", "file,bytes,sha256\na.txt,one,two\n", "file,bytes,sha256\na\n"])
def test_damaged_table_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "checksums.csv").write_text(text)
    with pytest.raises(InputError, match=r"checksums\.csv must have the columns file, bytes, sha256"):
        delivery.read_sums(tmp_path / "checksums.csv")


def test_names_with_commas_survive(tmp_path: Path) -> None:
    sums = delivery.Checksums(tmp_path / "checksums.csv", None)
    sums.note('a, "b".txt', 3, "0" * 64)
    assert delivery.read_sums(tmp_path / "checksums.csv") == {'a, "b".txt': (3, "0" * 64)}
