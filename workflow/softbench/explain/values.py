"""The values of a cell once more from the scores of its runs: each seed's mean over cases, and the cases themselves."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.explain.place import Place
from softbench.statistics import apply_policy
from softbench.statistics.rows import by_case, choose
from softbench.tables.choice import with_composites
from softbench.tables.parts import Column

EXTREMES = 3  # cases shown at either end


def of_place(place: Place, runs: Sequence[dict[str, Any]]) -> pd.Series:
    """Return the values of a cell by (seed, case), after the policy for empty masks; mean over raters.

    Args:
        place: which scores are meant.
        runs: of `runs.of_place`; those without scores are passed over.
    Returns: values, unrounded; pooled values have the case `pooled`. Nothing where no run has scores.
    """
    paths = [Path(run["path"]) for run in runs if "path" in run and Path(run["path"]).exists()]
    if not paths:
        return pd.Series(dtype=float)
    scores = pd.concat([_read(path, place) for path in paths], ignore_index=True)
    settled = apply_policy(scores, place.policy)
    head = Column(place.metric, place.structure, place.roi)
    made = {place.structure: place.composites[place.structure]} if place.structure in place.composites else {}
    rows = choose(with_composites(settled, [head], made), place.over)
    rows = rows[(rows["metric"] == place.metric) & (rows["structure"] == place.structure) & (rows["roi"] == place.roi)]
    values = by_case(rows)
    return values.droplevel([name for name in values.index.names if name not in ("seed", "case")])


def _read(path: Path, place: Place) -> pd.DataFrame:
    scores = pd.read_parquet(path, filters=[("metric", "in", [place.metric, "image_diagonal"])])
    grid = place.grid if (scores["grid"] == place.grid).any() else "full"  # trained at full resolution
    scores = scores[(scores["prediction"] == place.prediction) & (scores["grid"] == grid)]
    return scores if place.rater is None else scores[scores["rater"] == place.rater]


def by_seed(values: pd.Series) -> dict[int | None, tuple[float, int]]:
    """Return each seed's mean over its cases, and how many of them are defined; an ensemble's seed is None."""
    groups = values.groupby("seed", dropna=False)
    pairs = zip(groups.mean().items(), groups.count(), strict=True)
    return {None if pd.isna(seed) else int(seed): (float(mean), int(count)) for (seed, mean), count in pairs}


def extremes(values: pd.Series, *, count: int = EXTREMES) -> dict[str, list[dict[str, Any]]]:
    """Return the cases with the lowest and the highest mean over seeds; each case at one end only."""
    means = values.groupby("case").mean().dropna().sort_values(kind="stable")
    count = min(count, len(means) // 2)
    ends = {"lowest": means.iloc[:count], "highest": means.iloc[len(means) - count :].iloc[::-1]}
    return {end: [{"case": case, "value": float(value)} for case, value in of.items()] for end, of in ends.items()}
