"""End a call with one message as the last output; Snakemake would print a traceback below it."""

import functools
import sys
from collections.abc import Callable
from typing import NoReturn, ParamSpec, TypeVar

from softbench.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")


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
