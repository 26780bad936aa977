"""7z archives, read by `py7zr`, which is imported only when one is met."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from softbench.errors import InputError

VERSION = 1
MAGIC = b"7z\xbc\xaf\x27\x1c"


class DamagedError(Exception):
    """The archive cannot be read to its end."""


def is_one(archive: Path) -> bool:
    """Return whether a file starts as a 7z archive does."""
    with open(archive, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def listed(archive: Path) -> Iterator[tuple[str, int, bool, bool]]:
    """Yield name, size, whether it is a plain file, and whether it is encrypted, of each entry but the folders."""
    with _opened(archive) as opened:
        locked = opened.needs_password()
        for entry in opened.files:
            if not entry.is_directory:
                plain = entry.is_file and not (entry.is_symlink or entry.is_junction)
                yield entry.filename, entry.uncompressed or 0, plain, locked


def unpack(archive: Path, paths: Mapping[str, Path]) -> None:
    """Write the entries named by `paths` to their paths; raise `DamagedError` if one does not match its checksum."""
    from py7zr.io import WriterFactory

    by_plain_name = {str(PurePosixPath(name)): path for name, path in paths.items()}  # `py7zr` drops "./"

    class Factory(WriterFactory):
        def create(self, filename: str) -> Any:
            return _writer(by_plain_name[filename])

    with _opened(archive) as opened:
        opened.extract(None, list(paths), factory=Factory())


def _writer(path: Path) -> Any:
    from py7zr.io import Py7zIO

    class Writer(Py7zIO):
        """A file that is only written: `py7zr` rewinds it at the end, which is no use here."""

        def __init__(self) -> None:
            self.file = open(path, "xb")  # noqa: SIM115 - closed by `close`

        def write(self, s: bytes | bytearray) -> int:
            return self.file.write(s)

        def read(self, size: int | None = None) -> bytes:
            return b""

        def seek(self, offset: int, whence: int = 0) -> int:
            return offset

        def flush(self) -> None:
            self.file.flush()

        def size(self) -> int:
            return self.file.tell()

        def close(self) -> None:
            self.file.close()

    return Writer()


@contextmanager
def _opened(archive: Path) -> Iterator[Any]:
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
