"""Archives: is this file what its publisher released, and how is it unpacked without trusting it?"""

import hashlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from softbench.datasets.case import Archive
from softbench.datasets.fetch import sevenzip
from softbench.errors import InputError

VERSION = 1
HEAD_BYTES = 512  # enough to tell a web page, an error message or a Git LFS pointer from an archive
TEXTS = (".csv", ".json", ".txt", ".xml", ".html")  # files that may well start like one of these
NESTED = (".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")  # never .nii.gz
RATIO = 200  # an archive may grow so many times; deflate reaches 1032, on nothing but zeros
HARMLESS = 10**9  # bytes that even a small archive may unpack to

DAMAGE = (tarfile.TarError, zipfile.BadZipFile, sevenzip.DamagedError, EOFError, zlib.error, lzma.LZMAError)


class DamagedArchiveError(InputError):
    """An archive that cannot be read to its end: another download may fix it."""


def require_archive_bytes(head: bytes, where: str, name: str = "") -> None:
    """Raise if a file starts like a web page, an error message or a Git LFS pointer; each says its own way out.

    Args:
        head: the first bytes.
        where: the file came from.
        name: of the file; one that is a text anyway may start like a page.
    """
    start = head.lstrip()[:HEAD_BYTES].lower()
    if start.startswith(b"version https://git-lfs"):
        raise InputError(f"{where} is a Git LFS pointer, not the file itself: run `git lfs pull` where it was cloned.")
    if name.lower().endswith(TEXTS):
        return
    if start.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head")):
        raise InputError(
            f"{where} is a web page, not an archive: a login, a notice or an error of the server or a proxy on the way."
        )
    if start.startswith((b"{", b"[")) and b"\0" not in start:  # a tar has zeros in its first 512 bytes
        message = head.lstrip()[:200].decode("utf-8", "replace")
        raise InputError(f"{where} is a JSON message of the server, not an archive: {message}")


def verify(path: Path, archive: Archive, where: str) -> str:
    """Return the sha256 of a file; raise `InputError` unless it has the published checksums, where there are any."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise InputError(f"{where} is an empty file: the server, or who copied it, failed.")
    require_archive_bytes(head, where, archive.path or archive.name)
    found = _digests(path, ["sha256", "md5"] if archive.md5 else ["sha256"])
    for algorithm, expected in (("sha256", archive.sha256), ("md5", archive.md5)):
        if expected is not None and found[algorithm] != expected:
            raise InputError(
                f"{where} ({path.stat().st_size} bytes) has the {algorithm} {found[algorithm]}, but {expected} was "
                "published: it is damaged, cut short or another version."
            )
    return found["sha256"]


def _digests(path: Path, algorithms: list[str]) -> dict[str, str]:
    """Return the digests of a file, read once."""
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    with open(path, "rb") as file:
        while block := file.read(CHUNK):
            for digest in digests.values():
                digest.update(block)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def extract(archive: Path, target: Path, *, nested: bool = False) -> None:
    """Unpack a tar (plain or compressed), zip or 7z file into the folder `target`, which must exist.

    Hidden files (`._*`, left by macOS) and `__MACOSX` are skipped.

    Args:
        archive: the file.
        target: an empty folder.
        nested: unpack the archives (suffixes `NESTED`) found inside too, each into the folder where it lies, and
            delete them; archives inside of those stay as they are.
    Raises: InputError: if the archive is damaged or encrypted, holds an entry twice, would grow beyond the disk or
        beyond `RATIO` times its size (and `HARMLESS`), or an entry is a link or device or would land outside of
        `target`. What was unpacked so far is then no use: unpack into a temporary folder.
    """
    room = max(RATIO * archive.stat().st_size, HARMLESS)
    unpacked = _unpack(archive, target, room)
    for inner in [path for path in unpacked if path.name.lower().endswith(NESTED)] if nested else []:
        room -= sum(unpacked.values())
        unpacked = _unpack(inner, inner.parent, room)
        inner.unlink()


def _unpack(archive: Path, target: Path, room: int) -> dict[Path, int]:
    """Unpack one archive into a folder; return its files with their sizes."""
    with _readable(archive):
        sizes = _checked(archive, target, room)
        require_space(target, sum(sizes.values()), archive.name)
        for path in sizes:
            path.parent.mkdir(parents=True, exist_ok=True)
        write_entries(archive, lambda name: target.joinpath(*safe_parts(name, archive.name)))
    return sizes


def _checked(archive: Path, target: Path, room: int) -> dict[Path, int]:
    """Return where each file of an archive goes, and its size; raise before anything is written."""
    sizes: dict[Path, int] = {}
    total = 0
    for entry in listed(archive):
        if not entry.plain:
            raise InputError(f"{archive.name} holds {entry.name!r}, a link or device. Such an archive is not unpacked.")
        if entry.locked:
            raise InputError(f"{archive.name} holds {entry.name!r}, which is encrypted. It is not unpacked.")
        path = target.joinpath(*safe_parts(entry.name, archive.name))
        if path in sizes or path.exists():
            raise InputError(f"{archive.name} holds {entry.name!r}, which is there already. It is not unpacked.")
        sizes[path] = entry.size
        total += entry.size
        if total > room:  # told before all of it is listed: listing a compressed tar reads through it
            raise InputError(
                f"{archive.name} would unpack to more than {total / 1e9:.2f} GB, {RATIO} times its size or beyond: "
                "most likely it is no data set but made to fill a disk. It is not unpacked."
            )
    return sizes


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    """Turn what damage raises into one error."""
    try:
        yield
    except DAMAGE as error:
        raise _damaged(archive, error) from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise InputError(f"{archive.name} holds a file and a folder of the same name ({error}).") from error
    except NotImplementedError as error:  # e.g. Deflate64, which Windows uses beyond 2 GB
        raise InputError(f"{archive.name} is compressed in a way that Python cannot read ({error}).") from error
    except OSError as error:
        if error.errno is not None:  # of the disk; of a stream that makes no sense otherwise
            raise
        raise _damaged(archive, error) from error


def _damaged(archive: Path, error: Exception) -> DamagedArchiveError:
    reason = str(error).partition("\n")[0].rstrip(":")  # `tarfile` tells of each format that it tried
    return DamagedArchiveError(f"{archive.name} is a damaged archive ({reason}). Download it again.")


def require_space(folder: Path, needed: float, what: str) -> None:
    """Raise `InputError` unless `needed` bytes are free where `folder` lies."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise InputError(
            f"{what} needs {needed / 1e9:.2f} GB in {folder}, but {free / 1e9:.2f} GB are free. Free space."
        )


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


def write_entries(archive: Path, place: Place) -> None:
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
