"""What jobs left: noted when a run begins and ends, and compared when the next one begins.

Snakemake decides by the times of files, and looks into none. So `results/logs/outputs.json` notes the size, the time
and the sha256 of each output, and of what lies beside it. Pieces (weights, scores, predictions) have such sums in their
records. When a run begins,

- a file that is not as its job left it stops the run: the message says what it is, and which command makes it again;
- a file that was deleted, while its folder stands, is made again, also where all that was made of it is there:
  Snakemake by itself would say that nothing is to be done. A folder that was deleted was meant to go;
- a file of another time and the same content gets its time back: after a copy without times (`cp -r`), content decides.

A file counts as changed by a job, and not by others, if Snakemake noted since then that its job ended. The arrays of
cases are compared when they are read, not here: there may be millions.
"""

import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.jobs import marks, pieces, storage

VERSION = None  # compares files
NOTES = Path("logs", "outputs.json")
PRODUCTS = ("tables/*", "figures/*", "report/*.html", "claims.*", "*/claims.*", "scores*.parquet")
PATTERNS = (
    "raw/*/manifest.json",
    "data/*/*",
    "splits/*/*.csv",
    "maps/*/*/shard-*",
    "soft_labels/*/*/*",
    "raw_labels/*/manifest.json",
    "rater_study/*/*",
    "rater_laboratory/*",
    "runs/*/*/*.json",
    "runs/*/*/*/*.json",
    *PRODUCTS,
)
MARKS = ("logs/*.done", "logs/*/*.done")  # that a job whose files of before are kept has ended well
PIECES = ("runs/*/*/*/seed-*/*.key.json", "runs/*/*/*/ensemble/*.key.json")
SHOWN = 20  # files that a message names
LONG_AGO_S = 2  # files of this time, seconds since 1970, were dated back on purpose
SLACK_NS = 2_000_000_000  # a file of a piece may be this much newer than its record
Noted = dict[str, tuple[int, int, str]]  # path below the folder of results -> size, time in ns, sha256


@dataclass
class Found:
    """What is not as it was noted: `damaged` files with their state, `missing` outputs, `lost` files of pieces, and how
    many were of another time (`moved`). `sets_times`: whether they get their times back."""

    damaged: dict[Path, str] = field(default_factory=dict)
    missing: list[Path] = field(default_factory=list)
    lost: list[Path] = field(default_factory=list)
    moved: int = 0
    sets_times: bool = True


def begin(results: Path) -> list[str]:
    """Compare what is there with what was noted, let what was deleted be made again, and note it anew.

    Returns: lines for the user.
    Raises: InputError: if files are damaged; nothing was changed but times.
    """
    found = compare(results)
    if found.damaged:
        raise InputError(_said(found.damaged))
    lost = [path for path in found.lost if storage.removal(*_lists([path]))]  # the others are made again
    marks.make_again(found.missing)
    note(results)
    lines = []
    if found.moved:
        lines.append(f"{found.moved} files have other times than their jobs gave them, and the same content: set back.")
    if found.missing:
        lines.append(f"Deleted, so made again where they are asked for: {_listed(found.missing)}.")
    if lost:
        lines.append(
            f"Missing, and needed by no result that is there: {_listed(lost)}. To have {storage.shown(lost[0])} again: "
            f"`{storage.removal(*_lists(lost[:1]))}`, then the same command."
        )
    return lines


def foretell(results: Path) -> list[str]:
    """Return lines on what a run would say of files that are damaged or deleted, which a dry run cannot know."""
    found = compare(results, sets_times=False)
    lines = [f"A run would stop with this: {_said(found.damaged)}"] if found.damaged else []
    if found.missing:
        lines.append(f"Deleted; a run also makes these again where they are asked for: {_listed(found.missing)}.")
    return lines


def end(results: Path) -> None:
    """Note what is there now; what was to be made again, and was not asked for, is missing again."""
    forget(results)
    note(results)


def forget(results: Path) -> None:
    """Let what was to be made again, and was not, be missing again: no empty file stands for a whole one."""
    marks.forget_empty(results / name for name in _read(results)[1])


