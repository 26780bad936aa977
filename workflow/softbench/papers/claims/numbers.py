"""The numbers of judged claims: one row a claim, unrounded, with all cells that speak against it."""

from collections.abc import Sequence

import pandas as pd

from softbench.papers.claims.judged import Judged
from softbench.papers.claims.outcome import Outcome
from softbench.papers.claims.verdicts import WORDS

VERSION = 2
OUTCOME = ["verdict", "agree", "ties", "cells", "missing", "p_true", "p_qualified", "p_false", "why_no_p", "against"]
OUTCOME += ["absent"]
COLUMNS = [
    *("claim", "paper", "place", "says", "our_reading"),
    *(f"{side}_{name}" for side in ("printed", "ours") for name in OUTCOME),
    *("data", "seeds_min", "seeds_max", "sources", "not_run", "commands"),
]


def numbers(judged: Sequence[Judged]) -> pd.DataFrame:
    """Return one row a claim with all of `COLUMNS`.

    Unknown numbers are empty, lists stand between `;`. `missing` counts cells without a number: lost in print, not
    scored by us. `ours_verdict` is "not run" where nothing is there; `seeds_min` and `seeds_max` are then empty.
    The probabilities of an undetermined claim are those of the cells that are there.
    """
    records = [
        [*_claim(one), *_outcome(one.printed), one.our_verdict, *_outcome(one.ours)[1:], *_data(one)] for one in judged
    ]
    return pd.DataFrame(records, columns=COLUMNS).astype(dict.fromkeys(["seeds_min", "seeds_max"], "Int64"))


def _claim(one: Judged) -> list[object]:
    return [one.claim.key, one.claim.paper, one.claim.place, one.claim.says, one.claim.ours]


def _outcome(one: Outcome) -> list[object]:
    counts = [one.agree, one.ties, len(one.cells), one.missing]
    shares = [one.shares[word] for word in reversed(WORDS)]
    return [one.verdict, *counts, *shares, one.why_none, "; ".join(one.against), "; ".join(one.absent)]


def _data(one: Judged) -> list[object]:
    ran = [source for source in one.sources if source.was_run]
    rest = [source for source in one.sources if not source.was_run]
    seeds = [min(source.seeds[0] for source in ran), max(source.seeds[1] for source in ran)] if ran else [None, None]
    lists = ([source.said for source in ran], [source.place for source in rest], {source.command: 0 for source in rest})
    return [one.data, *seeds, *map("; ".join, lists)]
