"""Files that were whole once and are no more: the message names the file, and which list makes its job run again."""

import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError
from softbench.storage import explained

VERSION = None  # refuses what is damaged
KEPT = "give the same command again: what is whole is kept."


@contextmanager
def told(path: Path, listed: Path | str) -> Iterator[None]:
    """Turn whatever goes wrong while a file is read into one message.

    Args:
        path: the file that is read.
        listed: the manifest that lists it: Snakemake knows that one alone, so it must go, too.
    Raises: InputError: with the file, the cause and the way out.
    """
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"{path} is missing. Delete {listed}, then {KEPT}") from error
    except PermissionError as error:
        raise InputError(explained(error) or str(error)) from error
    except Exception as error:
        raise InputError(f"{path} is damaged ({_brief(error)}). {way_out(path, listed)}") from error


def way_out(path: Path, listed: Path | str) -> str:
    """Return what to do about a damaged file."""
    return f"Delete it and {listed}, then {KEPT}"


def _brief(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200] or type(error).__name__


def require_checksums(path: Path) -> None:
    """Raise ValueError unless all parts of a zip file (torch's, numpy's) have their checksums; torch does not look."""
    with zipfile.ZipFile(path) as file:
        if (part := file.testzip()) is not None:
            raise ValueError(f"the checksum of {part} does not fit")


def read_json(path: Path, listed: Path | str | None = None) -> Any:
    """Read JSON. Raises: InputError: as `told`; the file itself is its list where none is given."""
    with told(path, listed or path):
        return json.loads(path.read_text(encoding="utf-8"))


def read_parquet(path: Path, listed: Path | str, **options: Any) -> pd.DataFrame:
    """Read a table and the checksums of its pages, where it was written with them. Raises: InputError: as `told`."""
    with told(path, listed):
        if path.is_dir():  # pandas takes it for a table in parts, without rows
            raise IsADirectoryError("it is a folder")
        return pd.read_parquet(path, page_checksum_verification=True, **options)
