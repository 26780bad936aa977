"""The claims on the printed numbers and on ours, in three forms."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from softbench import pieces
from softbench.papers.claims import Outcome, wording
from softbench.papers.claims.html import to_html
from softbench.papers.claims.judged import Judged
from softbench.tables import plain_table
from softbench.tables.formats import writer_of

VERSION = 1
OUTCOME = ["verdict", "agree", "ties", "cells", "missing", "p_true", "p_qualified", "p_false", "why_no_p", "against"]
OUTCOME += ["absent"]
COLUMNS = [
    *("claim", "paper", "place", "says", "our_reading"),
    *(f"{side}_{name}" for side in ("printed", "ours") for name in OUTCOME),
    *("data", "seeds_min", "seeds_max", "sources", "not_run", "commands"),
]


def write(judged: Sequence[Judged], path: Path | str) -> None:
    """Write the claims in the form that the suffix of `path` names, by rename.

    .csv holds everything, unrounded, one row a claim; .md and .html (a fragment) are for readers, and name up to six
    cells that speak against a claim.

    Raises: InputError: for another suffix.
    """
    path = Path(path)
    writers = {".csv": to_csv, ".md": to_markdown, ".html": to_html}
    pieces.write_text(path, writer_of(writers, path)(judged))


def to_markdown(judged: Sequence[Judged]) -> str:
    """Return one row a claim under the name of its paper, and a list of notes."""
    rows, groups = [wording.row(one) for one in judged], [wording.group(one) for one in judged]
    return plain_table.text(".md", wording.TITLE, wording.ABOUT, wording.HEADS, rows, wording.notes(judged), groups)


def to_csv(judged: Sequence[Judged]) -> str:
    """Return one row a claim with all of `COLUMNS`.

    Unknown numbers are empty, lists stand between `;`. `missing` counts cells without a number: lost in print, not
    scored by us. `ours_verdict` is "not run" where nothing is there; `seeds_min` and `seeds_max` are then empty.
    The probabilities of an undetermined claim are those of the cells that are there.
    """
    records = [
        [*_claim(one), *_outcome(one.printed), one.our_verdict, *_outcome(one.ours)[1:], *_data(one)] for one in judged
    ]
    table = pd.DataFrame(records, columns=COLUMNS).astype(dict.fromkeys(["seeds_min", "seeds_max"], "Int64"))
    return table.to_csv(index=False, lineterminator="\n")


def _claim(one: Judged) -> list[object]:
    return [one.claim.key, one.claim.paper, one.claim.place, one.claim.says, one.claim.ours]


def _outcome(one: Outcome) -> list[object]:
    counts = [one.agree, one.ties, len(one.cells), one.missing]
    shares = [one.shares[word] for word in ("true", "qualified", "false")]
    return [one.verdict, *counts, *shares, one.why_none, "; ".join(one.against), "; ".join(one.absent)]


def _data(one: Judged) -> list[object]:
    ran = [source for source in one.sources if source.was_run]
    rest = [source for source in one.sources if not source.was_run]
    seeds = [min(s.seeds[0] for s in ran), max(s.seeds[1] for s in ran)] if ran else [None, None]
    commands = dict.fromkeys(wording.command(source) for source in rest)
    return [
        one.data, *seeds, "; ".join(map(wording.source, ran)), "; ".join(map(wording.place, rest)), "; ".join(commands),
    ]  # fmt: skip
