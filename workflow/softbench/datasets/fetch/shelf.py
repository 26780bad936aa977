"""The folder of a source: `files/`, and in `items/` a record of each download that says which files came with it.

A record is written before the files are put in place (without a key) and again after (with it), so every file has an
owner, whenever a fetch is killed. A file that nobody owns was put there by hand.

`read_files` says what any folder of files is, apart from where it lies. Reading every byte of a large data set each
time would be slow, so hashes are kept in a small JSON file and used again for files whose size and times did not
change.
"""

import json
import shutil
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.jobs.progress import Log, Progress

VERSION = 1

Record = dict[str, Any]  # key; files: relative path -> size, sha256, stamp


THREADS = 4  # hashing waits for the disk and frees the interpreter
SETTLED_NS = 2_000_000_000  # a younger file may change again within one tick of its clock: its hash is not kept

Files = dict[str, dict[str, Any]]  # relative path -> size, sha256


def read_files(folder: Path, cache: Path, log: Log = print) -> Files:
    """Return size and sha256 of every file below a folder, by relative path; hidden files and folders do not count.

    Args:
        folder: its own place is no part of the result.
        cache: the JSON file with hashes of earlier calls; made if missing, and never trusted if damaged.
        log: takes progress lines.
    """
    known = _read_cache(cache)
    stamps = {path: read_stamp(path) for path in _visible(folder)}
    unread = [path for path, stamp in stamps.items() if known.get(str(path), {}).get("stamp") != stamp]
    fresh = dict(zip(unread, _hash_all(unread, stamps, log), strict=True))
    sha256 = {path: fresh.get(path) or known[str(path)]["sha256"] for path in stamps}
    if unread:
        _write_cache(cache, known, {path: {"stamp": stamps[path], "sha256": sha256[path]} for path in unread})
    return {
        path.relative_to(folder).as_posix(): {"size": stamps[path][0], "sha256": sha256[path]}
        for path in sorted(stamps)
    }


def hash_files(files: Files) -> str:
    """Return one sha256 over the sorted relative paths, sizes and sha256 of files."""
    return pieces.key_of(files=[[name, files[name]["size"], files[name]["sha256"]] for name in sorted(files)])


def list_names(folder: Path) -> set[str]:
    """Return the relative paths of the files that `read_files` would list."""
    return {path.relative_to(folder).as_posix() for path in _visible(folder)}


def is_hidden(relative: Path | str) -> bool:
    """Return whether a file, or a folder that it lies in, has a hidden name."""
    return any(part.startswith(".") for part in Path(relative).parts)


def _visible(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not is_hidden(path.relative_to(folder))]


