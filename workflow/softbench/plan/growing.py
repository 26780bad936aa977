"""Pages that grow while a run goes on: which they are, what they show, and the line with which a run begins.

A job of one table knows no other, so what a page shows is noted when a run begins. Until the last job writes a page, it
is dated back. One that a run left so, because it broke off, is marked when the next begins, so that it is made again:
Snakemake would take it for that of the last job.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from softbench.jobs import marks, pieces
from softbench.plan import paths

NOTE = Path(".snakemake", "softbench", "pages.json")
LONG_AGO = (1.0, 1.0)  # dates of access and change, seconds since 1970; Snakemake takes 0 for no date
LINE = (
    "This run is for {count} tables: {names}. It prepares data and soft labels, then trains and scores networks; each "
    "training job and each table that is finished is told here. {page} is there as soon as a table is finished, and "
    "grows with each.{own}"
)
OWN = " {table} has a page of its own, {page}."


def begin(pages: Mapping[str, Any]) -> None:
    """Note the pages of several tables that a run is for, and what they show; none where it is for none.

    Args:
        pages: by their paths.
    """
    pieces.write_text(NOTE, json.dumps(dict(pages)))  # in the order of the page, which `write_json` would sort
    there = (path for path in map(Path, pages) if path.exists())
    marks.make_again(path for path in there if path.stat().st_mtime == LONG_AGO[0])


def noted() -> dict[str, Any]:
    """Return what `begin` noted; nothing where no run did."""
    return dict(json.loads(NOTE.read_text(encoding="utf-8"))) if NOTE.exists() else {}


def tables(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of a page, and what it says of each."""
    return {**shown["tables"], **shown["papers"]}


def records(shown: Mapping[str, Any]) -> dict[str, Path]:
    """Return the records of the tables of a page, and of those beside it that have pages of their own."""
    beside = {Path(name).stem: paths.record(Path(name).stem) for name in shown.get("rehearsals", ())}
    return {name: Path(facts["record"]) for name, facts in tables(shown).items()} | beside


def announced() -> list[str]:
    """Return a line for each page that grows: which tables the run is for, what it does, and where the page will be."""
    return [_announced(Path(page), shown) for page, shown in noted().items()]


def _announced(page: Path, shown: Mapping[str, Any]) -> str:
    names, beside = list(records(shown)), shown.get("rehearsals", ())
    own = "".join(OWN.format(table=Path(name).stem, page=page.with_name(name)) for name in beside)
    return LINE.format(count=len(names), names=", ".join(names), page=page, own=own)
