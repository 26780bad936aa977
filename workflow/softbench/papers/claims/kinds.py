"""All kinds of tests that a claim can be, and how one is cut into cells."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from softbench.papers.claims import cells, curves, directions
from softbench.papers.claims.cells import Cells, Margin, goodness
from softbench.papers.claims.sentences import Claim

Kind = Callable[[pd.DataFrame, np.ndarray, Claim], Iterator[Margin]]
COMPARING: dict[str, Kind] = {
    "best": cells.best, "compare": cells.compare, "gain": cells.gain, "growing": cells.growing,
    "ranks_differ": cells.ranks_differ, "steps": curves.steps, "peak": curves.peak, "near": directions.near,
    "alike": directions.alike, "same_order": directions.same_order, "mainly": directions.mainly,
}  # fmt: skip
SIGNED: dict[str, Kind] = {"sign": directions.sign, "sign_of_best": directions.sign_of_best}  # take means as they are
REFUTABLE = frozenset({*COMPARING, *SIGNED} - {"gain", "growing", "ranks_differ"})  # one cell against "every" is enough


def cut(rows: pd.DataFrame, values: np.ndarray, claim: Claim) -> Cells:
    """Cut a claim into cells as its kind does.

    Args:
        rows: a complete table of means, those that the claim speaks of.
        values: (draws, rows), means as they are.
        claim: the sentence.
    """
    if claim.kind in SIGNED:
        margins = list(SIGNED[claim.kind](rows, values, claim))
    else:
        margins = list(COMPARING[claim.kind](rows, goodness(rows, values), claim))
    return Cells(
        tuple(margin.name for margin in margins),
        tuple(margin.group for margin in margins),
        tuple(margin.used for margin in margins),
        _columns([margin.margin for margin in margins], len(values)),
        _columns([margin.margin if margin.size is None else margin.size for margin in margins], len(values)),
    )


def _columns(columns: Sequence[np.ndarray], draws: int) -> np.ndarray:
    return np.stack(columns, axis=1) if columns else np.empty((draws, 0))
