"""What Snakemake's rules hand to the plan and get from it: wildcards, constraints, resources, an end with one message.

Snakemake would print a traceback below an error; here the message is the last thing on screen.
"""

import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, ParamSpec, Protocol, TypeVar

import yaml

from softbench.errors import InputError

# What jobs that loop over cases ask of a cluster; a site overrides it in its profile, under `set-resources`.
CASES_MB, MADE_MB = 32000, 8000  # a whole CT for each of eight CPUs; a phantom
THREADS = 8  # of a job that takes the cases of a data set in parallel
MINUTES = {"prepare": 240, "make": 60, "geodesic": 720, "slic": 240, "wrong_image": 720}

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class Wildcards(Protocol):
    """The wildcards of a job, by attribute."""

    def __getattr__(self, name: str) -> str:
        """Return the value of a wildcard."""

    def items(self) -> Iterator[tuple[str, str]]:
        """Return names and values."""


def pattern(names: Iterable[str]) -> str:
    """Return a wildcard constraint that matches exactly these names; nothing where there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def by(name: str) -> Callable[[Callable[[S, str], R]], Callable[[S, Any], R]]:
    """Let a rule ask a method, by its wildcard of this name, what is answered by a text: `@by("table")`."""

    def asked(method: Callable[[S, str], R]) -> Callable[[S, Any], R]:
        @functools.wraps(method)
        def answer(self: S, given: str | Wildcards) -> R:
            return method(self, given if isinstance(given, str) else getattr(given, name))

        return answer

    return asked


def stop(error: InputError) -> NoReturn:
    """Print what is wrong, and end this process as failed."""
    print(f"Error: {error}", file=sys.stderr, flush=True)
    raise SystemExit(1) from None


def stops(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function that Snakemake calls end the process where it raises `InputError`."""

    @functools.wraps(function)
    def call(*arguments: P.args, **named: P.kwargs) -> R:
        try:
            return function(*arguments, **named)
        except InputError as error:
            stop(error)

    return call


VERSION = None  # settings, which stand in the manifest


def complete(place: str, settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Return every setting as a word, defaults for those left out, in the order of the defaults.

    Args:
        place: where the settings stand, for the message.
        settings: those given.
        defaults: all that are known.
    Raises: InputError: if a setting is unknown; the known ones are listed.
    """
    unknown = sorted(set(settings) - set(defaults))
    if unknown:
        known = ", ".join(defaults) or "none"
        raise InputError(f"{place} sets {', '.join(map(repr, unknown))}, which its rule does not know; known: {known}.")
    return [f"{name}={value}" for name, value in {**defaults, **settings}.items()]


def read(words: Sequence[str]) -> dict[str, Any]:
    """Return the settings that words stand for; values have the types of YAML.

    Raises: InputError: if a word has no `=`.
    """
    bad = [word for word in words if "=" not in word]
    if bad:
        raise InputError(f"--set takes name=value, but was given {', '.join(bad)}.")
    return {name: yaml.safe_load(value) for name, _, value in (word.partition("=") for word in words)}
