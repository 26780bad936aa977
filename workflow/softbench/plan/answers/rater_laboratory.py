"""What rater_laboratory.smk asks: files, settings and VERSIONs of the panels of simulated raters."""

from collections.abc import Sequence
from typing import Any

from softbench.plan import calls
from softbench.plan.calls import Wildcards
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan

TARGET, TRAINED = "rater_laboratory", "rater_laboratory_trained"
FILES = ("table.csv", "table.md", "table.html", "curve.png", "paragraph.txt")
DEFAULTS: dict[str, Any] = {"size": "tiny", "cases": 48, "raters": 8, "people": 400, "seed": 0, "band_mm": 5.0}
LINES = ("svls",)


class RaterLaboratory:
    """Answers to rules."""

    def __init__(self, plan: Plan, stages: Stages) -> None:
        """Read which populations there are."""
        self.plan, self.stages = plan, stages
        self._entry: dict[str, Any] = plan.config.get(TARGET, {})
        self._sweeps: dict[str, dict[str, Any]] = plan.config.get("rater_sweeps", {})
        self._populations: dict[str, dict[str, Any]] = self._entry.get("populations", {})

    def files(self, wildcards: Wildcards) -> list[str]:
        """Return what is shown: of the panels, where there is a population, and the table of trained networks."""
        return [*(f"results/{TARGET}/{file}" for file in FILES if self._populations), *self._trained()]

    def _trained(self) -> list[str]:
        return [f"results/tables/{TRAINED}.md"] if TRAINED in self.plan.tables else []

    def asked(self, arguments: Sequence[str]) -> list[str]:
        """Return the tables with which a reader begins, where a call of Snakemake asked for the laboratory."""
        shown = [f"results/{TARGET}/{FILES[1]}"] if self._populations else []
        return [*shown, *self._trained()] if TARGET in arguments else []

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return what `experiment.Laboratory` takes."""
        habits = {name: entry["habits"] for name, entry in self._populations.items()}
        return {**{name: self._entry.get(name, value) for name, value in DEFAULTS.items()}, "populations": habits}

    def sweeps(self, wildcards: Wildcards) -> dict[str, dict[str, Any]]:
        """Return the lines that are tried, without their titles."""
        return {
            name: {key: value for key, value in self._sweeps[name].items() if key != "title"} for name in self._lines()
        }

    def titles(self, wildcards: Wildcards) -> dict[str, str]:
        """Return the titles of lines and of populations."""
        entries = [*((name, self._sweeps[name]) for name in self._lines()), *self._populations.items()]
        return {name: entry["title"] for name, entry in entries if "title" in entry}

    def recipes(self, wildcards: Wildcards) -> dict[str, dict[str, int]]:
        """Return the VERSIONs that decide the soft label of each recipe that is tried."""
        code = self.stages.code
        recipes = {"one_hot", *(self._sweeps[name]["recipe"] for name in self._lines())}
        entries = {recipe: code.module("soft_labels", recipe) for recipe in sorted(recipes)}
        return {recipe: code.versions(entry) if entry else {} for recipe, entry in entries.items()}

    def versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs that decide cases, panels and scores."""
        return self.stages.versions("laboratory")

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that it takes at most, MB; the next attempt gets more."""
        return calls.MADE_MB * attempt

    def _lines(self) -> list[str]:
        return list(self._entry.get("lines", LINES)) if self._populations else []
