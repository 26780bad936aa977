"""Which scores a cell is made of (experiment, network, method, column), and their values by seed and by case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.plan.plan import Plan
from softbench.statistics import apply_policy
from softbench.statistics.summary import by_case, choose
from softbench.tables.cells import Column
from softbench.tables.table import with_composites

EXTREMES = 3  # cases shown at either end
SCALED = "@"  # in the key of a row that shows the runs of a method at their own temperature


@dataclass(frozen=True)
class Place:
    """A cell's scores; `method` is None where the cell has no number of ours."""

    experiment: str
    network: str
    method: str | None
    metric: str
    structure: str
    roi: str
    over: str = "cases"
    prediction: str = "raw"
    grid: str = "full"
    policy: str = "diagonal"
    rater: int | None = None
    composites: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def is_ensemble(self) -> bool:
        """Whether the number is that of one ensemble, which has no seeds."""
        return self.prediction.startswith("ensemble")


def of_cell(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    """Return which scores a cell shows; `row` is its line in the table's csv."""
    return _of_paper(plan, table, row) if table in plan.paper_tables else _of_table(plan, table, row)


def _of_table(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    settings = plan.tables[table]
    experiment, network, _ = plan.runs_of(table)[0]
    method, _, scaled = row["method"].partition(SCALED)
    there = ("metric", "structure", "roi")
    column: dict[str, str] = next(
        (column for column in settings["columns"] if all(column.get(k, "all") == row[k] for k in there)), {}
    )
    sanity = plan.methods[method]["sanity"] if method in plan.methods else None
    prediction = "raw" if sanity else scaled or settings.get("prediction", "raw")
    how = {name: settings[name] for name in ("grid", "policy") if name in settings}
    return Place(
        experiment, network, method, row["metric"], row["structure"], row["roi"], column.get("over", "cases"),
        prediction, composites=settings.get("composites", {}), **how,
    )  # fmt: skip


def _of_paper(plan: Plan, table: str, row: Mapping[str, str]) -> Place:
    settings = plan.paper_tables[table]
    place = (row["dataset"], row["arm"] or None)
    block = next(block for block in settings["blocks"] if (block["printed"], block["arm"]) == place)
    experiment: dict[str, Any] = plan.experiments[block["experiment"]]
    structure = experiment.get("structures", {}).get(row["structure"], row["structure"])
    how = {name: settings[name] for name in ("grid", "policy") if name in settings}
    return Place(
        block["experiment"],
        experiment["networks"][0],
        row["method_ours"] if row["ours_mean"] else None,
        row["metric_ours"],
        structure,
        row["roi"] or "all",
        rater=int(row["rater"]) if row["rater"] else None,
        composites=experiment.get("composites") or _printed_composites(settings["published"]),
        **how,
    )


def _printed_composites(published_table: str) -> dict[str, list[str]]:
    from softbench.papers import published

    return {name: list(parts) for name, parts in published.read(published_table).composites.items()}


def values_of(place: Place, runs: Sequence[dict[str, Any]]) -> pd.Series:
    """Return the values of a cell by (seed, case), after the policy for empty masks; mean over raters.

    Args:
        place: which scores are meant.
        runs: of `chain.runs_of`; those without scores are passed over.
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
