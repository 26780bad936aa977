"""Files that a user gives: what their names say, and what to say where one can no longer be read."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from softbench.errors import InputError

VERSION = None  # names and messages
NIFTI = (".nii.gz", ".nii")
CHANNEL = re.compile(r"(.+)_(\d{4})")  # nnU-Net's name of an image: case and number of the channel
LOST = (
    "Is the drive or network folder that holds it still connected? Connect it, and give the same command again: it "
    "goes on with what is missing."
)


def split_name(path: Path, endings: Sequence[str] = NIFTI) -> tuple[str, str] | None:
    """Return a file's name without its ending, and the ending in lower case; None where it has none of them.

    Case does not count in endings (`.NII.GZ`), and letters with accents are one, however a system wrote them. Hidden
    files (`._case.nii.gz`, which macOS leaves) are none.

    Raises: InputError: if the name is no text, or `.nii` in it has small and capital letters.
    """
    ending = next((ending for ending in endings if path.name.lower().endswith(ending)), None)
    if ending is None or path.name.startswith(".") or len(path.name) == len(ending):
        return None
    try:
        path.name.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"{path.parent} holds a file whose name is not UTF-8, {path.name!a}. Rename it: `ls -b` shows it."
        ) from None
    stem, own = path.name[: -len(ending)], path.name[-len(ending) :]
    if own[:4].lower() == ".nii" and own[:4] not in (".nii", ".NII"):
        raise InputError(f"{path} has the ending {own}, which nibabel cannot open. Rename it to {stem}{ending}.")
    return unicodedata.normalize("NFC", stem), ending


def list_folder(folder: Path) -> list[Path]:
    """Return what a folder holds, sorted; nothing where there is no such folder.

    Raises: InputError: if it cannot be read.
    """
    try:
        return sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise lost(folder, error) from error


def plain_id(name: str) -> str:
    """Return a name in letters that every file system, shell and program takes: A to Z, a to z, 0 to 9, `_`, `-`, `.`.

    >>> plain_id("Fälle (1)"), plain_id("病 2"), plain_id("case.1_2-3")
    ('Falle__1_', 'u75c5_2', 'case.1_2-3')
    """
    letters = [letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)]
    plain = "".join(
        letter if re.fullmatch(r"[A-Za-z0-9_.-]", letter) else "_" if letter.isascii() else f"u{ord(letter):04x}"
        for letter in letters
    )
    return f"_{plain[1:]}" if plain.startswith(".") else plain


def is_compressed(path: Path) -> bool:
    """Return whether a file's name says that it is gzip."""
    return path.suffix.lower() == ".gz"


def channels_beside(names: Iterable[str]) -> set[str]:
    """Return the names of images beside a label map `<case>`: `<case>_0000` and, where that is there, the next numbers.

    Without `<case>_0000` a number belongs to the name of a case: `scan`, `scan_0001` and `scan_0002` are three.
    """
    known = set(names)
    matches = {name: match[1] for name in known if (match := CHANNEL.fullmatch(name))}
    return {name for name, case in matches.items() if {case, f"{case}_0000"} <= known}


def hash_file(path: Path) -> str:
    """Return the sha256 of a file's bytes.

    Raises: InputError: if it can no longer be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise lost(path, error) from error


def lost(path: Path, error: OSError) -> InputError:
    """Return the error that says that a file or folder which was there can no longer be read."""
    advice = "Fix its permissions: see `ls -l`." if isinstance(error, PermissionError) else LOST
    return InputError(f"{path} can no longer be read ({error.strerror or error}). {advice}")


def is_lost(path: Path) -> bool:
    """Return whether a file that was there cannot be opened and read now."""
    try:
        with open(path, "rb") as file:
            file.read(1)
    except OSError:
        return True
    return False
