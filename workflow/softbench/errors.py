"""Errors that a user can fix, and the end of a message on an unknown name: which one was probably meant."""

import difflib
from collections.abc import Iterable
from typing import Any

VERSION = None  # messages


class InputError(ValueError):
    """Input that cannot be used; the message names it, says what was found and what to do next."""


class DivergedError(RuntimeError):
    """A training run whose loss is no longer finite; the message names the step and the cases of that step."""


class TimeLimitError(RuntimeError):
    """A job that would outlive its time limit; what it has done is saved, and its next attempt goes on from there."""


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