def read_stamp(path: Path) -> list[int]:
    """Return size, time of the last write, and time of the last change of any kind (which nobody can set back)."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _hash_all(paths: list[Path], stamps: Mapping[Path, list[int]], log: Log) -> list[str]:
    progress = Progress(log, "checking files", sum(stamps[path][0] for path in paths), "MB", scale=1e6)
    done, hashes = 0, []
    with ThreadPoolExecutor(THREADS) as executor:
        for path, sha256 in zip(paths, executor.map(pieces.hash_file, paths), strict=True):
            hashes.append(sha256)
            done += stamps[path][0]
            progress.at(done)
    return hashes


def _read_cache(cache: Path) -> dict[str, dict[str, Any]]:
    try:
        known = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_cache(cache: Path, known: Mapping[str, Any], new: Mapping[Path, Any]) -> None:
    now = time.time_ns()
    settled = {str(path): entry for path, entry in new.items() if now - max(entry["stamp"][1:]) > SETTLED_NS}
    if settled:
        pieces.write_json(cache, {**known, **settled})


class Shelf:
    """The files and records of one source; `put` may be called from several threads."""

    def __init__(self, output: Path) -> None:
        self.files, self._records = output / "files", output / "items"
        self._lock = threading.Lock()
        self._known = {path.name.removesuffix(".key.json"): _read(path) for path in self._records.glob("*.key.json")}
        self._owners = {path: name for name, record in self._known.items() for path in record["files"]}

    @property
    def names(self) -> list[str]:
        """Names of the items that have a record, whole or not."""
        return sorted(self._known)

    def clear_scratch(self) -> None:
        """Delete what killed fetches left half unpacked or half written."""
        for left in (path for folder in (self.files.parent, self._records) for path in folder.glob(".*.part")):
            shutil.rmtree(left, ignore_errors=True)

    def scratch_parent(self) -> Path:
        """Return the folder in which an item is unpacked before it is put in place."""
        self._records.mkdir(parents=True, exist_ok=True)
        return self._records

    def has(self, name: str, key: str) -> bool:
        """Return whether an item with this key is whole, and its files are as they came."""
        return self.is_recorded(name, key) and not self.changed(name)

    def is_recorded(self, name: str, key: str) -> bool:
        """Return whether an item with this key was put in place, whatever became of its files."""
        return name in self._known and self._known[name]["key"] == key

    def changed(self, name: str) -> list[str]:
        """Return the files of an item that are missing or other than they came; only suspicious ones are read."""
        record = self._known[name]
        before = json.dumps(record)
        changed = [path for path, facts in record["files"].items() if not _is_same(self.files / path, facts)]
        if not changed and json.dumps(record) != before:
            pieces.write_json(self._records / f"{name}.key.json", record)
        return changed

    def put(self, name: str, key: str, unpacked: Path) -> None:
        """Move the files below `unpacked` into place as those of an item.

        Raises: InputError: if another item brought a file of the same path.
        """
        paths = sorted(path for path in unpacked.rglob("*") if path.is_file())
        files: Record = {path.relative_to(unpacked).as_posix(): {"size": path.stat().st_size} for path in paths}
        with self._lock:
            self._require_free(name, files)
            self._owners |= dict.fromkeys(files, name)
        self._write(name, {"key": "", "files": files})
        for path, facts in zip(paths, files.values(), strict=True):
            target = self.files / path.relative_to(unpacked)
            facts["sha256"] = pieces.hash_file(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            pieces.move(path, target)
            facts["stamp"] = read_stamp(target)
        self._write(name, {"key": key, "files": files})

    def remove(self, name: str) -> None:
        """Delete the files of an item and its record."""
        for path in self._known.pop(name, {"files": {}})["files"]:
            (self.files / path).unlink(missing_ok=True)
            self._owners.pop(path, None)
        (self._records / f"{name}.key.json").unlink(missing_ok=True)

    def remove_empty_folders(self) -> None:
        """Delete folders below `files/` that removed items left empty; call it when nothing is put there."""
        for folder in sorted((path for path in self.files.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()

    def keep_only(self, names: Iterable[str], log: Log) -> None:
        """Remove the items that are not wanted any more; raise `InputError` if files are there that no item brought."""
        for name in sorted(self._known.keys() - set(names)):
            log(f"{name}: not wanted any more; its files are deleted")
            self.remove(name)
        foreign = sorted(list_names(self.files) - self._owners.keys()) if self.files.is_dir() else []
        if foreign:
            raise InputError(
                f"{self.files} holds {len(foreign)} file(s) that were not fetched, {foreign[0]} first. Move them away, "
                "or name a folder with all files of the source in `folders`."
            )

    def listing(self) -> Files:
        """Return size and sha256 of the files of all items, by relative path, as `shelf.read_files` would."""
        files = {path: facts for record in self._known.values() for path, facts in record["files"].items()}
        files = {path: facts for path, facts in files.items() if not is_hidden(path)}
        return {path: {name: files[path][name] for name in ("size", "sha256")} for path in sorted(files)}

    def _require_free(self, name: str, files: Record) -> None:
        for path in files:
            if self._owners.get(path, name) != name:
                raise InputError(f"{name} and {self._owners[path]} both hold {path}; one must go `into` a folder.")

    def _write(self, name: str, record: Record) -> None:
        self._known[name] = record
        pieces.write_json(self._records / f"{name}.key.json", record)


def _read(path: Path) -> Record:
    """Read a record; a damaged one owns nothing."""
    try:
        record: Record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"key": "", "files": {}}
    return record


def _is_same(path: Path, facts: Record) -> bool:
    """Return whether a file is as it came; one with the same bytes and a new time gets its new time."""
    if not path.is_file() or path.stat().st_size != facts["size"] or "sha256" not in facts:
        return False
    stamp = read_stamp(path)
    if stamp != facts["stamp"]:
        if pieces.hash_file(path) != facts["sha256"]:
            return False
        facts["stamp"] = stamp
    return True
