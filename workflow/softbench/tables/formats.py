"""The four forms of a table, and which file name asks for which."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from softbench import pieces
from softbench.errors import InputError
from softbench.tables.html import to_html
from softbench.tables.latex import to_latex
from softbench.tables.markdown import to_markdown
from softbench.tables.parts import Table
from softbench.tables.tidy import to_csv

__all__ = ["to_csv", "to_html", "to_latex", "to_markdown", "write", "writer_of"]
Writer = TypeVar("Writer", bound=Callable[..., str])
WRITERS = {".csv": to_csv, ".md": to_markdown, ".tex": to_latex, ".html": to_html}


def write(table: Table, path: Path | str) -> None:
    """Write a table in the form that the suffix of `path` names: .csv, .md, .tex or .html; by rename.

    Raises: InputError: for another suffix.
    """
    pieces.write_text(Path(path), writer_of(WRITERS, Path(path))(table))


def writer_of(writers: Mapping[str, Writer], path: Path) -> Writer:
    """Return the writer that the suffix of `path` names; raise `InputError` if there is none."""
    if path.suffix not in writers:
        raise InputError(f"a table can be written as {', '.join(writers)}, but the file is {path.name!r}.")
    return writers[path.suffix]
