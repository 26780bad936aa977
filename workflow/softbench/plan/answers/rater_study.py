"""What rater_study.smk asks: files, settings and VERSIONs of the studies of soft labels against raters."""

from collections.abc import Callable, Sequence
from typing import Any

from softbench import known_cases
from softbench.plan import calls, modules, paths
from softbench.plan.calls import Wildcards, by, pattern
from softbench.plan.checks.raters import BAND_MM, MARGIN_MM
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan
from softbench.plan.processes import PROCESS_MB

MOST_MB = 4000  # that a study asks for; it takes so many cases at a time as fit
PREFIX = "rater_study"
FILES = ("table.csv", "table.md", "table.html", "widths.png", "reliability.png", "paragraph.txt")


class RaterStudies:
    """Answers to rules; `names` and `sources` constrain the wildcards study and source."""

    def __init__(self, plan: Plan, stages: Stages) -> None:
        """Read which studies there are."""
        self.plan, self.stages = plan, stages
        self._studies: dict[str, dict[str, Any]] = plan.config.get("rater_studies", {})
        self._sweeps: dict[str, dict[str, Any]] = plan.config.get("rater_sweeps", {})
        self.names = pattern(self._studies)
        self.sources = pattern(name for name in plan.found.sources if modules.has_label_archives(name))
        self.targets = [f"{PREFIX}_{name}" for name in self._studies]

    def all(self, wildcards: Wildcards) -> list[str]:
        """Return the files of all studies but those that config asks for by their names alone."""
        return [file for name in self._usual for file in files(name)]

    @property
    def _usual(self) -> list[str]:
        return [name for name, entry in self._studies.items() if not entry.get("by_name", False)]

    def of(self, target: str) -> Callable[[Wildcards], list[str]]:
        """Return the answer for the target of one study, e.g. rater_study_lidc."""
        return lambda wildcards: files(target.removeprefix(f"{PREFIX}_"))

    def asked(self, arguments: Sequence[str]) -> list[str]:
        """Return the tables with which a reader begins, where a call of Snakemake asked for studies; else nothing."""
        named = [word.removeprefix(f"{PREFIX}_") for word in arguments if word in self.targets]
        wanted = list(dict.fromkeys([*(self._usual if PREFIX in arguments else ()), *named]))
        return [files(study)[1] for study in wanted]

    @by("study")
    def source(self, study: str) -> str:
        """Return the source of a study."""
        return str(self._studies[study]["source"])

    @by("study")
    def raw(self, study: str) -> list[str]:
        """Return the manifest of the files that a study reads; a phantom has none."""
        source = self._studies[study]["source"]
        if modules.is_phantom(source):
            return []
        return [paths.labels(source) if modules.has_label_archives(source) else paths.raw(source)]

    @by("study")
    def settings(self, study: str) -> dict[str, Any]:
        """Return what `produce.Study` takes."""
        entry = self._studies[study]
        shared = {"source": entry["source"], "band_mm": entry.get("band_mm", BAND_MM)}
        shared["margin_mm"] = entry.get("margin_mm", MARGIN_MM)
        shared |= {"size": entry.get("size"), "number": entry.get("cases"), "images": entry.get("images", True)}
        shared["drop"] = dict(entry.get("drop", {}))
        return shared | {"left_out": sorted(known_cases.excluded(known_cases.actions(entry["source"])))}

    def sweeps(self, wildcards: Wildcards) -> dict[str, dict[str, Any]]:
        """Return the lines of config, without their titles."""
        return {name: {key: value for key, value in entry.items() if key != "title"}
                for name, entry in self._sweeps.items()}  # fmt: skip

    @by("study")
    def note(self, study: str) -> str:
        """Return what config says about the numbers of a study."""
        return str(self._studies[study].get("note", ""))

    def titles(self, wildcards: Wildcards) -> dict[str, str]:
        """Return the titles of lines."""
        return {name: entry["title"] for name, entry in self._sweeps.items() if "title" in entry}

    def recipes(self, wildcards: Wildcards) -> dict[str, dict[str, int]]:
        """Return the VERSIONs that decide the soft label of each recipe that has a rule; none of a program."""
        code = self.stages.code
        entries = {recipe: code.module("soft_labels", recipe) for recipe in self.plan.found.recipes}
        return {recipe: code.versions(entry) if entry else {} for recipe, entry in entries.items()}

    @by("study")
    def versions(self, study: str) -> dict[str, int]:
        """Return the VERSIONs that decide how cases are read and scored."""
        return self.stages.versions("raters", source=self._studies[study]["source"])

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that a study asks for, MB, which bounds its processes; more at the next attempt."""
        return min(MOST_MB, PROCESS_MB * self.threads(wildcards)) * attempt

    @by("study")
    def threads(self, study: str) -> int:
        """Return how many cases of a study are taken at a time."""
        return 1 if modules.is_phantom(self._studies[study]["source"]) else calls.THREADS


def files(study: str) -> list[str]:
    """Return what is shown of a study."""
    return [f"results/rater_study/{study}/{file}" for file in FILES]
