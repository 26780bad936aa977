"""The files of a folder of results: which tables it holds, and each as it was written."""

import re
from collections.abc import Iterable, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError, meant
from softbench.jobs import storage
from softbench.results.shown import Shown

VERSION = None  # reads numbers
MAIN = "scores"  # the first table of `softbench score`
CAPTION = re.compile(r'<figcaption><strong>(.*?)</strong>(?:<span class="about">(.*?)</span>)?</figcaption>', re.DOTALL)
TAG = re.compile(r"<[^>]+>")
TEXT = ("method", "title", "structure", "metric", "roi", "unit", "better", "control")  # words, even "1"
FORMAT = ("method", "metric", "mean", "control", "difference")  # what a table of methods has in any version
MAKE = "Run Snakemake again with this version of the suite: snakemake --cores all"


def require_results(folder: Path) -> None:
    """Raise `InputError` unless a folder holds results."""
    if not folder.is_dir():
        raise InputError(
            f"there is no folder {folder} (looked in {Path.cwd()}). Give the folder `results` of a finished run of the "
            "workflow, or the one that `softbench score --output` wrote."
        )
    if any((folder / "tables").glob("*.csv")):
        return
    inner = next((name for name in ("results", "scored") if any((folder / name / "tables").glob("*.csv"))), None)
    raise InputError(
        f"{folder} holds no results: there is no {folder / 'tables'}/*.csv. "
        + (f"Give {folder / inner}." if inner else "A run writes its first table when all its methods are trained.")
    )


def list_tables(folder: Path) -> dict[str, str]:
    """Return the tables of methods and their titles, by name; of `softbench score` all its tables, the first first."""
    records = sorted((folder / "tables").glob("*.json"))
    if records:
        return {path.stem: str(read_record(path).get("title", path.stem)) for path in records}
    names = sorted((path.stem for path in (folder / "tables").glob("*.csv")), key=lambda name: (name != MAIN, name))
    return {name: _words(folder, name)[0] for name in names}


def read_record(path: Path) -> Mapping[str, Any]:
    """Return the record of a table.

    Raises: InputError: if it cannot be read, or is no record.
    """
    record = storage.read_json(path)
    if not isinstance(record, dict) or "views" not in record:
        raise InputError(f"{path} is not the record of a table, which names its `views`. {MAKE}")
    return record


def read_table(folder: Path, name: str) -> Shown:
    """Return a table as it was written: its csv as a frame, its html with its marks.

    Raises: InputError: if there is no such table, or a sentence stands in its place.
    """
    path = folder / "tables" / f"{name}.csv"
    if not path.is_file():
        known = list_tables(folder)
        also = sorted({path.stem for path in (folder / "tables").glob("*.csv")} - known.keys())
        more = f" Its other views: {', '.join(also)}." if also else ""
        raise InputError(
            f"{folder} has no table {name!r}.{meant(name, [*known, *also])} It has: {', '.join(known)}.{more}"
        )
    title, caption, html = _words(folder, name)
    return Shown(title, caption, _frame(path), html)


def read_methods(folder: Path, name: str) -> Shown:
    """Return a table of methods by columns.

    Raises: InputError: as `read_table`, and if the table is another.
    """
    shown = read_table(folder, name)
    if lacking := [column for column in FORMAT if column not in shown.frame]:
        raise InputError(
            f"{folder / 'tables' / name}.csv is no table of methods with their differences to a control: it lacks "
            f"{', '.join(lacking)}. `table({name!r})` reads it as it is. If another version of the suite wrote it: {MAKE}"
        )
    return shown


def _frame(path: Path) -> pd.DataFrame:
    with storage.reading(path):
        frame = pd.read_csv(path, dtype=dict.fromkeys(TEXT, "str"))
    if frame.empty and len(frame.columns) == 1:
        raise InputError(f"{path}: {frame.columns[0]}")  # the sentence that says why it was not made
    if "beyond_noise" in frame:
        frame["beyond_noise"] = frame["beyond_noise"].astype("boolean")
    return frame


def _words(folder: Path, name: str) -> tuple[str, str, str]:
    """Return title, caption and html of a table; without an html file what the csv says."""
    path = folder / "tables" / f"{name}.html"
    if not path.is_file():
        return (
            name,
            "",
            f"<p>{name}.html is missing, which shows the table. The numbers are there: <code>.frame</code></p>",
        )
    with storage.reading(path):
        html = path.read_text(encoding="utf-8")
    found = CAPTION.search(html)
    title, caption = found.groups() if found else (name, "")
    return _plain(title), _plain(caption or ""), html


def _plain(html: str) -> str:
    return unescape(TAG.sub("", html)).strip()


def choose(frame: pd.DataFrame, where: Mapping[str, object]) -> pd.DataFrame:
    """Return the rows whose columns hold what `where` says: a value, or several of which each counts.

    Raises: InputError: if there is no such column, or a value that no row has.
    """
    for column, wanted in where.items():
        if column not in frame:
            raise InputError(f"the scores have no column {column!r}; they have: {', '.join(frame.columns)}.")
        values = list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]
        known = list(frame[column].dropna().unique())
        if unknown := [value for value in values if value not in known]:
            listed = ", ".join(map(str, known))
            raise InputError(f"no score has the {column} {', '.join(map(str, unknown))}; there are: {listed}.")
        frame = frame[frame[column].isin(values)]
    return frame.reset_index(drop=True)
