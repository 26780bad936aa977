"""Ranks of a table's methods as CSV: a line for each method and column, unrounded; and the agreement of its columns."""

import math
from collections.abc import Sequence

import pandas as pd

from softbench.tables.evidence import Evidence
from softbench.tables.rankings import Ranking, between_columns

VERSION = 2


def to_csv(evidence: Evidence, found: Sequence[Ranking]) -> str:
    """Return the ranks as CSV text, unrounded; the test of a column stands on each of its lines."""
    titles = {method.key: method.title for method in evidence.table.methods}
    frames = [_frame(one) for one in found if one.ranks is not None]
    whole = pd.concat(frames) if frames else pd.DataFrame(index=pd.Index([], name="method"))
    whole.insert(0, "title", [titles[key] for key in whole.index])
    return whole.to_csv(lineterminator="\n")


def _frame(one: Ranking) -> pd.DataFrame:
    assert one.ranks is not None
    column = one.column
    place = {"structure": column.structure, "metric": column.metric, "roi": column.roi, "over": column.over}
    counts = {"n_seeds": len(one.ranks.by_seed), "n_cases": len(one.ranks.by_case), "left_out": one.ranks.left_out}
    names = {"p_f": "friedman_p", "concordance": "concordance", "critical_difference": "critical_difference"}
    test = None if one.reason else one.test
    tested = {new: getattr(test, old, math.nan) for old, new in names.items()}
    reasons = {"reason": one.reason, "reason_redrawn": one.ranks.reason}
    return pd.DataFrame(place, index=one.ranks.table.index).join(one.ranks.table).assign(**counts, **tested, **reasons)


def agreement_csv(evidence: Evidence, found: Sequence[Ranking]) -> str:
    """Return Kendall's tau of each pair of columns as CSV text, unrounded."""
    return between_columns(found, evidence.names).to_csv(index=False, lineterminator="\n")
