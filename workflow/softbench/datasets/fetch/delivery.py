"""One download from a URL or a mirror to its place: brought, verified, unpacked, checked, put on the shelf.

Of each download a sha256 is written down the first time, which later ones must match: `checksums.csv` (file, bytes,
sha256; sorted) lies where the files are. A copy that is committed as `workflow/checksums/<source>.csv` holds every user
to the same files, even where the publisher names no checksum.
"""

import csv
import io
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from softbench.datasets.case import Archive
from softbench.datasets.fetch import archives, shelf
from softbench.datasets.fetch.download import Part, Transfer, bring_each, download
from softbench.datasets.fetch.shelf import Shelf
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.jobs.progress import Log

VERSION = 1
TRIES = 3  # of an archive that no published checksum vouches for and that turns out damaged


COLUMNS = ("file", "bytes", "sha256")

Sum = tuple[int, str]  # bytes, sha256


def read_sums(path: Path) -> dict[str, Sum]:
    """Return what a file of checksums says, by file; none is an empty one.

    Raises: InputError: if the file is not as `Checksums` writes it.
    """
    if not path.exists():
        return {}
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    whole = all(len(row) == len(COLUMNS) and row[1].isdigit() for row in rows[1:])
    if not rows or tuple(rows[0]) != COLUMNS or not whole:
        raise InputError(f"{path} must have the columns {', '.join(COLUMNS)}. Fix it, or delete it to record anew.")
    return {file: (int(size), sha256) for file, size, sha256 in rows[1:]}


class Checksums:
    """The checksums of a source's downloads: those known, and those recorded now; may be used by several threads."""

    def __init__(self, record: Path, committed: Path | None) -> None:
        self.record, self.committed = record, committed
        self._recorded = read_sums(record)
        self._held = read_sums(committed) if committed is not None else {}
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


@dataclass(frozen=True)
class Item:
    """What is downloaded at once: an archive, a single file, or a DICOM series.

    Attributes:
        archive: the file.
        images: how many DICOM files must come out of it; None where nobody says.
        steady: False where a server packs anew each time: then the checksum is that of the files inside.
    """

    archive: Archive
    images: int | None = None
    steady: bool = True

    @property
    def name(self) -> str:
        """Its name in records, in a mirror and in messages."""
        return self.archive.name

    @property
    def key(self) -> str:
        """What decides its files."""
        deciding = {name: value for name, value in vars(self.archive).items() if name != "optional"}
        return pieces.key_of(version=VERSION, images=self.images, archive=deciding)


