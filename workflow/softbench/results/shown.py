"""What is handed to a reader: numbers as a frame, with a table or a picture of them that a notebook shows."""

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

VERSION = None  # shows numbers
HERE = Path(__file__).parent
DPI = 120


@dataclass(frozen=True, eq=False)
class Shown:
    """A table: its numbers, unrounded, as `frame`; a notebook shows it as it stands on the page of results.

    title, caption: of the table; the caption says what stands in a cell, and what ± is over.
    frame: a row a cell; what each column holds is that of the table's csv.
    html: the table with its marks, without style.
    """

    title: str
    caption: str
    frame: pd.DataFrame
    html: str

    def __repr__(self) -> str:
        lines = [self.title, *([self.caption] if self.caption else [])]
        return "\n".join([*lines, f"{len(self.frame)} rows in `.frame`: {', '.join(map(str, self.frame.columns))}"])

    def _repr_html_(self) -> str:
        return styled(self.html)


@dataclass(frozen=True, eq=False)
class Diagram:
    """A picture with its numbers.

    title, caption: of the picture.
    frame: what is drawn, as a tidy table.
    figure: matplotlib's; `figure.savefig("reliability.pdf")` writes it.
    """

    title: str
    caption: str
    frame: pd.DataFrame
    figure: Any

    def __repr__(self) -> str:
        columns = ", ".join(map(str, self.frame.columns))
        return f"{self.title}\n{self.caption}\nThe picture is `.figure`; {len(self.frame)} rows in `.frame`: {columns}"

    def _repr_html_(self) -> str:
        written = io.BytesIO()
        self.figure.savefig(written, format="png", dpi=DPI)
        source = base64.b64encode(written.getvalue()).decode("ascii")
        image = f'<img alt="{escape(self.title)}" src="data:image/png;base64,{source}">'
        return styled(f'<figure class="scores">{image}<figcaption>{escape(self.caption)}</figcaption></figure>')


def styled(fragment: str) -> str:
    """Return a fragment of HTML with the style of tables in notebooks, which changes nothing around it."""
    style = (HERE / "notebook.css").read_text(encoding="utf-8")
    return f'<div class="softbench">\n<style>\n{style}</style>\n{fragment}\n</div>'
