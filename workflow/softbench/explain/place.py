"""Which scores a cell is made of: experiment, network, method, and what is taken of the scores of its runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from softbench.plan.plan import Plan

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
        (one for one in settings["columns"] if all(one.get(k, "all") == row[k] for k in there)), {}
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
    block = next(one for one in settings["blocks"] if (one["printed"], one["arm"]) == place)
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
