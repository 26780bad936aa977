"""The report: what was run and what it says, a chapter for each table, the papers, and where all of it comes from.

A page of several tables is written anew with each finished table, so that it is there early and grows
(`plan/growing.py`).
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.jobs import provenance, storage
from softbench.page import opening, page
from softbench.page.page import environment
from softbench.plan import growing

Facts = Mapping[str, Any]
FIGURES = "The papers’ figures with our runs. What was not run says so."


def write(
    path: Path | str,
    *,
    tables: Mapping[str, Facts],
    papers: Mapping[str, Facts],
    figures: Mapping[str, str],
    cards: Iterable[Mapping[str, str]],
    claims: str,
    comparison: Sequence[str],
    rehearsals: Mapping[str, str] | None = None,
    files: Sequence[Path] = (),
    provenance: Mapping[str, Any],
) -> None:
    """Write the page of what is there; a table without a record is named as not finished.

    Args:
        path: of the page.
        tables: name -> `title`, `data` (one line), `methods` (titles of the trained ones), `untrained` (keys),
            `batches` (manifests), `record` (of its views) and `numbers` (its csv), in the order of the page.
        papers: the same of the papers' tables.
        figures: the papers' figures, name -> title.
        cards: of the data's sources, see `of_sources`.
        claims, comparison: fragments of HTML.
        rehearsals: pages of rehearsals, which lie beside this one, and their titles.
        files: pictures (.png) and captions (.txt) of the papers' figures.
        provenance: of the page itself, name -> value.
    """
    known, every = list(cards), {**tables, **papers}
    done = {name: facts for name, facts in every.items() if Path(facts["record"]).exists()}
    frames = {name: pd.read_csv(facts["numbers"]) for name, facts in tables.items() if name in done}
    numbers = {name: frame for name, frame in frames.items() if "method" in frame}  # else a sentence says why
    answers = {name: opening.answer(frame) for name, frame in numbers.items()}
    shown = [
        opening.Shown(name, facts["title"], facts["data"], facts["methods"], _collect_runs([facts]), answers.get(name))
        for name, facts in every.items()
    ]
    made = {name: of_table(read(Path(facts["record"])), name, facts["title"]) for name, facts in done.items()}
    sections = [
        *(chapter for name, chapter in made.items() if name in tables),
        *of_html(map(Path, comparison), title="Do the data sets agree?", address="between"),
        *(chapter for name, chapter in made.items() if name in papers),
        *of_figures(files, figures, title="The papers’ figures", note=FIGURES),
        *of_html([Path(claims)], title="The papers’ claims", address="claims"),
        *of_sources(_example(numbers), known),
    ]
    left = [facts["title"] for name, facts in every.items() if name not in done]
    first = opening.to_html(shown, _collect_runs(list(every.values())), len(known), left, rehearsals or {})
    page.write(path, title="SoftLabelBench", sections=sections, provenance=provenance, opening=first)


def _collect_runs(every: Sequence[Facts]) -> opening.Ledger:
    """Return the runs of some tables; a batch that several show counts once, and one that is not there yet not."""
    batches = dict.fromkeys(path for facts in every for path in facts["batches"])
    untrained = {method for facts in every for method in facts["untrained"]}
    return opening.read((path for path in map(Path, batches) if path.exists()), untrained)


def _example(numbers: Mapping[str, pd.DataFrame]) -> str:
    """Return table/method/structure/metric of the first cell that has a control, or of the first at all."""
    for table, frame in numbers.items():
        compared = frame[frame["control"].notna()]
        row = (compared if len(compared) else frame).iloc[0]
        return "/".join([table, row["method"], row["structure"], row["metric"]])
    return ""


def read(record: Path) -> list[dict[str, Any]]:
    """Return the views of a table in the order of the page, by the record that its job left.

    Returns: of each its heading `title`, whether it is closed (`folded`), its `state` (made, absent, failed) with the
        `reason`, and its `files`.
    """
    views = storage.read_json(record)["views"].values()
    return sorted(views, key=lambda view: (view["place"], view["title"]))


def of_table(views: Sequence[Mapping[str, Any]], address: str, title: str) -> dict[str, Any]:
    """Return the chapter of a table. Views of one heading stand together; one that does not apply is left out."""
    by_heading: dict[str, list[Mapping[str, Any]]] = {}
    for view in views:
        if view["state"] != "absent":
            by_heading.setdefault(view["title"], []).append(view)
    parts = [_section(members, f"{address}-{number}") for number, members in enumerate(by_heading.values(), start=1)]
    return {"title": title, "id": address, "sections": parts}


def _section(views: Sequence[Mapping[str, Any]], address: str) -> dict[str, Any]:
    """Return the section of some views; a failed one says why, whatever the others hold."""
    made = [view for view in views if view["state"] == "made"]
    return {
        "title": views[0]["title"],
        "id": address,
        "note": " ".join(f"This could not be made: {view['reason']}" for view in views if view["state"] == "failed"),
        "html": _texts((file for view in made for file in view["files"]), ".html", "\n"),
        **_pictures([file for view in views for file in view["files"]]),
        "folded": len(made) == len(views) and all(view["folded"] for view in views),
    }


def _pictures(files: Sequence[Path | str]) -> dict[str, Any]:
    """Return the pictures among some files, and the captions that lie beside them."""
    return {"figures": [Path(file) for file in files if str(file).endswith(".png")], "caption": _texts(files, ".txt")}


def _texts(files: Iterable[Path | str], suffix: str, between: str = " ") -> str:
    """Return what the files with this suffix hold, one after another."""
    return between.join(
        path.read_text(encoding="utf-8").strip("\n") for path in map(Path, files) if path.suffix == suffix
    )


def of_figures(files: Sequence[Path], titles: Mapping[str, str], *, title: str, note: str) -> list[dict[str, Any]]:
    """Return the chapter of the papers' figures, a section each, by the names of their files; none without files."""
    pictures = {name: [file for file in files if file.stem == name] for name in titles}
    parts = [{"title": titles[name], "id": name, **_pictures(of)} for name, of in pictures.items() if of]
    return [{"title": title, "id": "figures", "note": note, "sections": parts}] if parts else []


