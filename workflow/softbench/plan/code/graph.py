"""Which modules an entry point reaches by its imports, which VERSIONs they declare, and one fingerprint of them all."""

import functools
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from softbench.errors import InputError
from softbench.plan.code import source
from softbench.plan.code.source import Facts

PACKAGE = "softbench"
METRICS = "softbench/metrics/catalogue.py"  # finds metrics by their being there
CODE = ("softbench", "scripts")  # folders below workflow/ whose modules are followed
DATA = ("published", "report", "schemas", "templates")  # folders below workflow/ whose files are found by their name


class Code:
    """The code below `workflow/`: what reaches what.

    Modules, data files and entries are paths below `workflow/`, e.g. "scripts/table.py", "softbench/losses/dice.py".
    A module reaches what it imports, at its top or inside functions, and the `__init__.py` of each package on the way,
    its own among them; of what a package imports when it is first named (`__getattr__`), that which it names. What only
    a type checker imports it does not reach. What is imported by a name that is put together or looked up
    (`importlib.import_module`: a recipe, a loss, a network, a source) it does not reach either: whoever knows the name
    gives that module as another entry. The register of metrics reaches each metric of one's own. A data file (a
    template, a schema, a style) is reached by a module that says its name, or the end of its name for one of the same
    folder; a template reaches those that it includes.
    """

    def __init__(self, workflow: Path, cache: Path | None = None) -> None:
        """Look at all files once.

        Args:
            workflow: the folder that holds `softbench/` and `scripts/`.
            cache: where the facts of files are kept between calls, known by path, time and size; None: nowhere.
        """
        self.workflow = workflow
        self.facts = read_facts(workflow, cache)
        self._reached: dict[str, frozenset[str]] = {}
        self._neighbours: dict[str, frozenset[str]] = {}

    def reached(self, *entries: str) -> frozenset[str]:
        """Return all files that some entries reach, themselves included.

        Raises: InputError: if an entry does not exist, or a reached module is no Python.
        """
        reached: set[str] = set()
        for entry in entries:
            if entry not in self._reached:
                self._reached[entry] = self._follow(entry)
            reached |= self._reached[entry]
        return frozenset(reached)

    def versions(self, *entries: str) -> dict[str, int]:
        """Return the VERSION of each module that some entries reach, sorted by path.

        VERSION 1 is left out, so that a module that newly declares it changes no key of what was made before. That of
        a metric of one's own is not: scores that were made without it lack it.
        Raises: InputError: as `reached`.
        """
        known = ((path, self.facts[path]) for path in sorted(self.reached(*entries)))
        return {path: f.version for path, f in known if f.version is not None and (f.version != 1 or f.metric)}

    def fingerprint(self, *entries: str, but: Iterable[str] = ()) -> str:
        """Return one hash of the code and the data files that some entries reach.

        Args:
            entries: where to begin.
            but: entries; what they reach does not count.
        Raises: InputError: as `reached`.
        """
        counted = sorted(self.reached(*entries) - self.reached(*but))
        text = "\n".join(f"{path} {self.facts[path].fingerprint}" for path in counted)
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def own_fingerprint(self, entry: str) -> str:
        """Return the hash of the code of one file alone."""
        return self._facts(entry).fingerprint

    def undeclared(self, *entries: str) -> list[str]:
        """Return the modules of the package that some entries reach and that declare no VERSION, not even None."""
        modules = (path for path in self.reached(*entries) if path.startswith(f"{PACKAGE}/") and path.endswith(".py"))
        return sorted(path for path in modules if not self.facts[path].declares)

    def module(self, *names: str) -> str | None:
        """Return the path of the module softbench.<names>, or None where there is none."""
        return self._find_file(".".join((PACKAGE, *names)))

    def _follow(self, entry: str) -> frozenset[str]:
        reached, waiting = {entry}, [entry]
        while waiting:
            path = waiting.pop()
            if path not in self._neighbours:
                self._neighbours[path] = frozenset(self._next(path))
            new = self._neighbours[path] - reached
            reached |= new
            waiting.extend(new)
        return frozenset(reached)

    def _next(self, path: str) -> Iterator[str]:
        facts = self._facts(path)
        yield from self._find_packages(path)
        for dotted in facts.imports:
            yield from self._find_modules(dotted)
        for name in facts.names:
            yield from self._find_data(path, name)
        if path == METRICS:
            yield from (module for module, of_other in self.facts.items() if of_other.metric)

    def _facts(self, path: str) -> Facts:
        if path not in self.facts:
            raise InputError(f"{self.workflow / path} is named by a rule but does not exist.")
        if error := self.facts[path].error:
            raise InputError(f"{self.workflow / path}{error}. Fix it.")
        return self.facts[path]

    def _find_modules(self, dotted: str) -> Iterator[str]:
        """Give the module of a dotted name, or of its longest beginning that is one, and each package on the way."""
        parts = dotted.split(".")
        if parts[0] != PACKAGE:
            return
        for length in range(1, len(parts) + 1):
            path = self._find_file(".".join(parts[:length]))
            if path is not None:
                yield path
                offered = self.facts[path].offers.get(parts[length]) if length < len(parts) else None
                yield from self._find_modules(offered) if offered else ()

    def _find_packages(self, path: str) -> Iterator[str]:
        packages = (f"{folder}/__init__.py" for folder in PurePosixPath(path).parents)
        yield from (package for package in packages if package in self.facts)

    def _find_file(self, dotted: str) -> str | None:
        stem = dotted.replace(".", "/")
        return next((path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in self.facts), None)

    def _find_data(self, path: str, name: str) -> Iterator[str]:
        """Give the data files beside a module whose names end so, and those of this very name in the data folders."""
        folder = str(PurePosixPath(path).parent)
        yield from (f"{folder}/{file}" for file in self._data.get(folder, ()) if file.endswith(name))
        shared = ((place, names) for place, names in self._data.items() if place.partition("/")[0] in DATA)
        yield from (f"{place}/{name}" for place, names in shared if name in names)

    @functools.cached_property
    def _data(self) -> dict[str, set[str]]:
        """The data files of each folder."""
        files: dict[str, set[str]] = {}
        for path in self.facts:
            if not path.endswith(".py"):
                folder, _, name = path.rpartition("/")
                files.setdefault(folder, set()).add(name)
        return files


def read_facts(workflow: Path, cache: Path | None) -> dict[str, Facts]:
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
    facts = {path: kept[path] if path in kept else _look(workflow, path) for path in stamps}
    if cache is not None and (len(kept) < len(facts) or len(known) > len(facts)):
        _write(cache, {path: [stamps[path], asdict(facts[path])] for path in facts})
    return facts


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
    return source.of_python((workflow / path).read_text(encoding="utf-8", errors="replace"), module)


def _read(cache: Path | None) -> dict[str, tuple[str, Facts]]:
    def facts(kept: dict[str, Any]) -> Facts:
        return Facts(**kept | {name: tuple(kept[name]) for name in ("imports", "names")})

    try:
        content: dict[str, Any] = json.loads(cache.read_text(encoding="utf-8")) if cache else {"form": None}
        files: dict[str, Any] = content["files"] if content["form"] == source.FORM else {}
        return {path: (stamp, facts(kept)) for path, (stamp, kept) in files.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


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
