"""The folder of a source: `files/`, and in `items/` a record of each download that says which files came with it.

A record is written before the files are put in place (without a key) and again after (with it), so every file has an
owner, whenever a fetch is killed. A file that nobody owns was put there by hand.
"""

import json
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from softbench.datasets.fetch import content
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.jobs.progress import Log

VERSION = 1

Record = dict[str, Any]  # key; files: relative path -> size, sha256, stamp


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
        found = [path for path, facts in record["files"].items() if not _is_same(self.files / path, facts)]
        if not found and json.dumps(record) != before:
            pieces.write_json(self._records / f"{name}.key.json", record)
        return found

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
            facts["stamp"] = content.stamp_of(target)
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
        foreign = sorted(content.names_of(self.files) - self._owners.keys()) if self.files.is_dir() else []
        if foreign:
            raise InputError(
                f"{self.files} holds {len(foreign)} file(s) that were not fetched, {foreign[0]} first. Move them away, "
                "or name a folder with all files of the source in `folders`."
            )

    def listing(self) -> content.Files:
        """Return size and sha256 of the files of all items, by relative path, as `content.files_of` would."""
        files = {path: facts for record in self._known.values() for path, facts in record["files"].items()}
        files = {path: facts for path, facts in files.items() if not content.is_hidden(path)}
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
    stamp = content.stamp_of(path)
    if stamp != facts["stamp"]:
        if pieces.hash_file(path) != facts["sha256"]:
            return False
        facts["stamp"] = stamp
    return True
