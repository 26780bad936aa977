"""Settings as words, `name=value`: how a command line carries them."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from softbench.errors import InputError

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
