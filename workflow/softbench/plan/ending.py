"""How a run ends and the next begins: what was asked for, which views failed, and what must be made again.

A view that failed leaves a sentence in the place of its files, and its job ends well, so that the others stand. So the
run itself says at its end which failed, and ends with an error; and what failed is dated back, so that the next run
makes it again. The same for a table whose job broke off: Snakemake puts the files of the last good one back in place
(`update`), with a date of today, and would take them for new.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLES = Path("results", "tables")
LONG_AGO = (0.0, 0.0)  # access and change, seconds since 1970


@dataclass(frozen=True)
class Failed:
    """A view that could not be made: its table, its name, why, and the files that say so."""

    table: str
    view: str
    reason: str
    files: tuple[str, ...]


def failed(tables: Path = TABLES, since: float = 0.0) -> list[Failed]:
    """Return the views that could not be made, table by table.

    Args:
        tables: folder of the records.
        since: seconds since 1970; a record from before is of a table that this run did not make.
    """
    records = [record for record in sorted(tables.glob("*.json")) if record.stat().st_mtime >= since]
    return [one for record in records for one in _failed_in(record)]


def _failed_in(record: Path) -> Iterator[Failed]:
    for module, view in _read(record).get("views", {}).items():
        if view["state"] == "failed":
            yield Failed(record.stem, module.rpartition(".")[2], view["reason"], tuple(view["files"]))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def date_back(tables: Path = TABLES) -> None:
    """Date back the files of views that failed, and of tables whose job broke off."""
    broken = [file for begun in tables.glob("*.begun") for file in _read(begun).get("files", [])]
    for file in [*(file for one in failed(tables) for file in one.files), *broken]:
        if Path(file).exists():
            os.utime(file, LONG_AGO)


def lines(asked: Iterable[str], wrong: Iterable[Failed]) -> list[str]:
    """Return what is said at the end of a run.

    Args:
        asked: files that a reader begins with: pages and tables that were asked for.
        wrong: views that could not be made.
    """
    there = [path for path in asked if Path(path).exists()]
    shown = ["Results:", *(f"  {path}" for path in there)] if there else []
    said = [f"  {one.table}, {one.view}: {one.reason}" for one in wrong]
    return [*shown, *(["Could not be made; the next run tries again:", *said] if said else [])]