def of_html(files: Iterable[Path], *, title: str, address: str) -> list[dict[str, Any]]:
    """Return a chapter of fragments that are there; none where none is."""
    there = [file for file in files if file.exists()]
    return [{"title": title, "id": address, "html": _texts(there, ".html", "\n")}] if there else []


def of_sources(example: str, cards: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
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


LOCK = Path(".snakemake", "softbench", "pages.lock")


def write_growing(table: str, log: Callable[[str], None]) -> None:
    """Write the pages of this run that show a table, with the tables that are finished; say so and go on where that
    fails: no number is lost.

    Args:
        table: which is finished.
        log: takes a line.
    """
    for path, shown in growing.noted().items():
        if table in growing.tables(shown):
            _write_growing(Path(path), shown, log)
        elif table in growing.records(shown):  # its page is its own
            log(_progress(path, shown))


def _write_growing(path: Path, shown: Mapping[str, Any], log: Callable[[str], None]) -> None:
    try:
        with _alone():
            write(path, **shown, provenance={"commit": provenance.commit(), **provenance.versions()})
            os.utime(path, growing.LONG_AGO)
        log(_progress(path, shown))
    except Exception as error:
        log(f"{path} was not written: {type(error).__name__}: {error}")


def _progress(path: Path | str, shown: Mapping[str, Any]) -> str:
    """Return how many of the run's tables are finished, which are left, and where the page lies."""
    every = growing.records(shown)
    left = [name for name, record in every.items() if not record.exists()]
    rest = f"; still to come: {', '.join(left)}" if left else ""
    return f"{len(every) - len(left)} of {len(every)} tables finished{rest}. See {path}"


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other job writes a page."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    with open(LOCK, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