def _listed(paths: list[Path]) -> str:
    names = ", ".join(map(storage.shown, paths[:3]))
    return names + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _said(damaged: dict[Path, str]) -> str:
    """Return the message on damaged files: each once, with its state, and the command."""
    chosen = dict(list(damaged.items())[:SHOWN])
    closed = [path for path, state in chosen.items() if state.startswith(storage.FORBIDDEN_TO_READ)]
    again = [path for path in chosen if path not in closed]
    ways = []
    if again:
        ways.append(f"Delete what must be made again: `{storage.removal(*again, *_lists(again))}`, then ")
    if closed:
        ways.append(f"Change the permissions: `chmod u+r {' '.join(map(storage.shown, closed))}`, then ")
    if len(chosen) == 1:
        ((path, state),) = chosen.items()
        return f"{storage.shown(path)} {state}. {''.join(ways)}{storage.KEPT}"
    lines = [f"  {storage.shown(path)} {state}" for path, state in chosen.items()]
    if len(damaged) > SHOWN:
        lines.append(f"  and {len(damaged) - SHOWN} more, named when these are made again")
    head = f"{len(damaged)} files are not as their jobs left them:"
    return "\n".join([head, *lines, "".join(ways) + storage.KEPT])


def _lists(paths: Iterable[Path]) -> Iterator[Path]:
    """Give the outputs that Snakemake knows, which must be deleted with files that it does not know."""
    for path in paths:
        if (folder := _piece_folder(path)) is not None:
            yield from storage.lists_of(folder)
        else:
            yield owner(path)


def _piece_folder(path: Path) -> Path | None:
    """Return the folder of the seed, or of the ensemble, that a file of a piece lies in; None of any other file."""
    inside = (place for place in path.parents if place.name.startswith("seed-") or place.name == "ensemble")
    return next(inside, None)


def owner(path: Path) -> Path:
    """Return the output that Snakemake knows, by whose job a file is made."""
    room = path.parts[1] if len(path.parts) > 1 else ""
    if room in ("data", "soft_labels") or (room == "teachers" and not path.name.startswith("fold-")):
        return path.with_name("manifest.json")
    if room == "maps":
        return path.with_name(path.name.partition(".")[0] + ".json")
    if room == "runs" and path.name == "ensemble.json":
        return path.parents[1] / "ensembles.json"
    if room == "runs" and path.name.startswith("batch-"):
        return path.parents[1] / "sanity.json" if _is_row(path) else path
    return path


def _is_row(batch: Path) -> bool:
    """Return whether a record called like a batch is one of several that `sanity.json` lists, be that there or not."""
    joint = batch.parents[1] / "sanity.json"
    if marks.record_of(batch).exists():
        return False
    return marks.record_of(joint).exists() or storage.lists_of(batch.parent / "seed-0") == [joint]


def compare(results: Path, *, sets_times: bool = True) -> Found:
    """Compare outputs with what was noted of them, and pieces with their records; give files their times back."""
    found = Found(sets_times=sets_times)
    since, noted = _read(results)
    for name, facts in noted.items():
        _compare_output(results / name, facts, since, found)
    for pattern in PIECES:
        for record in results.glob(pattern):
            _compare_piece(record, found)
    found.missing = list(dict.fromkeys(map(owner, found.missing)))
    return found


def _compare_output(path: Path, facts: tuple[int, int, str], since: float, found: Found) -> None:
    size, at, digest = facts
    state, known = storage.condition(path), owner(path)
    unfinished = marks.is_unfinished(known)
    if state == storage.MISSING or (state == storage.EMPTY and unfinished and size):
        if path.parent.is_dir():
            found.missing.append(path)
    elif unfinished or (state == storage.EMPTY and not size):
        return
    elif state not in (None, storage.EMPTY):
        found.damaged[path] = str(state)
    elif _is_other(path, size, at, digest, found) and not _may_change(path, known, since):
        now = path.stat().st_size
        same = "was changed since its job wrote it (the size is the same)"
        found.damaged[path] = state or (storage.of_other_size(now, size) if now != size else same)


