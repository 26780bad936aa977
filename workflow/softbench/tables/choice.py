"""Which scores a table needs: what it names must have been scored, and its composites are made for its own metrics."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from softbench.errors import InputError
from softbench.statistics import composite
from softbench.tables.parts import Column, Method


def check_found(
    scores: pd.DataFrame,
    rows: Iterable[Method],
    heads: Iterable[Column],
    composites: Mapping[str, Sequence[str]],
    absent: set[str],
) -> None:
    """Raise unless each method, control and column of a table was scored; `absent` methods have a reason to lack it."""
    known = set(scores["method"].unique()) | absent
    named = {name for row in rows for name in (row.key, row.control) if name}
    if named - known:
        raise InputError(
            f"the table names {_list(named - known)}, but scored are {_list(known)}. Run them, or take them out."
        )
    for head in heads:
        for structure in composites.get(head.structure, [head.structure]):
            _check_scored(scores, head, structure)


def _check_scored(scores: pd.DataFrame, head: Column, structure: str) -> None:
    rows = scores[(scores["metric"] == head.metric) & ((scores["case"] == "pooled") == (head.over == "pooled"))]
    if not ((rows["structure"] == structure) & (rows["roi"] == head.roi)).any():
        places = rows[["structure", "roi"]].drop_duplicates().astype(str).agg(" in ".join, axis=1)
        raise InputError(
            f"the column {head.metric} of {structure} in {head.roi} (over {head.over}) was not scored; "
            f"{head.metric} was for: {_list(places)}."
        )


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def with_composites(
    scores: pd.DataFrame, heads: Sequence[Column], composites: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """Return the scores of a table's own metrics, with its composites added where a column asks for them."""
    needed = scores[scores["metric"].isin({head.metric for head in heads})]
    parts = [needed]
    for name, members in composites.items():
        metrics = {head.metric for head in heads if head.structure == name}
        if metrics:
            added = composite(needed[needed["metric"].isin(metrics)], name, members)
            parts.append(added[added["structure"] == name])
    return pd.concat(parts, ignore_index=True)
