"""The page's chapters: a chapter for each table, with a section for each heading among its views."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from softbench.jobs import storage
from softbench.page.page import environment

Section = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A view as it was recorded: heading, whether it is closed, state (made, absent, failed) with its reason, files."""

    title: str
    folded: bool
    state: str
    reason: str
    files: tuple[Path, ...]


def read(record: Path) -> list[Shown]:
    """Return the views of a table in the order of the page, by the record that its job left."""
    views = storage.read_json(record)["views"].values()
    return [
        Shown(one["title"], one["folded"], one["state"], one["reason"], tuple(map(Path, one["files"])))
        for one in sorted(views, key=lambda one: (one["place"], one["title"]))
    ]


def of_table(views: Sequence[Shown], address: str, title: str) -> Section:
    """Return the chapter of a table. Views of one heading stand together; one that does not apply is left out."""
    there = [one for one in views if one.state != "absent"]
    ordered = sorted(there, key=lambda one: [other.title for other in there].index(one.title))
    parts = [list(members) for _, members in groupby(ordered, key=lambda one: one.title)]
    sections = [_section(one, f"{address}-{number}") for number, one in enumerate(parts, start=1)]
    return {"title": title, "id": address, "sections": sections}


def _section(views: Sequence[Shown], address: str) -> Section:
    """Return the section of some views; a failed one says why, whatever the others hold."""
    files = [file for one in views for file in one.files]
    failed = [f"This could not be made: {one.reason}" for one in views if one.state == "failed"]
    return {
        "title": views[0].title,
        "id": address,
        "note": " ".join(failed),
        "html": html_of(file for one in views if one.state == "made" for file in one.files),
        "figures": [file for file in files if file.suffix == ".png"],
        "caption": captions_of(files),
        "folded": all(one.folded and one.state == "made" for one in views),
    }


def of_figures(files: Sequence[Path], titles: Mapping[str, str], *, title: str, note: str) -> list[Section]:
    """Return the chapter of the papers' figures, a section each, by the names of their files; none without files."""
    found = [(name, heading, [file for file in files if file.stem == name]) for name, heading in titles.items()]
    parts = [_figure(name, heading, those) for name, heading, those in found if those]
    return [{"title": title, "id": "figures", "note": note, "sections": parts}] if parts else []


def _figure(name: str, title: str, files: Sequence[Path]) -> Section:
    shown = [file for file in files if file.suffix == ".png"]
    return {"title": title, "id": name, "figures": shown, "caption": captions_of(files)}


def of_html(files: Iterable[Path], *, title: str, address: str) -> list[Section]:
    """Return a chapter of fragments that are there; none where none is."""
    there = [file for file in files if file.exists()]
    return [{"title": title, "id": address, "html": html_of(there)}] if there else []


def of_sources(example: str, cards: Iterable[Mapping[str, str]]) -> list[Section]:
    """Return the chapters on how a number is traced, and on the licences of the data.

    Args:
        example: table/method/column of a cell, for the command that explains one; none where it is empty.
        cards: of the sources of the data: `title`, `licence`, `citation`.
    """
    tracing, licences = (environment().get_template(f"{name}.html.j2") for name in ("tracing", "licences"))
    return [
        {"title": "Where a number comes from", "id": "provenance", "html": tracing.render(example=example)},
        {"title": "Data and licences", "id": "licences", "html": licences.render(cards=list(cards))},
    ]


def captions_of(files: Iterable[Path]) -> str:
    """Return the captions that lie beside figures."""
    return " ".join(file.read_text(encoding="utf-8").strip() for file in files if file.suffix == ".txt")


def html_of(files: Iterable[Path]) -> str:
    """Return the fragments among some files, one below the other."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix == ".html")
