"""What an archive holds, and where it may land: tar and zip here, 7z in `sevenzip`.

A format is two functions: `listed` yields the files to unpack, `unpack` writes each to the path that `place` names.
"""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from softbench.datasets.fetch import sevenzip
from softbench.errors import InputError

VERSION = 1
CHUNK = 1 << 20  # bytes
Place = Callable[[str], Path]


@dataclass(frozen=True)
class Entry:
    """One file in an archive: its path there, its size when unpacked, and whether it is more than a plain file."""

    name: str
    size: int
    plain: bool
    locked: bool = False


def listed(archive: Path) -> Iterator[Entry]:
    """Yield the files of an archive, without folders and without what macOS left (`._*`, `__MACOSX`)."""
    every = _of_tar
    if sevenzip.is_one(archive):
        every = _of_sevenzip
    elif _is_zip(archive):
        every = _of_zip
    yield from (entry for entry in every(archive) if not is_hidden(entry.name))


def unpack(archive: Path, place: Place) -> None:
    """Write the files of an archive, in its order, to `place(name)`; hidden ones are left out."""
    if sevenzip.is_one(archive):
        sevenzip.unpack(archive, {entry.name: place(entry.name) for entry in listed(archive)})
    elif _is_zip(archive):
        _unpack_zip(archive, place)
    else:
        _unpack_tar(archive, place)


def _is_zip(archive: Path) -> bool:
    """Look at the start: `zipfile.is_zipfile` looks at the end, and takes a tar whose last file is a zip for one."""
    with open(archive, "rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def is_hidden(name: str) -> bool:
    """Return whether macOS left an entry."""
    parts = PurePosixPath(name).parts
    return bool(parts) and (parts[-1].startswith("._") or "__MACOSX" in parts)


def safe_parts(name: str, archive: str) -> tuple[str, ...]:
    """Return the folders and name of an entry; raise if it would land outside of the target."""
    path = PurePosixPath(name)
    parts = tuple(part for part in path.parts if part != ".")
    if path.is_absolute() or ".." in parts or not parts or "\\" in name or ":" in parts[0]:
        raise InputError(f"{archive} holds {name!r}, which would land outside of its folder. It is not unpacked.")
    return parts


def _of_sevenzip(archive: Path) -> Iterator[Entry]:
    yield from (Entry(*facts) for facts in sevenzip.listed(archive))


def _of_zip(archive: Path) -> Iterator[Entry]:
    with zipfile.ZipFile(archive) as opened:
        for item in opened.infolist():
            if not item.is_dir():
                plain = (item.external_attr >> 16) & 0o170000 in (0, 0o100000)
                yield Entry(item.filename, item.file_size, plain, bool(item.flag_bits & 1))


def _of_tar(archive: Path) -> Iterator[Entry]:
    with tarfile.open(archive) as opened:
        for member in opened:
            if not member.isdir():
                yield Entry(member.name, member.size, member.isreg())
        _require_end(opened)


def _require_end(archive: tarfile.TarFile) -> None:
    """Raise unless the block of zeros that closes a tar is there: `tarfile` takes one cut between entries for whole."""
    block = b""
    if archive.fileobj is not None:
        archive.fileobj.seek(archive.offset)
        block = archive.fileobj.read(tarfile.BLOCKSIZE)
        while archive.fileobj.read(CHUNK):  # the checksum of a compressed one comes at its very end
            pass
    if block != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")


def _unpack_zip(archive: Path, place: Place) -> None:
    with zipfile.ZipFile(archive) as opened:
        for item in opened.infolist():
            if not item.is_dir() and not is_hidden(item.filename):
                with opened.open(item) as source, open(place(item.filename), "xb") as file:
                    shutil.copyfileobj(source, file, CHUNK)


def _unpack_tar(archive: Path, place: Place) -> None:
    with tarfile.open(archive) as opened:
        for member in opened:
            source = None if is_hidden(member.name) else opened.extractfile(member)
            if source is not None:
                with source, open(place(member.name), "xb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
