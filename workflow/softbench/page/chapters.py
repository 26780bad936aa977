"""The page's chapters, put together from files: which file stands where, under which heading, is said here alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.figures import gallery, reliability
from softbench.page.page import environment

Section = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """A section of a table's chapter: its heading, and how the names of its files begin, before the table's name."""

    key: str
    title: str
    names: tuple[str, ...]
    caption: str = ""
    note: str = ""
    folded: bool = False


OF_TABLE = (
    Part("table", "Results", ("",)),
    Part("reliability", "Reliability", ("reliability_",), reliability.CAPTION),
    Part("statistics", "Statistics of every difference", ("statistics_",), folded=True),
    Part("ranks", "Ranks", ("ranks_",), folded=True),
    Part("cases", "Case by case", ("cases_",)),
    Part("free", "Temperature and ensembles", ("free_",)),
    Part("policies", "Empty masks under two policies", ("policies_",), folded=True),
    Part("truth", "Distance to the truth and calibration", ("truth_",)),
    Part("soft_labels", "Soft labels before training", ("quality_", "soft_labels_"), gallery.CAPTION),
    Part("costs", "Costs", ("costs_",), folded=True),
)


def of_tables(files: Sequence[Path], titles: Mapping[str, str]) -> list[Section]:
    """Return a chapter for each table, with a section for each part that has files; others are left out.

    Args:
        files: fragments (.html), figures (.png) and captions (.txt, named as their figure), in any order.
        titles: table -> its title, in the order of the page.
    """
    chapters = []
    for table, title in titles.items():
        found = [(part, _named(files, [name + table for name in part.names])) for part in OF_TABLE]
        parts = [_section(part, f"{table}-{part.key}", those) for part, those in found if those]
        chapters.append({"title": title, "id": table, "sections": parts})
    return chapters


def of_files(files: Sequence[Path], titles: Mapping[str, str], *, key: str, title: str, note: str) -> list[Section]:
    """Return one chapter whose sections are files by name, e.g. the papers' tables; none where there are no files.

    A table of soft-label quality, `quality_<name>`, stands below the file that it is called after.
    """
    found = [(name, heading, _named(files, [name, f"quality_{name}"])) for name, heading in titles.items()]
    parts = [_section(Part(name, heading, (name,)), name, those) for name, heading, those in found if those]
    return [{"title": title, "id": key, "note": note, "sections": parts}] if parts else []


def of_comparison(files: Sequence[Path]) -> list[Section]:
    """Return the chapter on whether the data sets agree; none where there is one table alone."""
    found = _named(files, ["between_tables"])
    return [{"title": "Do the data sets agree?", "id": "between", "html": _html(found)}] if found else []


def of_claims(files: Sequence[Path]) -> list[Section]:
    """Return the chapter of the papers' claims; none where their file is not given."""
    found = _named(files, ["claims"])
    return [{"title": "The papers’ claims", "id": "claims", "html": _html(found)}] if found else []


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


def _named(files: Sequence[Path], stems: Sequence[str]) -> list[Path]:
    return [file for stem in stems for file in files if file.stem == stem]


def _section(part: Part, address: str, files: Sequence[Path]) -> Section:
    captions = [file.read_text(encoding="utf-8").strip() for file in files if file.suffix == ".txt"]
    return {
        "title": part.title,
        "id": address,
        "note": part.note,
        "html": _html(files),
        "figures": [file for file in files if file.suffix == ".png"],
        "caption": " ".join(captions) or part.caption,
        "folded": part.folded,
    }


def _html(files: Sequence[Path]) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix == ".html")
