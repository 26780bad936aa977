"""Pieces: the units of work inside a job, each with a key, so that a killed job resumes and a changed one is made anew.

A piece is one or more files (or folders) in a folder, with a record `<name>.key.json` that is written last.
It counts as done only if its record is there, holds the key that the job asks for, and names files that exist.

A job that makes one piece for each of several methods writes a joint manifest: where their records lie, and their
hashes. It is the only one of these files that Snakemake knows. The code that makes a piece first looks for a finished
one, so a job that was killed, or in which one method failed, continues with what is missing.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.jobs import storage

VERSION = None  # keys and files
MADE_BY = "SOFTBENCH_CODE"  # names the record of the code that this job runs, see `plan.code.record`
OTHERS_KEPT = "The others are finished and kept: the same command goes on with what is missing."
Log = Callable[[str], None]
Maker = Callable[[Path, Log], None]  # makes a piece, and writes its record to the path that it is given


def key_of(**content: Any) -> str:
    """Return the sha256 of what decides a piece: settings, input hashes and module VERSIONs, as canonical JSON."""
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    """Turn what JSON does not know (numpy scalars and arrays, tuples, paths) into what it does."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"a piece's key cannot hold {type(value).__name__}: {value!r}")


def hash_array(array: np.ndarray) -> str:
    """Return the sha256 of an array's type, shape and values (not of a file: zip and gzip builds differ)."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make(folder: Path, name: str, key: str, build: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Return the record of a finished piece; build it unless one with this key is there.

    Args:
        folder: where the piece's files lie; made if missing.
        name: the piece's name; its record is `folder/<name>.key.json`.
        key: from `key_of`.
        build: writes the piece's files into the empty folder that it is given, and returns facts for the record.
    Returns: the record: `key`, `files`, `sums` (see `sums_below`), `code` where the job noted which code it runs, and
        what `build` returned. A finished piece whose files are not those of its `sums` is built anew.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = read_record(folder, name)
    if record is not None and record["key"] == key:
        if (wrong := damage(folder, record)) is None:
            return record
        print(f"{wrong}: it is made again.", file=sys.stderr, flush=True)
    earlier = set(record["files"]) if record else set[str]()
    remove(record_path(folder, name))
    _sweep(folder, name)
    with scratch_folder(folder, name) as scratch, storage.writing(folder / name):
        facts = build(scratch)
        files, sums = sorted(entry.name for entry in scratch.iterdir()), sums_below(scratch)
        for file in files:
            move(scratch / file, folder / file)
    for file in earlier - set(files):
        remove(folder / file)
    record = {"key": key, "files": files, "sums": sums, **made_by(), **facts}
    write_json(record_path(folder, name), record)
    return record


def sums_below(folder: Path) -> dict[str, list[Any]]:
    """Return the size in bytes and the sha256 of each file below a folder, by its path from there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): [path.stat().st_size, hash_file(path)] for path in files}


def damage(folder: Path, record: Mapping[str, Any], *, only_sizes: bool = False) -> str | None:
    """Return what is wrong with a file of a piece, the file and its state; None where all are as they were written.

    Args:
        folder: of the piece.
        record: of the piece; one of an earlier version tells no sums: of its files, those that are zip files inside
            (weights, arrays) have sums of their own, and the others count as whole.
        only_sizes: whether no file is read.
    """
    if "sums" not in record:
        return next(filter(None, (_damage_of_zip(folder / file) for file in record["files"])), None)
    for file, (size, digest) in record["sums"].items():
        path = folder / file
        state = storage.condition(path)
        if state == storage.EMPTY and not size:
            continue
        if state is None and path.stat().st_size != size:
            state = storage.of_other_size(path.stat().st_size, size)
        if state is None and not only_sizes and hash_file(path) != digest:
            state = "is damaged (it has not the checksum that its record lists)"
        if state is not None:
            return f"{storage.shown(path)} {state}"
    return None


def _damage_of_zip(path: Path) -> str | None:
    """Return what is wrong with a file of torch or numpy, by the checksums in it; None of any other file."""
    if path.suffix not in (".pt", ".npz"):
        return None
    try:
        with storage.reading(path):
            storage.require_checksums(path)
    except InputError as error:
        return str(error).partition(". ")[0]
    return None


def made_by() -> dict[str, str]:
    """Return the hash of the code that this job noted, as `code`; nothing where it noted none. In no key."""
    name = os.environ.get(MADE_BY)
    return {"code": name} if name else {}


@contextmanager
def scratch_folder(folder: Path, name: str) -> Iterator[Path]:
    """Give a temporary folder on the disk of the final place, so that a rename suffices."""
    with tempfile.TemporaryDirectory(prefix=f".{name}.", suffix=".part", dir=folder) as scratch:
        yield Path(scratch)


