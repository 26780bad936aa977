"""The manifest of a job that makes one piece for each of several methods: where their records lie, and their hashes.

It is the only one of these files that Snakemake knows. The code that makes a piece first looks for a finished one, so a
job that was killed, or in which one method failed, continues with what is missing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.jobs import pieces, storage

VERSION = None  # names and hashes of files
KEPT = "The others are finished and kept: the same command goes on with what is missing."

Log = Callable[[str], None]
Maker = Callable[[Path, Log], None]  # makes a piece, and writes its record to the path that it is given


@dataclass(frozen=True)
class Piece:
    """What one method left: the `path` and the `content` of its record, and the manifest that Snakemake knows it by."""

    path: Path
    content: Any
    listed: Path


def make(output: Path, record: str, makers: Mapping[str, Maker], log: Log) -> None:
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
        raise _failure(failed, len(makers))
    pieces.write_json(output, {"pieces": [_entry(output, method, record) for method in makers]})


def _log_with_name(log: Log, method: str, line: str) -> None:
    log(f"{method}: {line}")


def _entry(output: Path, method: str, record: str) -> dict[str, str]:
    path = f"{method}/{record}"
    return {"method": method, "path": path, "hash": pieces.hash_file(output.parent / path)}


def _failure(failed: Mapping[str, Exception], count: int) -> Exception:
    said = " ".join(f"{method}: {str(error).removesuffix('.')}." for method, error in failed.items())
    text = f"{len(failed)} of {count} methods failed. {said} {KEPT}"
    if all(isinstance(error, InputError) for error in failed.values()):
        return InputError(text)
    return ExceptionGroup(text, list(failed.values()))


def read(paths: Iterable[Path], methods: Collection[str] | None = None) -> Iterator[Piece]:
    """Give the records at some paths, each once.

    Args:
        paths: of records; a joint manifest among them stands for those that it lists.
        methods: those of a joint manifest that are wanted; None: all.
    Raises: InputError: if one is missing or damaged, or is not the one that its joint manifest lists.
    """
    for path in dict.fromkeys(paths):
        content = storage.read_json(path)
        if "pieces" not in content:
            yield Piece(path, content, path)
            continue
        wanted = (entry for entry in content["pieces"] if methods is None or entry["method"] in methods)
        yield from (_piece(path, entry) for entry in wanted)


def _piece(joint: Path, entry: Mapping[str, str]) -> Piece:
    path = joint.parent / entry["path"]
    content = storage.read_json(path, joint)
    if pieces.hash_file(path) != entry["hash"]:
        raise InputError(f"{path} is not the record that {joint} lists. Delete {joint}, then {storage.KEPT}")
    return Piece(path, content, joint)
