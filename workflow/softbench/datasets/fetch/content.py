"""What a folder of files is, apart from where it lies: one hash over names, sizes and bytes.

Reading every byte of a large data set each time would be slow, so hashes are kept in a small JSON file and used again
for files whose size and times did not change.
"""

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from softbench.jobs import pieces
from softbench.jobs.progress import Log, Progress

VERSION = 1
THREADS = 4  # hashing waits for the disk and frees the interpreter
SETTLED_NS = 2_000_000_000  # a younger file may change again within one tick of its clock: its hash is not kept

Files = dict[str, dict[str, Any]]  # relative path -> size, sha256


def files_of(folder: Path, cache: Path, log: Log = print) -> Files:
    """Return size and sha256 of every file below a folder, by relative path; hidden files and folders do not count.

    Args:
        folder: its own place is no part of the result.
        cache: the JSON file with hashes of earlier calls; made if missing, and never trusted if damaged.
        log: takes progress lines.
    """
    known = _read_cache(cache)
    stamps = {path: stamp_of(path) for path in _visible(folder)}
    unread = [path for path, stamp in stamps.items() if known.get(str(path), {}).get("stamp") != stamp]
    fresh = dict(zip(unread, _hash_all(unread, stamps, log), strict=True))
    sha256 = {path: fresh.get(path) or known[str(path)]["sha256"] for path in stamps}
    if unread:
        _write_cache(cache, known, {path: {"stamp": stamps[path], "sha256": sha256[path]} for path in unread})
    return {
        path.relative_to(folder).as_posix(): {"size": stamps[path][0], "sha256": sha256[path]}
        for path in sorted(stamps)
    }


def hash_of(files: Files) -> str:
    """Return one sha256 over the sorted relative paths, sizes and sha256 of files."""
    return pieces.key_of(files=[[name, files[name]["size"], files[name]["sha256"]] for name in sorted(files)])


def names_of(folder: Path) -> set[str]:
    """Return the relative paths of the files that `files_of` would list."""
    return {path.relative_to(folder).as_posix() for path in _visible(folder)}


def is_hidden(relative: Path | str) -> bool:
    """Return whether a file, or a folder that it lies in, has a hidden name."""
    return any(part.startswith(".") for part in Path(relative).parts)


def _visible(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not is_hidden(path.relative_to(folder))]


def stamp_of(path: Path) -> list[int]:
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
