"""The report: what was run and what it says, a chapter for each table, the papers, and where all of it comes from."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.page import answers, chapters, ledger, opening, page

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
        cards: of the data's sources, see `chapters.of_sources`.
        claims, comparison: fragments of HTML.
        rehearsals: pages of rehearsals, which lie beside this one, and their titles.
        files: pictures (.png) and captions (.txt) of the papers' figures.
        provenance: of the page itself, name -> value.
    """
    known, every = list(cards), {**tables, **papers}
    done = {name: facts for name, facts in every.items() if Path(facts["record"]).exists()}
    read = {name: pd.read_csv(facts["numbers"]) for name, facts in tables.items() if name in done}
    numbers = {name: frame for name, frame in read.items() if "method" in frame}  # else a sentence: why there are none
    shown = [_shown(name, facts, numbers.get(name)) for name, facts in every.items()]
    sections = [
        *(_chapter(name, facts) for name, facts in done.items() if name in tables),
        *chapters.of_html(map(Path, comparison), title="Do the data sets agree?", address="between"),
        *(_chapter(name, facts) for name, facts in done.items() if name in papers),
        *chapters.of_figures(files, figures, title="The papers’ figures", note=FIGURES),
        *chapters.of_html([Path(claims)], title="The papers’ claims", address="claims"),
        *chapters.of_sources(_example(numbers), known),
    ]
    left = [facts["title"] for name, facts in every.items() if name not in done]
    first = opening.to_html(shown, _runs_of(list(every.values())), len(known), left, rehearsals or {})
    page.write(path, title="SoftLabelBench", sections=sections, provenance=provenance, opening=first)


def _chapter(name: str, facts: Facts) -> dict[str, Any]:
    return chapters.of_table(chapters.read(Path(facts["record"])), name, facts["title"])


def _shown(name: str, facts: Facts, numbers: pd.DataFrame | None) -> opening.Shown:
    found = None if numbers is None else answers.answer(numbers)
    return opening.Shown(name, facts["title"], facts["data"], facts["methods"], _runs_of([facts]), found)


def _runs_of(every: Sequence[Facts]) -> ledger.Ledger:
    """Return the runs of some tables; a batch that several show counts once, and one that is not there yet not."""
    batches = dict.fromkeys(path for facts in every for path in facts["batches"])
    untrained = {method for facts in every for method in facts["untrained"]}
    return ledger.read((path for path in map(Path, batches) if path.exists()), untrained)


def _example(numbers: Mapping[str, pd.DataFrame]) -> str:
    """Return table/method/structure/metric of the first cell that has a control, or of the first at all."""
    for table, frame in numbers.items():
        compared = frame[frame["control"].notna()]
        row = (compared if len(compared) else frame).iloc[0]
        return "/".join([table, row["method"], row["structure"], row["metric"]])
    return ""
