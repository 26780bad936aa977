"""How urgent a job is: what the first table of `run:` needs goes first, since a reader waits for its numbers."""

from functools import cached_property

from softbench.plan.answers.tables import Tables
from softbench.plan.calls import Wildcards
from softbench.plan.paths import Run
from softbench.plan.plan import Plan

FIRST = 100  # of what the first table needs
MAP = 10  # slow and wide: before training, which keeps the cores busy one by one


class Order:
    """Answers to `priority` of all rules; jobs of a higher number start first."""

    def __init__(self, plan: Plan, tables: Tables) -> None:
        """Take the plan and what tables need."""
        self.plan, self._tables = plan, tables

    def of(self, wildcards: Wildcards) -> int:
        """Return the priority of a job by its wildcards."""
        return FIRST * self._is_first(dict(wildcards.items()))

    def of_map(self, wildcards: Wildcards) -> int:
        """Return the priority of a map."""
        return MAP + self.of(wildcards)

    def _is_first(self, named: dict[str, str]) -> bool:
        """Return whether the first table needs the job with these wildcards; others than these do not matter."""
        if "method" in named:
            return (named["experiment"], named["network"], named["method"]) in self._runs
        if "soft_label" in named:
            return (named["dataset"], named["soft_label"]) in self._labels
        if "map" in named:
            return (named["dataset"], named["map"]) in self._maps
        if "dataset" in named:
            return named["dataset"] in {dataset for dataset, _ in self._labels}
        if "experiment" in named:  # the rows that are not trained
            untrained = {run[0] for run in self._runs if self.plan.methods[run[2]]["sanity"] is not None}
            return named["experiment"] in untrained
        return named.get("table") == self._table

    @cached_property
    def _table(self) -> str | None:
        """The first table of `run:`, where others follow it."""
        run = self.plan.config["run"]
        return run[0] if len(run) > 1 else None

    @cached_property
    def _runs(self) -> set[Run]:
        return set(self._tables.runs(self._table)) if self._table else set()

    @cached_property
    def _labels(self) -> set[tuple[str, str]]:
        """The soft labels that its methods learn from, each with its data set."""
        trained = [run for run in self._runs if self.plan.methods[run[2]]["sanity"] is None]
        return {(self.plan.dataset_of(run[0]), str(self.plan.methods[run[2]]["soft_label"])) for run in trained}

    @cached_property
    def _maps(self) -> set[tuple[str, str]]:
        maps = ((dataset, self.plan.soft_labels[label].get("map")) for dataset, label in self._labels)
        return {(dataset, name) for dataset, name in maps if name}
