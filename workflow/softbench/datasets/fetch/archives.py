"""Archives: is this file what its publisher released, and how is it unpacked without trusting it?"""

import hashlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from softbench.datasets.case import Archive
from softbench.errors import InputError

VERSION = 1
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # some servers begin a page with it
HEAD_BYTES = 512  # enough to tell a web page, an error message or a Git LFS pointer from an archive
TEXTS = (".csv", ".json", ".txt", ".xml", ".html")  # files that may well start like one of these
NESTED = (".zip", ".7z", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")  # never .nii.gz
RATIO = 200  # an archive may grow so many times; deflate reaches 1032, on nothing but zeros
HARMLESS = 10**9  # bytes that even a small archive may unpack to
WRAP = 1 << 32  # offsets of a zip without ZIP64 are counted modulo this

MAGIC_7Z = b"7z\xbc\xaf\x27\x1c"


class DamagedError(Exception):
    """What `py7zr` raises of an archive that cannot be read to its end."""


DAMAGE = (tarfile.TarError, zipfile.BadZipFile, DamagedError, EOFError, zlib.error, lzma.LZMAError)


class DamagedArchiveError(InputError):
    """An archive that cannot be read to its end: another download may fix it."""


def require_archive_bytes(head: bytes, where: str, name: str = "") -> None:
    """Raise if a file starts like a web page, an error message or a Git LFS pointer; each says its own way out.

    Args:
        head: the first bytes.
        where: the file came from.
        name: of the file; one that is a text anyway may start like a page.
    """
    start = head.removeprefix(BYTE_ORDER_MARK).lstrip()[:HEAD_BYTES].lower()
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
    digests = _digests(path, ["sha256", "md5"] if archive.md5 else ["sha256"])
    for algorithm, expected in (("sha256", archive.sha256), ("md5", archive.md5)):
        if expected is not None and digests[algorithm] != expected:
            raise InputError(
                f"{where} ({path.stat().st_size} bytes) has the {algorithm} {digests[algorithm]}, but {expected} was "
                "published: it is damaged, cut short or another version."
            )
    return digests["sha256"]


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
        _write(archive, target)
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


@dataclass(frozen=True)
class Entry:
    """One file in an archive: its path there, its size when unpacked, and whether it is more than a plain file."""

    name: str
    size: int
    plain: bool
    locked: bool = False


def listed(archive: Path) -> Iterator[Entry]:
    """Yield the files of an archive, without folders and without what macOS left (`._*`, `__MACOSX`)."""
    every = {"7z": _of_sevenzip, "zip": _of_zip, "tar": _of_tar}[_kind(archive)]
    yield from (entry for entry in every(archive) if not is_hidden(entry.name))


def _kind(archive: Path) -> str:
    """Look at the start: `zipfile.is_zipfile` looks at the end, and takes a tar whose last file is a zip for one."""
    with open(archive, "rb") as file:
        start = file.read(len(MAGIC_7Z))
    return "7z" if start == MAGIC_7Z else "zip" if start[:4] in (b"PK\x03\x04", b"PK\x05\x06") else "tar"


def _write(archive: Path, target: Path) -> None:
    """Write the files of an archive, whose names were checked, into a folder; hidden ones are left out."""
    kind = _kind(archive)
    if kind == "7z":
        with _opened_7z(archive) as opened:
            opened.extract(target, [name for name in opened.getnames() if not is_hidden(name)])
    elif kind == "zip":
        with _opened_zip(archive) as opened:
            names = [item.filename for item in opened.infolist() if not item.is_dir()]
            opened.extractall(target, [name for name in names if not is_hidden(name)])
    else:
        with tarfile.open(archive) as opened:
            members = (member for member in opened if member.isreg() and not is_hidden(member.name))
            opened.extractall(target, members, filter="data")


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
    with _opened_7z(archive) as opened:
        locked = opened.needs_password()
        for entry in opened.files:
            if not entry.is_directory:
                plain = entry.is_file and not (entry.is_symlink or entry.is_junction)
                yield Entry(entry.filename, entry.uncompressed or 0, plain, locked)


@contextmanager
def _opened_7z(archive: Path) -> Iterator[Any]:
    """Open an archive; what `py7zr` raises becomes `DamagedError`, or `InputError` where nothing is damaged."""
    import py7zr
    from py7zr.exceptions import ArchiveError, PasswordRequired, UnsupportedCompressionMethodError

    try:
        with py7zr.SevenZipFile(archive) as opened:
            yield opened
    except PasswordRequired as error:
        raise InputError(f"{archive.name} is encrypted. Such an archive is not unpacked.") from error
    except UnsupportedCompressionMethodError as error:
        raise InputError(f"{archive.name} is compressed in a way that py7zr cannot read: {error.message}") from error
    except (ArchiveError, EOFError, ValueError, IndexError, TypeError, KeyError) as error:
        # a damaged header leads `py7zr` astray in many ways
        raise DamagedError(str(error) or type(error).__name__) from error


def _of_zip(archive: Path) -> Iterator[Entry]:
    with _opened_zip(archive) as opened:
        for item in opened.infolist():
            if not item.is_dir():
                plain = (item.external_attr >> 16) & 0o170000 in (0, 0o100000)
                yield Entry(item.filename, item.file_size, plain, bool(item.flag_bits & 1))


def _opened_zip(archive: Path) -> zipfile.ZipFile:
    """Open a zip; where macOS wrote one beyond 4 GB without ZIP64, put the offsets right that it cut to 32 bits.

    `zipfile` takes such a cut for bytes in front of the archive, and moves all entries by them: the first one, too.
    """
    opened = zipfile.ZipFile(archive)
    entries = opened.infolist()
    shift = entries[0].header_offset if entries else 0
    if shift and shift % WRAP == 0:
        before, turns = 0, 0
        for entry in entries:  # in the order in which they lie
            place = entry.header_offset - shift
            turns += place < before
            before = place
            entry.header_offset = place + turns * WRAP
            if hasattr(
                entry, "_end_offset"
            ):  # of newer Pythons, of the wrong place: they refuse what reaches beyond it
                entry._end_offset = None
    return opened


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
