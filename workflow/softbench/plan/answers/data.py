"""What data.smk asks: how files are fetched, data sets prepared, and splits made of patients.

And what maps.smk and the rule files of recipes and maps ask: keys, settings and versions.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from softbench import known_cases
from softbench.errors import InputError
from softbench.plan import calls, checks, modules, paths
from softbench.plan.calls import Wildcards, by, pattern, stops
from softbench.plan.code.stages import Stages
from softbench.plan.places import dotted, fault
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
        self.prepared = pattern(name for name, entry in plan.datasets.items() if entry["source"] not in own_rules)
        self.sources = pattern(
            name for name in plan.found.sources if not modules.is_phantom(name) and name not in own_rules
        )

    def source(self, wildcards: Wildcards) -> str:
        """Return the source of a data set."""
        return str(self.plan.datasets[wildcards.dataset]["source"])

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return how a data set is prepared, with what is done with the known cases of its source."""
        given = self.plan.datasets[wildcards.dataset]
        settings = {name: value for name, value in given.items() if name != "source"}
        known = known_cases.actions(given["source"], given.get("known_cases"))
        return settings | ({"known_cases": known} if known else {})

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

    def threads(self, wildcards: Wildcards) -> int:
        """Return how many cases of a data set are taken at a time (`threads_of`)."""
        return threads_of(self.plan, wildcards)

    def versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs of the modules that decide a prepared case."""
        return self._stages.versions("prepare", source=self.source(wildcards))

    @by("source")
    @stops
    def content(self, source: str) -> str:
        """Return what tells whether files of a source changed: of a folder a hash of its content, wherever it lies."""
        folders = self.plan.config["folders"]
        if source not in folders:
            return "as published"
        from softbench.datasets.fetch import fetch

        cache = fetch.hashes_path(Path("results/raw", source))
        try:
            content: str = fetch.content_of(source, Path(folders[source]), cache)
        except InputError as error:
            path, places = ("folders", source), self.plan.places
            raise fault(places.of(path) if places else None, path, f"cannot be used: {error}") from None
        return content

    def fetch_versions(self, wildcards: Wildcards) -> dict[str, int]:
        """Return the VERSIONs of the modules that decide which files of a source are fetched."""
        return self._stages.versions("fetch", source=wildcards.source)

    def wanted(self, wildcards: Wildcards) -> list[str]:
        """Return the manifests of the sources that the tables in `run:` need; phantoms are not fetched."""
        wanted = {name for target in self.plan.config["run"] for name in self.plan.experiments_of(target)}
        fetched = [source for source in sorted(set(map(self.plan.source_of, wanted))) if not modules.is_phantom(source)]
        if not fetched and self.is_main:
            print("nothing to fetch: the tables in `run:` need phantoms only.", file=sys.stderr)
        return list(map(paths.raw, fetched))

    def split_rule(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return by which rule a split is made of the patients of a data set."""
        return modules.published_splits(self.source(wildcards))[wildcards.split]

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


def threads_of(plan: Plan, wildcards: Wildcards) -> int:
    """Return how many cases of a data set are taken at a time: one of a phantom, since all of its take seconds, and a
    job of all cores would wait until nothing else runs."""
    return 1 if modules.is_phantom(plan.datasets[wildcards.dataset]["source"]) else calls.THREADS


class SoftLabels:
    """Answers to rules about soft labels, and about the maps that several of them share."""

    def __init__(self, plan: Plan) -> None:
        """Hold a plan; `shards` is how many jobs share the cases of a map, `minutes` how long jobs take at most."""
        self.plan, self.minutes = plan, calls.MINUTES
        self.shards: int = plan.config["shards"]

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that mapping the cases of a data set takes at most, MB; the next attempt gets more."""
        return calls.CASES_MB * attempt

    def threads(self, wildcards: Wildcards) -> int:
        """Return how many cases of a data set are taken at a time (`threads_of`)."""
        return threads_of(self.plan, wildcards)

    def keys(self, recipe: str) -> str:
        """Constrain {soft_label} to the config keys of a recipe; one without a key gets its own name."""
        return pattern(name for name, entry in self.plan.soft_labels.items() if entry["recipe"] == recipe)

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a soft label; those of its map are apart."""
        entry = self.plan.soft_labels.get(wildcards.soft_label, {})
        return {name: value for name, value in entry.items() if name not in ("recipe", "map", "teacher")}

    def words_of(self, **defaults: Any) -> Callable[[Wildcards], list[str]]:
        """Return the settings of a soft label as words for a program, `name=value`; each needs a default."""

        @stops
        def given(wildcards: Wildcards) -> list[str]:
            path = ("soft_labels", wildcards.soft_label)
            place = self.plan.places.of(path) if self.plan.places else None
            return calls.complete(f"{place or 'config'}: {dotted(path)}", self.settings(wildcards), defaults)

        return given

    def maps(self, kind: str) -> str:
        """Constrain {map} to the maps of a kind; a kind without a key in config gets its own name."""
        return pattern(name for name, entry in self.plan.maps.items() if entry["map"] == kind)

    def map_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a map."""
        return self._map_settings(wildcards.map)

    def shards_of(self, kind: str) -> Callable[[Wildcards], list[str]]:
        """Return the lists of the maps that a soft label mixes."""

        def shards(wildcards: Wildcards) -> list[str]:
            return paths.shards(wildcards.dataset, self.map_of(kind, wildcards), self.shards)

        return shards

    def settings_of_map(self, kind: str) -> Callable[[Wildcards], dict[str, Any]]:
        """Return the settings of the map that a soft label mixes."""

        def settings(wildcards: Wildcards) -> dict[str, Any]:
            return self._map_settings(self.map_of(kind, wildcards))

        return settings

    def map_of(self, kind: str, wildcards: Wildcards) -> str:
        """Return the map that a soft label names, or the one that is called after its kind."""
        return str(self.plan.soft_labels.get(wildcards.soft_label, {}).get("map", kind))

    def _map_settings(self, name: str) -> dict[str, Any]:
        return {key: value for key, value in self.plan.maps.get(name, {}).items() if key != "map"}