def _sweep(folder: Path, name: str, *, older_than_s: float | None = None) -> None:
    """Delete what killed jobs left of this piece, or file; of a certain age where another may be writing it now."""
    of_this = re.compile(rf"\.{re.escape(name)}\.[a-z0-9_]+\.part")  # not of a piece whose name only begins like it
    for left in (folder / entry for entry in os.listdir(folder) if of_this.fullmatch(entry)):
        if older_than_s is None or _age_s(left) > older_than_s:
            shutil.rmtree(left, ignore_errors=True)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def read_record(folder: Path, name: str) -> dict[str, Any] | None:
    """Return the record of a whole piece, or None where there is none or one of its files is missing."""
    record = read_content(record_path(folder, name))
    whole = record is not None and all((folder / file).exists() for file in record["files"])
    return record if whole else None


def read_content(path: Path) -> dict[str, Any] | None:
    """Return what the record of a piece holds; None where there is none, or a damaged one."""
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) and {"key", "files"} <= record.keys() else None


def record_path(folder: Path, name: str) -> Path:
    """Return where the record of a piece lies."""
    return folder / f"{name}.key.json"


def remove(path: Path) -> None:
    """Delete a file, a symlink, or a folder in its place; nothing where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def move(source: Path, target: Path) -> None:
    """Put a finished file or folder into place by rename, after its bytes are on disk."""
    for path in [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file()):
        _flush(path)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    os.replace(source, target)


def _flush(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def write_json(path: Path, content: Any) -> None:
    """Write JSON to a temporary name, then rename: the same content gives the same bytes, never half a file."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False, default=_plain) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file to a temporary name, then rename."""

    def write(part: Path) -> None:
        part.write_text(text, encoding="utf-8")

    write_file(path, write)


def write_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Let `write` fill a temporary file next to `path` (same suffix), then rename it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent, path.name, older_than_s=3600)
    with scratch_folder(path.parent, path.name) as scratch, storage.writing(path):
        part = scratch / path.name
        write(part)
        move(part, path)


@dataclass(frozen=True)
class Record:
    """What one method left: the `path` and the `content` of its record, and the manifest that Snakemake knows it by."""

    path: Path
    content: Any
    listed: Path


def make_each(output: Path, record: str, makers: Mapping[str, Maker], log: Log) -> None:
    """Let each method make its piece, one after another, and write the manifest last.

    Args:
        output: the manifest; the methods have folders next to it.
        record: file name of a method's record.
        makers: by method, in the order of the manifest.
        log: takes lines; those of a method begin with its name.
    Raises: InputError: if one or several methods raised it, once all others are made; the message names them.
        ExceptionGroup: the same, of other errors. OSError: at once, where the disk takes nothing.
    """
    failed: dict[str, Exception] = {}
    for method, make_piece in makers.items():
        log_line = partial(_log_with_name, log, method)
        try:
            make_piece(output.parent / method / record, log_line)
        except Exception as error:
            if storage.explained(error):
                raise
            log_line(f"FAILED: {error}")
            failed[method] = error
    if failed:
        said = " ".join(f"{method}: {str(error).removesuffix('.')}." for method, error in failed.items())
        text = f"{len(failed)} of {len(makers)} methods failed. {said} {OTHERS_KEPT}"
        only_input = all(isinstance(error, InputError) for error in failed.values())
        raise InputError(text) if only_input else ExceptionGroup(text, list(failed.values()))
    made = ((method, f"{method}/{record}") for method in makers)
    listed = [{"method": method, "path": path, "hash": hash_file(output.parent / path)} for method, path in made]
    write_json(output, {"pieces": listed})


def _log_with_name(log: Log, method: str, line: str) -> None:
    log(f"{method}: {line}")


def read_joint(paths: Iterable[Path], methods: Collection[str] | None = None) -> Iterator[Record]:
    """Give the records at some paths, each once.

    Args:
        paths: of records; a joint manifest among them stands for those that it lists.
        methods: those of a joint manifest that are wanted; None: all.
    Raises: InputError: if one is missing or damaged, or is not the one that its joint manifest lists.
    """
    for path in dict.fromkeys(paths):
        content = storage.read_json(path)
        if "pieces" not in content:
            yield Record(path, content, path)
            continue
        for entry in content["pieces"]:
            if methods is None or entry["method"] in methods:
                own = path.parent / entry["path"]
                record = Record(own, storage.read_json(own, path), path)
                if hash_file(own) != entry["hash"]:
                    raise storage.damaged(own, f"is not the record that {storage.shown(path)} lists", path)
                yield record