@dataclass
class Delivery:
    """How the items of one source are brought.

    Attributes:
        shelf: takes the files.
        store: folder for downloads on their way.
        sums: knows earlier checksums.
        source: name of the source.
        mirror: base URL or folder; None for where the items were published.
        headers: for the publisher, never for a mirror.
        log: takes progress lines.
        pause_s: before a failed download is tried again.
    """

    shelf: Shelf
    store: Path
    sums: Checksums
    source: str
    mirror: str | Path | None
    log: Log
    pause_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    _arrived: dict[str, Sum] = field(default_factory=dict)  # of files not yet known to be whole

    def bring_all(self, items: Sequence[Item]) -> None:
        """Bring the items that are not there yet, a few at once; raise one `InputError` that names those that failed.

        The others are kept, and parts of downloads too.
        """
        by_name = {item.name: item for item in items}
        missing = [item.name for item in items if not self.shelf.has(item.name, item.key)]
        if not missing:
            return
        for name in missing:
            if self.shelf.is_recorded(name, by_name[name].key):
                self.log(f"{name}: {self.shelf.changed(name)[0]} is not as it came; brought again")
        if len(missing) < len(items):
            self.log(f"{self.source}: {len(items) - len(missing)} of {len(items)} files are there already")
        moving = Transfer(self.source, len(items), len(items) - len(missing), self.log)
        failed = bring_each(missing, lambda name: self._bring(by_name[name], moving), moving)
        for name in [name for name in failed if by_name[name].archive.optional]:
            self.log(f"{name}: {failed.pop(name)} The rest is of use without it, and the fetch goes on.")
        if len(items) == 1 and failed:
            raise next(iter(failed.values()))
        if failed:
            lines = "\n".join(f"  {name}: {error}" for name, error in sorted(failed.items()))
            raise InputError(
                f"{len(failed)} of {len(items)} files could not be brought:\n{lines}\n"
                f"The {moving.done} that are there are kept."
            )

    def _bring(self, item: Item, moving: Transfer) -> None:
        try:
            for attempt in range(1, TRIES + 1):
                path, where = self._arrive(item, moving)
                try:
                    self._unpack(item, path, where)
                    break
                except archives.DamagedArchiveError as error:
                    published = item.archive.sha256 or item.archive.md5
                    self._discard(item)
                    if published or attempt == TRIES or path.parent != self.store:
                        raise
                    self.log(f"{item.name}: {error} Trying again")
        except OSError as error:
            what = f"{error.filename or self.store}: {error.strerror}"
            raise InputError(f"{item.name} cannot be written ({what}). What came so far is kept.") from error
        self._discard(item)
        moving.finish()

    def _discard(self, item: Item) -> None:
        """Delete what lies in the store of an item; a mirror is never touched."""
        (self.store / item.name).unlink(missing_ok=True)
        Part.of(self.store / item.name).clear()

    def _arrive(self, item: Item, moving: Transfer) -> tuple[Path, str]:
        """Return the path of a verified file, in the mirror's folder or in the store, and where it came from."""
        local = mirror_folder(self.mirror)
        if local is not None:
            files = [path for path in (local / self.source / item.name, local / item.name) if path.is_file()]
            if not files:
                raise InputError(f"the mirror {local} holds no {item.name}.")
            self._verify(item, files[0], str(files[0]))
            return files[0], str(files[0])
        url = item.archive.url if self.mirror is None else f"{str(self.mirror).rstrip('/')}/{item.name}"
        if not (self.store / item.name).exists():
            self._download_verified(item, url, moving)
        else:  # a killed fetch left it
            self._verify(item, self.store / item.name, url)
        return self.store / item.name, url

    def _download_verified(self, item: Item, url: str, moving: Transfer) -> None:
        """Download, verify and rename; a part of an earlier run that leads to a wrong checksum is thrown away once."""
        target = self.store / item.name
        resumed = Part.of(target).size > 0
        part = download(
            url,
            target,
            headers=self.headers if self.mirror is None else None,
            make_meter=moving.meter if moving.files > 1 else None,
            wait=moving.wait,
            log=self.log,
            pause_s=self.pause_s,
        )
        try:
            self._verify(item, part, url)
        except InputError:
            self._discard(item)
            if not resumed:
                raise
            self.log(f"{item.name}: the part of an earlier run does not fit; starting afresh")
            self._download_verified(item, url, moving)
            return
        pieces.move(part, target)
        Part.of(target).clear()

    def _verify(self, item: Item, path: Path, where: str) -> None:
        sha256 = archives.verify(path, item.archive, where)
        if item.steady:
            self._arrived[item.name] = (path.stat().st_size, sha256)
            self.sums.require_same(item.name, *self._arrived[item.name], where)

    def _unpack(self, item: Item, path: Path, where: str) -> None:
        """Unpack a file, or take it as it is, and put what came out in place."""
        with pieces.scratch_folder(self.shelf.scratch_parent(), item.name) as scratch:
            if item.archive.unpack:
                folder = scratch / item.archive.into
                folder.mkdir(parents=True, exist_ok=True)
                archives.extract(path, folder, nested=item.archive.nested)
                self._check_images(item, folder, where)
            else:
                target = scratch / (item.archive.path or item.name)
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.parent == self.store:
                    path.replace(target)
                else:  # a mirror keeps its file
                    shutil.copyfile(path, target)
            name = item.name if item.steady else item.archive.into
            self.sums.note(name, *self._arrived[name])  # first: what is on the shelf is never looked at again
            self.shelf.remove(item.name)
            self.shelf.put(item.name, item.key, scratch)

    def _check_images(self, item: Item, folder: Path, where: str) -> None:
        """Count the DICOM files of a series, and settle their checksum."""
        if item.steady:
            return
        paths = sorted(folder.rglob("*.dcm"))
        if item.images not in (None, len(paths)):
            raise archives.DamagedArchiveError(
                f"{item.name} from {where} holds {len(paths)} DICOM file(s), but {item.images} are listed."
            )
        images: shelf.Files = {
            path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": pieces.hash_file(path)}
            for path in paths
        }
        size = sum(path.stat().st_size for path in paths)
        self.sums.require_same(item.archive.into, size, shelf.hash_files(images), where)
        self._arrived[item.archive.into] = (size, shelf.hash_files(images))


def mirror_folder(mirror: str | Path | None) -> Path | None:
    """Return the mirror as a folder, or None where it is a URL or there is none."""
    if mirror is None:
        return None
    parsed = urlparse(str(mirror))
    if parsed.scheme == "file":
        return Path(url2pathname(parsed.path))
    return None if "://" in str(mirror) else Path(mirror)
