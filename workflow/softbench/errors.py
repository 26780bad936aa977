"""Errors that a user can fix, and parts of their messages: the file, the line that failed, which name was meant."""

import difflib
import importlib
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

VERSION = None  # messages


class InputError(ValueError):
    """Input that cannot be used; the message names it, says what was found and what to do next."""


class DivergedError(RuntimeError):
    """A training run whose loss is no longer finite; the message names the step and the cases of that step."""


class TimeLimitError(RuntimeError):
    """A job that would outlive its time limit; what it has done is saved, and its next attempt goes on from there."""


def import_file(path: Path) -> ModuleType:
    """Import a module of the package by its file, one that a user may have added.

    Raises: InputError: if it cannot be imported; the message names the file, its line and the cause.
    """
    module = path.relative_to(Path(__file__).parent).with_suffix("")
    try:
        return importlib.import_module(".".join(("softbench", *module.parts)))
    except Exception as error:
        raise InputError(f"{short(path)} cannot be imported: {explain_error(error, path)}. Fix it.") from error


@contextmanager
def naming(what: str, name: str) -> Iterator[None]:
    """Let an `InputError` that does not say e.g. of which case it is begin with that: "case brain_007: …"."""
    try:
        yield
    except InputError as error:
        if f"{what}{name}" in str(error):
            raise
        raise InputError(f"{what}{name}: {error}") from error


def explain_error(error: Exception, path: Path) -> str:
    """Return what an exception says, and where: the last line of `path` that it passed, else where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename) == path] or frames[-1:]
    line = error.lineno if isinstance(error, SyntaxError) else own[-1].lineno
    file = error.filename if isinstance(error, SyntaxError) else own[-1].filename
    said = str(error).partition("\n")[0].rstrip(".") or "no word"
    return f"{type(error).__name__}: {said} ({Path(file or path).name}, line {line})"


def short(path: Path) -> str:
    """Return a path from `workflow` on, as one types it in the folder of the suite; whole where it lies elsewhere."""
    parts = path.parts
    if "workflow" not in parts:
        return str(path)
    return "/".join(parts[len(parts) - 1 - parts[::-1].index("workflow") :])


def in_words(names: Iterable[Any], last: str = "and") -> str:
    """Return a list as a sentence has it.

    >>> in_words(["hnf", "isen", "sanet"])
    'hnf, isen and sanet'
    """
    *most, end = [str(name) for name in names] or [""]
    return f"{', '.join(most)} {last} {end}" if most else end


def counted(number: int, noun: str) -> str:
    """Return "1 case" or "3 cases"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


MANY = 60  # names: of more, a message shows the nearest


def meant(name: Any, names: Iterable[Any]) -> str:
    """Return " Did you mean 'x'?" with the name that was probably meant; nothing where none is near.

    >>> meant("svsl", ["ls", "svls"])
    " Did you mean 'svls'?"
    """
    by_letters = {str(known).lower(): str(known) for known in names}
    near = difflib.get_close_matches(str(name).lower(), by_letters, n=1)
    return f" Did you mean {by_letters[near[0]]!r}?" if near else ""


def listed(name: Any, names: Iterable[Any]) -> str:
    """Return the names in their order, joined; of more than 60 the twelve nearest, and how many there are besides."""
    texts = sorted({str(known) for known in names})
    if len(texts) <= MANY:
        return ", ".join(texts) or "none"
    nearest = difflib.get_close_matches(str(name), texts, n=12, cutoff=0)
    return f"{', '.join(nearest)} and {len(texts) - len(nearest)} more"
