"""What Snakemake's rules hand to the plan and get from it: wildcards, constraints, resources, an end with one message.

Snakemake would print a traceback below an error; here the message is the last thing on screen.
"""

import functools
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn, ParamSpec, Protocol, TypeVar

from softbench.errors import InputError

# What jobs that loop over cases ask of a cluster; a site overrides it in its profile, under `set-resources`.
CASES_MB, MADE_MB = 32000, 8000  # a whole CT for each of eight CPUs; a phantom
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
