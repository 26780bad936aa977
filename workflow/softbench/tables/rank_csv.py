"""Ranks of a table's methods as CSV: a line for each method and column, unrounded; and the agreement of its columns."""

import math
from collections.abc import Sequence

import pandas as pd

from softbench.tables.evidence import Evidence
from softbench.tables.rankings import Ranking

VERSION = 2


def numbers(evidence: Evidence, found: Sequence[Ranking]) -> pd.DataFrame:
    """Return the ranks, unrounded; the test of a column stands on each of its lines."""
    titles = {method.key: method.title for method in evidence.table.methods}
    frames = [_frame(one) for one in found if one.ranks is not None]
    whole = pd.concat(frames) if frames else pd.DataFrame(index=pd.Index([], name="method"))
    whole.insert(0, "title", [titles[key] for key in whole.index])
    return whole.rename_axis("method").reset_index()


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