def _is_other(path: Path, size: int, at: int, digest: str, found: Found) -> bool:
    """Return whether a file has another content than noted; one of another time alone gets its time back."""
    facts = path.stat()
    if facts.st_size != size:
        return True
    if facts.st_mtime_ns == at or facts.st_mtime < LONG_AGO_S:
        return False
    if pieces.hash_file(path) != digest:
        return True
    if at < time.time_ns() and found.sets_times:
        os.utime(path, ns=(facts.st_atime_ns, at))
        found.moved += 1
    return False


def _may_change(path: Path, known: Path, since: float) -> bool:
    """Return whether a file is another one because its job made it since then, or a run keeps count in it."""
    is_record = path.parent.name == "tables" and path.suffix == ".json"
    return is_record or path.stat().st_mtime < LONG_AGO_S or marks.made_at(known) > since


def _compare_piece(record: Path, found: Found) -> None:
    """Compare the files of a piece with its record: their sizes, and the content of those that are newer than it."""
    content = pieces.read_content(record)
    if content is None:
        found.damaged[record] = storage.condition(record) or "is damaged (it is no whole record)"
        return
    written = record.stat().st_mtime_ns
    for name, (size, digest) in content.get("sums", {}).items():
        path = record.parent / name
        state = storage.condition(path)
        if state == storage.MISSING:
            found.lost.append(path)
        elif state is not None and not (state == storage.EMPTY and not size):
            found.damaged[path] = state
        elif (now := path.stat()).st_size != size:
            found.damaged[path] = storage.of_other_size(now.st_size, size)
        elif now.st_mtime_ns > written + SLACK_NS:
            if pieces.hash_file(path) != digest:
                found.damaged[path] = "was changed since its job wrote it (the size is the same)"
            elif found.sets_times:  # not read again by the next run
                os.utime(path, ns=(now.st_atime_ns, written))


def note(results: Path) -> None:
    """Note the outputs that are there; what was noted and is missing stays noted while its folder stands."""
    _, noted = _read(results)
    kept = {name: facts for name, facts in noted.items() if _stays(results, name)}
    for path in _outputs(results):
        with suppress(OSError):
            facts, name = path.stat(), str(path.relative_to(results))
            before = noted.get(name)
            if before is None or (facts.st_size, facts.st_mtime_ns) != tuple(before[:2]):
                kept[name] = (facts.st_size, facts.st_mtime_ns, pieces.hash_file(path))
    pieces.write_json(results / NOTES, {"at": time.time(), "outputs": kept})


def _stays(results: Path, name: str) -> bool:
    path = results / name
    if os.path.lexists(path):
        return True
    is_product = any(Path(name).match(pattern) for pattern in PRODUCTS)
    return path.parent.is_dir() and not is_product


def _outputs(results: Path) -> Iterator[Path]:
    """Give the outputs that Snakemake made, and what lies beside them; not what others put there."""
    for pattern in PATTERNS + MARKS:
        for path in results.glob(pattern):
            known = owner(path)
            made = marks.DATABASE.exists() or marks.record_of(known).exists()
            if made and not path.name.startswith(".") and path.is_file() and not marks.is_unfinished(known):
                yield path


def set_times(results: Path, paths: Iterable[Path]) -> None:
    """Give outputs the times that were noted of them; those that were not noted keep theirs."""
    _, noted = _read(results)
    for path in paths:
        facts = noted.get(os.path.relpath(path, results))
        if facts is not None and path.is_file():
            os.utime(path, ns=(facts[1], facts[1]))


def products(results: Path) -> list[Path]:
    """Return the outputs that no job of runs reads, of those that were noted and are there."""
    names = [name for name in _read(results)[1] if any(Path(name).match(pattern) for pattern in PRODUCTS)]
    return [results / name for name in names if (results / name).is_file()]


def _read(results: Path) -> tuple[float, Noted]:
    """Return when outputs were noted, and what; nothing where there is no list that can be read."""
    try:
        content: dict[str, Any] = json.loads((results / NOTES).read_text(encoding="utf-8"))
        return float(content["at"]), {name: tuple(facts) for name, facts in content["outputs"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0.0, {}
