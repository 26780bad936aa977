"""How a run ends and the next begins: what was asked for, which views failed, and what must be made again.

A view that failed leaves a sentence in the place of its files, and its job ends well, so that the others stand. So the
run itself says at its end which failed, and ends with an error, and the next run tries again. The same for a table
whose job broke off: Snakemake puts the files of the last good one back in place (`update`), and takes them for new.
Therefore the record of a table counts its attempts, which are a param of the job: another attempt makes it run. That a
job broke off is told by its mark, an output that Snakemake deletes when the job begins.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.jobs import pieces

TABLES = Path("results", "tables")
MARKS = Path("results", "logs", "tables")


@dataclass(frozen=True)
class Failed:
    """A view that could not be made: its table, its name, and why."""

    table: str
    view: str
    reason: str


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
            yield Failed(record.stem, _name_of(module), view["reason"])


def _name_of(module: str) -> str:
    """Return what a view is called, as in the log of its job: "tables/costs", "figures/ranks"."""
    room, _, stem = module.removeprefix("softbench.").rpartition(".views.")
    return f"{room}/{stem}" if room else module.rpartition(".")[2]


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def attempt(record: Path) -> int:
    """Return the how-manieth attempt at a table's views is planned; 0 where there is no record."""
    return int(_read(record).get("attempt", 0))


def try_again(tables: Path = TABLES, marks: Path = MARKS) -> None:
    """Count one more attempt at each table of which a view failed, or whose job broke off; delete a damaged record."""
    for record in tables.glob("*.json"):
        if "views" not in _read(record):
            record.unlink()
        elif any(_failed_in(record)) or not (marks / f"{record.stem}.done").exists():
            pieces.write_json(record, _read(record) | {"attempt": attempt(record) + 1})


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
