"""What the words of the command line mean: NAME:SEED=DIR, NAME=IDS, NAME=A,B."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from softbench.checks import require_positive
from softbench.errors import InputError
from softbench.own_predictions.parts import Source


def sources(words: Sequence[str]) -> list[Source]:
    """Return the sources that `--predictions` names.

    Raises: InputError: if a word cannot be read, or two name the same method and seed.
    """
    found = [_source(word) for word in words]
    runs = [(source.method, source.seed) for source in found]
    if double := sorted({run for run in runs if runs.count(run) > 1}):
        listed = ", ".join(f"{method} (seed {seed})" for method, seed in double)
        raise InputError(
            f"--predictions names {listed} more than once. Give each method its NAME=DIR; training seeds of one "
            "method are NAME:0=DIR NAME:1=DIR."
        )
    return sorted(found, key=lambda source: ([s.method for s in found].index(source.method), source.seed))


def _source(word: str) -> Source:
    name, folder = _split(word)
    method, colon, seed = name.rpartition(":")
    if not colon:
        method, seed = name, "0"
    if not re.fullmatch(r"\d+", seed) or not method.strip() or method[0] == "." or set(method) & set("/\\"):
        raise InputError(
            f"--predictions: {word!r} must be DIR, NAME=DIR or NAME:SEED=DIR, with a whole number as SEED and a NAME "
            "without / and not beginning with a dot."
        )
    return Source(method, int(seed), folder)


def _split(word: str) -> tuple[str, Path]:
    """Return name and folder; what is a folder as it stands is no NAME=DIR, even with = in it."""
    name, equals, folder = word.partition("=")
    if not equals or Path(word).is_dir() or "/" in name:
        path = Path(word)
        return path.resolve().name.replace(":", "_"), path
    return name, Path(folder)


def structures(words: Sequence[str] | None) -> dict[str, tuple[int, ...]] | None:
    """Return name -> label ids of `--structures`; None where it is left out."""
    if words is None:
        return None
    found = _named("--structures", words, "kidney=1,2")
    try:
        return {name: tuple(int(one) for one in members) for name, members in found.items()}
    except ValueError:
        raise InputError(
            f"--structures: label ids are whole numbers, as in kidney=1,2, but it says {' '.join(words)}."
        ) from None


def composites(words: Sequence[str] | None) -> dict[str, tuple[str, ...]] | None:
    """Return name -> structures of `--composite`; None where it is left out."""
    return None if words is None else _named("--composite", words, "average=WT,TC,ET")


def _named(option: str, words: Sequence[str], example: str) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, equals, members = word.partition("=")
        parts = tuple(part.strip() for part in members.split(","))
        if not equals or not name.strip() or not all(parts):
            raise InputError(f"{option}: {word!r} cannot be read; write it as {example}.")
        if name in found:
            raise InputError(f"{option} names {name} twice. Write it once, as {example}.")
        found[name] = parts
    return found


def tolerances(values: Sequence[float]) -> tuple[float, ...]:
    """Return each tolerance once, in ascending order."""
    return tuple(sorted({positive("--tolerances", value) for value in values}))


def positive(option: str, value: float) -> float:
    """Return a number; raise `InputError` unless it is positive."""
    require_positive(option, value)
    return float(np.float64(value))


def at_least(option: str, value: int | None, least: int) -> int | None:
    """Return a number or None; raise `InputError` if it is too small."""
    if value is not None and value < least:
        raise InputError(f"{option} must be a whole number of at least {least}, but is {value}.")
    return value


def libraries(names: Sequence[str]) -> tuple[str, ...]:
    """Return the libraries of `--cross-check`, each once; raise `InputError` if one is not installed."""
    if missing := [name for name in names if importlib.util.find_spec(name) is None]:
        raise InputError(f"--cross-check names {', '.join(missing)}, not installed here. Install it, or leave it out.")
    return tuple(dict.fromkeys(names))
