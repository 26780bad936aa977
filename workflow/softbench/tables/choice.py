"""Which scores a table needs: what it names must have been scored, and its composites are made for its own metrics."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
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
    places = _places(scores)
    for head in heads:
        scored = places.get((head.metric, head.over), set())
        for structure in composites.get(head.structure, [head.structure]):
            if (structure, head.roi) not in scored:
                raise InputError(
                    f"the column {head.metric} of {structure} in {head.roi} (over {head.over}) was not scored; "
                    f"{head.metric} was for: {_list(f'{name} in {roi}' for name, roi in scored)}."
                )


def _places(scores: pd.DataFrame) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Return the structures and regions in which each metric was scored, over cases and pooled."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    over = np.where(scores["case"] == "pooled", "pooled", "cases")
    rows = scores[["metric", "structure", "roi"]].assign(over=over).drop_duplicates()
    for metric, structure, roi, name in rows.itertuples(index=False):
        found.setdefault((metric, name), set()).add((structure, roi))
    return found


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
