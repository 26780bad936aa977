"""What was downloaded the first time: a sha256 of each file, which later downloads must match.

`checksums.csv` (file, bytes, sha256; sorted) is written where the files are. A copy that is committed as
`workflow/checksums/<source>.csv` holds every user to the same files, even where the publisher names no checksum.
"""

import csv
import io
import threading
from pathlib import Path

from softbench.errors import InputError
from softbench.jobs import pieces

VERSION = 1
COLUMNS = ("file", "bytes", "sha256")

Sum = tuple[int, str]  # bytes, sha256


def read(path: Path) -> dict[str, Sum]:
    """Return what a file of checksums says, by file; none is an empty one.

    Raises: InputError: if the file is not as `Checksums` writes it.
    """
    if not path.exists():
        return {}
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    whole = all(len(row) == len(COLUMNS) and row[1].isdigit() for row in rows[1:])
    if not rows or tuple(rows[0]) != COLUMNS or not whole:
        raise InputError(f"{path} must have the columns {', '.join(COLUMNS)}. Mend it, or delete it to record anew.")
    return {file: (int(size), sha256) for file, size, sha256 in rows[1:]}


class Checksums:
    """The checksums of a source's downloads: those known, and those recorded now; may be used by several threads."""

    def __init__(self, record: Path, committed: Path | None) -> None:
        self.record, self.committed = record, committed
        self._recorded = read(record)
        self._held = read(committed) if committed is not None else {}
        self._lock = threading.Lock()
        self.new: list[str] = []  # files recorded by this object

    def require_same(self, name: str, size: int, sha256: str, where: str) -> None:
        """Raise `InputError` if a file is another one than was committed or recorded before."""
        for path, known in ((self.committed, self._held), (self.record, self._recorded)):
            if name in known and known[name] != (size, sha256):
                raise InputError(
                    f"{name} from {where} has {size} bytes and the sha256 {sha256}, but {path} says {known[name][0]} "
                    f"bytes and {known[name][1]}. If it was damaged on the way, fetch it again; if its publisher "
                    f"replaced it and you want the new one, delete its line from {path}."
                )

    def note(self, name: str, size: int, sha256: str) -> None:
        """Write down the checksum of a file that turned out whole."""
        with self._lock:
            if name not in self._recorded:
                self._recorded[name] = (size, sha256)
                self.new.append(name)
                pieces.write_text(self.record, self._text())

    def unheld(self) -> list[str]:
        """Return the files that this object recorded and that no committed file holds."""
        return sorted(set(self.new) - self._held.keys())

    def _text(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([name, *self._recorded[name]] for name in sorted(self._recorded))
        return text.getvalue()
