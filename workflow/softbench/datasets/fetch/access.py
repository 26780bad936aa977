"""Who may have the files of a source, and how: by a program, with a token of the user's own, or by hand only."""

import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from softbench.datasets.case import Archive
from softbench.errors import InputError

VERSION = 1
KINDS = ("open", "tcia", "token", "manual", "own", "made")


def archives_of(source: ModuleType) -> Sequence[Archive]:
    """Return the archives of a source: its `ARCHIVES`, or what its `archives()` computes."""
    if hasattr(source, "archives"):
        return tuple(source.archives())
    return tuple(getattr(source, "ARCHIVES", ()))


def by_hand(name: str, source: ModuleType) -> str:
    """Return the last way out of any trouble with a download."""
    return f"download it by hand and name its folder: --config 'folders={{{name}: PATH}}' (in it: {source.LAYOUT})."


def steps(name: str, source: ModuleType, output: Path) -> str:
    """Return what a person must do to get the files of a source, in numbered lines."""
    lines = [*source.STEPS, f"Put the files into {output / 'files'}, or name their folder: see below."]
    numbered = "\n".join(f"  {number}. {line}" for number, line in enumerate(lines, start=1))
    return (
        f"{source.TITLE} needs a person to get it:\n{numbered}\n"
        f"Looked at is {output / 'files'}, or the folder in --config 'folders={{{name}: PATH}}'.\n"
        f"Expected in it: {source.LAYOUT}.\nLicence: {source.LICENCE}"
    )


def headers(name: str, source: ModuleType, output: Path) -> tuple[dict[str, str], str]:
    """Return the HTTP headers for the publisher of a source, and the secret in them ("" where there is none).

    Raises: InputError: if a person must act first: the token is not set, or cannot be one.
    """
    if source.ACCESS == "own":
        raise InputError(
            f"{source.TITLE} is data of your own, and no folder is named. Name it: --config "
            f"'folders={{{name}: PATH}}', or `folders` in the file after --configfile. Expected in it: {source.LAYOUT}."
        )
    if source.ACCESS == "manual" or (source.ACCESS == "token" and not archives_of(source)):
        raise InputError(steps(name, source, output))
    if source.ACCESS != "token":
        return {}, ""
    token = os.environ.get(source.TOKEN, "").strip()
    if not token:
        raise InputError(
            f"{steps(name, source, output)}\n"
            f"With a token of your own in the environment variable {source.TOKEN} it is downloaded for you."
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(f"the environment variable {source.TOKEN} holds characters that no token has.")
    return {"Authorization": f"Bearer {token}"}, token


def require_safe_addresses(source: ModuleType, secret: str) -> None:
    """Raise `InputError` if a token would travel unencrypted to another machine."""
    for archive in archives_of(source) if secret else ():
        if not archive.url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise InputError(f"{archive.url} is no https address: the token in {source.TOKEN} is not sent there.")
