"""The files of the workflow folder that can decide a result, each with its facts; facts are kept in a cache file."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from softbench.plan.code import source
from softbench.plan.code.source import Facts

CODE = ("softbench", "scripts")  # folders below workflow/ whose modules are followed
DATA = ("published", "report", "schemas", "templates")  # folders below workflow/ whose files are found by their name


def facts_of(workflow: Path, cache: Path | None) -> dict[str, Facts]:
    """Return the facts of every module and data file, path below `workflow` -> facts.

    Args:
        workflow: the folder that holds `softbench/` and `scripts/`.
        cache: a file with the facts of an earlier call, known by path, time and size; None keeps nothing. One that
            cannot be read is made anew; it is written by rename, so several processes may write it at once; one that
            cannot be written is none.
    """
    stamps = {path: f"{stat.st_mtime_ns} {stat.st_size}" for path, stat in _walk(workflow)}
    known = _read(cache)
    kept = {path: known[path][1] for path, stamp in stamps.items() if path in known and known[path][0] == stamp}
    found = {path: kept[path] if path in kept else _look(workflow, path) for path in stamps}
    if cache is not None and (len(kept) < len(found) or len(known) > len(found)):
        _write(cache, {path: [stamps[path], asdict(found[path])] for path in found})
    return found


def _walk(workflow: Path) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [name for name in (*CODE, *DATA) if (workflow / name).is_dir()]
    while waiting:
        folder = waiting.pop()
        for entry in os.scandir(workflow / folder):
            path = f"{folder}/{entry.name}"
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            if entry.is_dir():
                waiting.append(path)
            elif entry.is_file():
                yield path, entry.stat()


def _look(workflow: Path, path: str) -> Facts:
    if not path.endswith(".py"):
        return source.of_data((workflow / path).read_bytes())
    module = path.removesuffix(".py").replace("/", ".")
    return source.of_python((workflow / path).read_text(encoding="utf-8"), module)


def _read(cache: Path | None) -> dict[str, tuple[str, Facts]]:
    if cache is None:
        return {}
    try:
        content = json.loads(cache.read_text(encoding="utf-8"))
        if content["form"] != source.FORM:
            return {}
        return {path: (stamp, _facts(facts)) for path, (stamp, facts) in content["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _facts(kept: dict[str, Any]) -> Facts:
    return Facts(**kept | {name: tuple(kept[name]) for name in ("imports", "names")})


def _write(cache: Path, files: dict[str, list]) -> None:
    """Write the cache by rename; not through `pieces`, which takes numpy with it."""
    text = json.dumps({"form": source.FORM, "files": files}, separators=(",", ":"), sort_keys=True)
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        number, part = tempfile.mkstemp(prefix=f".{cache.name}.", suffix=".part", dir=cache.parent)
        with open(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, cache)
    except OSError:
        return
