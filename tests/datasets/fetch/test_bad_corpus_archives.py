"""Bad downloads: each is refused with the file, what was found and the ways out, and nothing of it is left in place."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.case import Archive
from softbench.datasets.fetch import archives

from tests.datasets.conftest import WAYS_OUT

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]
OUTSIDE = r", which would land outside of its folder\. It is not unpacked\."
LINK = r"holds 'case/link', a link or device\. Such an archive is not unpacked\."
DAMAGED = r"is a damaged archive \(.*\)\. Download it again\."
TEXT = bytes(range(256)) * 40


def tar_of(name: str, kind: bytes = tarfile.REGTYPE, mode: str = "w") -> bytes:
    """A tar with a sound case and one entry of this name and kind."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as tar:  # type: ignore[call-overload]
        for entry, entry_kind in (("case/a.txt", tarfile.REGTYPE), (name, kind)):
            info = tarfile.TarInfo(entry)
            info.type, info.linkname = entry_kind, "/etc/passwd"
            info.size = len(TEXT) if entry_kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(TEXT) if info.size else None)
    return packed.getvalue()


def zip_of(*names: str, data: bytes = TEXT, mode: int = 0, kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with a sound case and entries of these names; `mode`: the first bits of their rights under Unix."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as file:
        file.writestr("case/a.txt", TEXT)
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.external_attr, entry.compress_type = mode << 16, kind
            file.writestr(entry, data)
    return packed.getvalue()


def changed(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def flipped(data: bytes, place: int) -> bytes:
    return changed(data, place, bytes([data[place] ^ 0xFF]))


def encrypted(data: bytes) -> bytes:
    """Set the flag of the last entry, in its own header and in the directory."""
    data = changed(data, data.rindex(b"PK\x03\x04") + 6, b"\x01")
    return changed(data, data.rindex(b"PK\x01\x02") + 8, b"\x01")


def said_small(data: bytes) -> bytes:
    """Let the directory say that the last entry unpacks to ten bytes."""
    return changed(data, data.rindex(b"PK\x01\x02") + 24, (10).to_bytes(4, "little"))


STORED = zip_of(kind=zipfile.ZIP_STORED)
BAD: dict[str, tuple[str, bytes, str]] = {  # name of the file, its bytes, what is said of it
    "zip-slip": ("a.zip", zip_of("../outside.txt"), r"holds '\.\./outside\.txt'" + OUTSIDE),
    "zip with an absolute path": ("a.zip", zip_of("/tmp/outside.txt"), r"holds '/tmp/outside\.txt'" + OUTSIDE),
    "zip with a path of Windows": ("a.zip", zip_of("..\\outside.txt"), r"holds '\.\.\\\\outside\.txt'" + OUTSIDE),
    "zip with a drive": ("a.zip", zip_of("C:/outside.txt"), r"holds 'C:/outside\.txt'" + OUTSIDE),
    "zip with a link": ("a.zip", zip_of("case/link", data=b"/etc/passwd", mode=0o120777), LINK),
    "zip with a device": ("a.zip", zip_of("case/link", data=b"", mode=0o020666), LINK),
    "encrypted zip": ("a.zip", encrypted(zip_of("b.txt")), r"holds 'b\.txt', which is encrypted\. It is not unpacked"),
    "zip with an entry twice": ("a.zip", zip_of("./case/a.txt"), r"holds '\./case/a\.txt', which is there already"),
    "zip with a file that is a folder": ("a.zip", zip_of("case/a.txt/b"), r"a file and a folder of the same name"),
    "zip bomb": ("a.zip", zip_of("zeros", data=bytes(3_000_000)), r"more than 0\.00 GB, 200 times .*fill a disk"),
    "zip that is larger than it says": ("a.zip", said_small(zip_of("b.txt")), DAMAGED),
    "zip cut in the middle": ("a.zip", zip_of("b.txt")[:-100], DAMAGED),
    "zip with a flipped byte": ("a.zip", flipped(STORED, 60), r"Bad CRC-32 for file 'case/a\.txt'.*Download it again"),
    "tar slip": ("a.tar", tar_of("case/../../outside.txt"), r"outside\.txt'" + OUTSIDE),
    "tar with an absolute path": ("a.tar", tar_of("/tmp/outside.txt"), r"holds '/tmp/outside\.txt'" + OUTSIDE),
    "tar with a symbolic link": ("a.tar", tar_of("case/link", tarfile.SYMTYPE), LINK),
    "tar with a hard link": ("a.tar", tar_of("case/link", tarfile.LNKTYPE), LINK),
    "tar with a device": ("a.tar", tar_of("case/link", tarfile.BLKTYPE), LINK),
    "tar with a pipe": ("a.tar", tar_of("case/link", tarfile.FIFOTYPE), LINK),
    "tar cut between entries": ("a.tar", tar_of("b.txt")[:10752], r"its end is missing.*Download it again\."),
    "tar with a flipped byte in its header": ("a.tar", flipped(tar_of("b.txt"), 100), DAMAGED),
    "tar.gz cut in the middle": ("a.tar.gz", tar_of("b.txt", mode="w:gz")[:200], DAMAGED),
    "tar.gz with a flipped byte": ("a.tar.gz", flipped(tar_of("b.txt", mode="w:gz"), 60), DAMAGED),
    "tar.xz cut in the middle": ("a.tar.xz", tar_of("b.txt", mode="w:xz")[:200], DAMAGED),
    "RAR": ("a.rar", b"Rar!\x1a\x07\x00" + TEXT, DAMAGED),
    "one compressed file": ("a.gz", gzip.compress(TEXT), DAMAGED),
    "tar.gz without its last bytes": ("a.tar.gz", tar_of("b.txt", mode="w:gz")[:-4], DAMAGED),
    "tar.gz with another checksum": ("a.tar.gz", flipped(tar_of("b.txt", mode="w:gz"), -6), DAMAGED),
    "tar.bz2 with a flipped byte": ("a.tar.bz2", flipped(tar_of("b.txt", mode="w:bz2"), 200), DAMAGED),
    "empty download": ("a.zip", b"", r"is an empty file: the server, or who copied it, failed\."),
    "name too long for a disk": ("a.zip", zip_of("x" * 300), r"cannot be written \(.*: File name too long\)"),
    "LFS pointer": ("a.zip", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", r"pointer.*`git lfs pull`"),
    "HTML page": ("a.zip", b"<!DOCTYPE html><title>Log in</title>", r"is a web page, not an archive: a login"),
    "message in JSON": (
        "a.zip",
        b'{"error": "quota exceeded"}',
        r"is a JSON message .*: {\"error\": \"quota exceeded\"}",
    ),
}


@pytest.fixture
def source(server: Any, publish: Publish) -> Callable[..., ModuleType]:
    """A function that makes a source of one archive with these bytes and checksums."""

    def make(name: str, data: bytes, **sums: str) -> ModuleType:
        server.files = {f"/{name}": data}
        return publish(ARCHIVES=(Archive(f"{server.address}/{name}", name, **sums),))

    return make


@pytest.mark.parametrize("name", BAD)
def test_bad_archive_is_refused_by_name_with_the_ways_out(
    name: str, source: Callable[..., ModuleType], get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, data, message = BAD[name]
    monkeypatch.setattr(archives, "HARMLESS", 500_000)  # else a bomb would have to hold a gigabyte
    source(file, data)
    with pytest.raises(InputError, match=rf"(?s){file}.*{message}{WAYS_OUT}"):
        get()
    assert not list(tmp_path.rglob("*.txt"))
    assert not list(tmp_path.rglob("*.part"))
    assert not Path("/tmp/outside.txt").exists()
    assert not (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
def test_other_checksum_than_published_is_refused(
    algorithm: str, source: Callable[..., ModuleType], get: Get, tmp_path: Path
) -> None:
    data = zip_of()
    published, found = (hashlib.new(algorithm, one).hexdigest() for one in (b"the published one", data))
    source("a.zip", data, **{algorithm: published})
    wanted = rf"a\.zip \({len(data)} bytes\) has the {algorithm} {found}, but {published} was published"
    with pytest.raises(InputError, match=wanted + ": it is damaged, cut short or another version" + WAYS_OUT):
        get()
    assert not list(tmp_path.rglob("*.txt"))


@pytest.mark.parametrize(
    ("name", "data"), [("a.zip", zip_of().replace(b"a.txt", b"a.nii")), ("a.tar", tarfile.NUL * 10240)]
)
def test_sound_archive_without_cases_is_answered_with_the_layout(
    name: str, data: bytes, source: Callable[..., ModuleType], get: Get
) -> None:
    source(name, data)
    with pytest.raises(InputError, match=r"out/files (holds no cases of|is missing .*) Made\. Expected in it: \*\.txt"):
        get()


def test_small_archive_of_zeros_is_unpacked(source: Callable[..., ModuleType], get: Get, tmp_path: Path) -> None:
    source("a.zip", zip_of("zeros", data=bytes(3_000_000)))  # below a gigabyte no ratio counts
    get()
    assert (tmp_path / "out" / "files" / "zeros").stat().st_size == 3_000_000
