"""The four forms of a table "ours beside printed", and which file name asks for which."""

from pathlib import Path

from softbench import pieces
from softbench.papers.comparison.csv import to_csv
from softbench.papers.comparison.html import to_html
from softbench.papers.comparison.latex import to_latex
from softbench.papers.comparison.markdown import to_markdown
from softbench.papers.comparison.parts import Beside
from softbench.tables.formats import writer_of

__all__ = ["to_csv", "to_html", "to_latex", "to_markdown", "write"]
WRITERS = {".csv": to_csv, ".md": to_markdown, ".tex": to_latex, ".html": to_html}


def write(table: Beside, path: Path | str) -> None:
    """Write a table in the form that the suffix of `path` names: .csv, .md, .tex or .html; by rename.

    Raises: InputError: for another suffix.
    """
    pieces.write_text(Path(path), writer_of(WRITERS, Path(path))(table))
