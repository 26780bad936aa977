"""The report: what was run and what it says, a chapter for each table, the papers, and where all of it comes from."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.page import answers, chapters, ledger, opening, page

Facts = Mapping[str, Any]
PAPERS = "Each cell: ours, the printed number, and whether they agree as far as the printed spread can tell."
FIGURES = "The papers’ figures with our runs. What was not run says so."


def write(
    path: Path | str,
    *,
    files: Iterable[Path],
    tables: Mapping[str, Facts],
    papers: Mapping[str, Facts],
    figures: Mapping[str, str],
    cards: Iterable[Mapping[str, str]],
    provenance: Mapping[str, Any],
) -> None:
    """Write the page from files that are there; what has no file is left out.

    Args:
        path: of the page.
        files: fragments (.html), figures (.png), captions (.txt), and the numbers of each table (`<table>.csv`).
        tables: name -> `title`, `data` (one line), `methods` (titles of the trained ones), `untrained` (keys) and
            `batches` (manifests), in the order of the page.
        papers: the same of the papers' tables.
        figures: the papers' figures, name -> title.
        cards: of the data's sources, see `chapters.of_sources`.
        provenance: of the page itself, name -> value.
    """
    given = list(files)
    numbers = {file.stem: pd.read_csv(file) for file in given if file.suffix == ".csv" and file.stem in tables}
    known, every = list(cards), [*tables.values(), *papers.values()]
    shown = [_shown(name, facts, numbers.get(name)) for name, facts in [*tables.items(), *papers.items()]]
    sections = [
        *chapters.of_tables(given, _titles(tables)),
        *chapters.of_comparison(given),
        *chapters.of_files(given, _titles(papers), key="papers", title="The papers’ tables beside ours", note=PAPERS),
        *chapters.of_files(given, figures, key="figures", title="The papers’ figures", note=FIGURES),
        *chapters.of_claims(given),
        *chapters.of_sources(_example(numbers), known),
    ]
    first = opening.to_html(shown, _runs_of(every), len(known))
    page.write(path, title="SoftLabelBench", sections=sections, provenance=provenance, opening=first)


def _titles(named: Mapping[str, Facts]) -> dict[str, str]:
    return {name: facts["title"] for name, facts in named.items()}


def _shown(name: str, facts: Facts, numbers: pd.DataFrame | None) -> opening.Shown:
    found = None if numbers is None else answers.answer(numbers)
    return opening.Shown(name, facts["title"], facts["data"], facts["methods"], _runs_of([facts]), found)


def _runs_of(every: Sequence[Facts]) -> ledger.Ledger:
    """Return the runs of some tables; a batch that several show counts once."""
    batches = dict.fromkeys(path for facts in every for path in facts["batches"])
    return ledger.read(map(Path, batches), {method for facts in every for method in facts["untrained"]})


def _example(numbers: Mapping[str, pd.DataFrame]) -> str:
    """Return table/method/structure/metric of the first cell that has a control, or of the first at all."""
    for table, frame in numbers.items():
        compared = frame[frame["control"].notna()]
        row = (compared if len(compared) else frame).iloc[0]
        return "/".join([table, row["method"], row["structure"], row["metric"]])
    return ""
