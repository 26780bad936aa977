"""What data.smk asks: how files are fetched, data sets prepared, and splits made of patients."""

import sys
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan import calls, checks, modules, paths
from softbench.plan.calls import Wildcards, by, pattern, stops
from softbench.plan.code.stages import Stages
from softbench.plan.places import fault
from softbench.plan.plan import Plan


class Data:
    """Answers to rules; `names` and `sources` constrain the wildcards dataset and source."""

    def __init__(self, plan: Plan, stages: Stages, own_rules: frozenset[str], *, is_main: bool) -> None:
        """Read which data sets and sources there are.

        Args:
            plan: of config.
            stages: of the code.
            own_rules: sources that have rules of their own in a dropped-in file, `prepare_<source>`.
            is_main: whether this process plans jobs, and does not carry one out.
        """
        self.plan, self._stages, self.is_main = plan, stages, is_main
        self._read: set[str] = set()  # committed splits that are whole
        self.names = pattern(plan.datasets)
        self.prepared = pattern(name for name, one in plan.datasets.items() if one["source"] not in own_rules)
        self.sources = pattern(name for name in plan.sources if not modules.is_phantom(name) and name not in own_rules)

    def source(self, wildcards: Wildcards) -> str:
        """Return the source of a data set."""
        source: str = self.plan.datasets[wildcards.dataset]["source"]
        return source

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return how a data set is prepared."""
        return {name: value for name, value in self.plan.datasets[wildcards.dataset].items() if name != "source"}

    def raw(self, wildcards: Wildcards) -> list[str]:
        """Return the manifest of the files that a data set is prepared from; a phantom has none."""
        source = self.source(wildcards)
        return [] if modules.is_phantom(source) else [paths.raw(source)]

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that preparing a data set takes at most, MB; the next attempt gets more."""
        return (calls.MADE_MB if modules.is_phantom(self.source(wildcards)) else calls.CASES_MB) * attempt

    def minutes(self, wildcards: Wildcards) -> int:
        """Return how long preparing a data set takes at most."""
        return calls.MINUTES["make" if modules.is_phantom(self.source(wildcards)) else "prepare"]

    def versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs of the modules that decide a prepared case."""
        return self._stages.prepare(self.source(wildcards))

    @by("source")
    @stops
    def content(self, source: str) -> str:
        """Return what tells whether files of a source changed: of a folder a hash of its content, wherever it lies."""
        folders = self.plan.config["folders"]
        if source not in folders:
            return "as published"
        from softbench.datasets.fetch import fetch

        cache = fetch.hashes_of(Path("results/raw", source))
        try:
            content: str = fetch.content_of(source, Path(folders[source]), cache)
        except InputError as error:
            path, places = ("folders", source), self.plan.places
            raise fault(places.of(path) if places else None, path, f"cannot be used: {error}") from None
        return content

    def fetch_versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs of the modules that decide which files of a source are fetched."""
        return self._stages.fetch(wildcards.source)

    def wanted(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the sources that the tables in `run:` need; phantoms are not fetched."""
        wanted = {name for target in self.plan.config["run"] for name in self.plan.experiments_of(target)}
        fetched = [source for source in sorted(set(map(self.plan.source_of, wanted))) if not modules.is_phantom(source)]
        if not fetched and self.is_main:
            print("nothing to fetch: the tables in `run:` need phantoms only.", file=sys.stderr)
        return list(map(paths.raw, fetched))

    def split_rule(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return by which rule a split is made of the patients of a data set."""
        return modules.splits_of(self.source(wildcards))[wildcards.split]

    def main_split(self, wildcards: Wildcards) -> str:
        """Return the main split of a data set, for soft labels that look at other cases of the same part."""
        return paths.split(wildcards.dataset, "main", derived=self.plan.is_derived(wildcards.dataset, "main"))

    def split_of(self, experiment: str) -> str:
        """Return where the split of an experiment lies; a bad one stops before any job starts."""
        path = self.plan.split_of(experiment)
        if path.startswith("workflow/") and self.is_main:
            self._require_split(experiment, path)
        return path

    @stops
    def _require_split(self, experiment: str, path: str) -> None:
        """Stop unless a committed split is there and can be read; each is looked at once."""
        if path in self._read:
            return
        checks.require_split(self.plan, experiment)
        from softbench.datasets import splits

        splits.read(Path(path))
        self._read.add(path)
