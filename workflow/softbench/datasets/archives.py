"""Archives: is this file what its publisher released, and how is it unpacked without trusting it?"""

import hashlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from softbench.datasets.case import Archive
from softbench.errors import InputError

VERSION = 1
HEAD_BYTES = 512  # enough to tell a web page or a Git LFS pointer from an archive


def require_archive_bytes(head: bytes, where: str) -> None:
    """Raise if a file starts like a web page or a Git LFS pointer; each message names its own way out."""
    start = head.lstrip()[:HEAD_BYTES].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        raise InputError(
            f"{where} is a web page, not an archive: a login, a notice or an error of the server or a proxy on the way."
        )
    if start.startswith(b"version https://git-lfs"):
        raise InputError(f"{where} is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned.")


def verify(path: Path, archive: Archive, where: str) -> None:
    """Raise `InputError` unless the file has the published checksums; unpublished ones are not asked for."""
    with open(path, "rb") as file:
        require_archive_bytes(file.read(HEAD_BYTES), where)
    for algorithm, expected in (("sha256", archive.sha256), ("md5", archive.md5)):
        found = _digest(path, algorithm) if expected else None
        if found != expected:
            raise InputError(
                f"{where} ({path.stat().st_size} bytes) has the {algorithm} {found}, but {expected} was published: "
                "it is damaged, cut short or another version."
            )


def _digest(path: Path, algorithm: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def extract(archive: Path, target: Path) -> None:
    """Unpack a tar (plain or compressed) or zip file into the folder `target`, which must exist.

    Hidden files (`._*`, left by macOS) and `__MACOSX` are skipped.

    Raises: InputError: if the archive is damaged, the disk too full, or an entry is a link or device or would land
        outside of `target`. What was unpacked so far is then no use: unpack into a temporary folder.
    """
    try:
        require_space(target, sum(size for _, size, _ in _entries(archive)), archive.name)
        for name, _, open_entry in _entries(archive):
            path = target.joinpath(*_safe_parts(name, archive.name))
            path.parent.mkdir(parents=True, exist_ok=True)
            with open_entry() as source, open(path, "wb") as file:
                shutil.copyfileobj(source, file, 1 << 20)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{archive.name} is a damaged archive ({error}). Download it again.") from error


def _entries(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]]]]:
    """Yield name, size and opener of each file to unpack; raise on entries that are neither file nor folder."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened_zip:
            for item in opened_zip.infolist():
                if not item.is_dir() and not _is_hidden(item.filename):
                    _require_plain((item.external_attr >> 16) & 0o170000 in (0, 0o100000), item.filename, archive)
                    yield item.filename, item.file_size, partial(opened_zip.open, item)
        return
    with tarfile.open(archive) as opened_tar:
        for member in opened_tar:
            if not member.isdir() and not _is_hidden(member.name):
                _require_plain(member.isreg(), member.name, archive)
                yield member.name, member.size, partial(_open_member, opened_tar, member)
        _require_end(opened_tar)


def _require_end(archive: tarfile.TarFile) -> None:
    """Raise unless the block of zeros that closes a tar is there: `tarfile` takes one cut between entries for whole."""
    block = b""
    if archive.fileobj is not None:
        archive.fileobj.seek(archive.offset)
        block = archive.fileobj.read(tarfile.BLOCKSIZE)
    if block != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")


def _open_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise InputError(f"{member.name!r} is no plain file. Such an archive is not unpacked.")
    return file


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and (parts[-1].startswith("._") or "__MACOSX" in parts)


def _require_plain(plain: bool, name: str, archive: Path) -> None:
    if not plain:
        raise InputError(f"{archive.name} holds {name!r}, a link or device. Such an archive is not unpacked.")


def _safe_parts(name: str, archive: str) -> tuple[str, ...]:
    """Return the folders and name of an entry; raise if it would land outside of the target."""
    path = PurePosixPath(name)
    parts = tuple(part for part in path.parts if part != ".")
    if path.is_absolute() or ".." in parts or not parts or "\\" in name or ":" in parts[0]:
        raise InputError(f"{archive} holds {name!r}, which would land outside of its folder. It is not unpacked.")
    return parts


def require_space(folder: Path, needed: int, what: str) -> None:
    """Raise `InputError` unless `needed` bytes are free where `folder` lies."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{what} needs {needed / 1e9:.2f} GB in {folder}, but {free / 1e9:.2f} GB are free. Make room."
        )
