"""What maps.smk and the rule files of recipes and maps ask: keys, settings and versions."""

from collections.abc import Callable
from typing import Any

from softbench.plan import calls, paths
from softbench.plan.calls import Wildcards, pattern, stops
from softbench.plan.places import dotted
from softbench.plan.plan import Plan


class SoftLabels:
    """Answers to rules about soft labels, and about the maps that several of them share."""

    def __init__(self, plan: Plan) -> None:
        """Hold a plan; `shards` is how many jobs share the cases of a map, `minutes` how long jobs take at most."""
        self.plan, self.minutes = plan, calls.MINUTES
        self.shards: int = plan.config["shards"]

    def memory_mb(self, wildcards: Wildcards, attempt: int) -> int:
        """Return the memory that mapping the cases of a data set takes at most, MB; the next attempt gets more."""
        return calls.CASES_MB * attempt

    def keys(self, recipe: str) -> str:
        """Constrain {soft_label} to the config keys of a recipe; one without a key gets its own name."""
        return pattern(name for name, one in self.plan.soft_labels.items() if one["recipe"] == recipe)

    def settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a soft label; those of its map are apart."""
        one = self.plan.soft_labels.get(wildcards.soft_label, {})
        return {name: value for name, value in one.items() if name not in ("recipe", "map")}

    def words_of(self, **defaults: Any) -> Callable[[Wildcards], list[str]]:
        """Return the settings of a soft label as words for a program, `name=value`; each needs a default."""

        @stops
        def given(wildcards: Wildcards) -> list[str]:
            path = ("soft_labels", wildcards.soft_label)
            place = self.plan.places.of(path) if self.plan.places else None
            where = f"{place}: {dotted(path)}" if place else f"config: {dotted(path)}"
            return calls.complete(where, self.settings(wildcards), defaults)

        return given

    def maps(self, kind: str) -> str:
        """Constrain {map} to the maps of a kind; a kind without a key in config gets its own name."""
        return pattern(name for name, one in self.plan.maps.items() if one["map"] == kind)

    def map_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of a map."""
        return self._settings_of_map(wildcards.map)

    def shards_of(self, kind: str) -> Callable[[Wildcards], list[str]]:
        """Return the lists of the maps that a soft label mixes."""

        def shards(wildcards: Wildcards) -> list[str]:
            return paths.shards(wildcards.dataset, self.map_of(kind, wildcards), self.shards)

        return shards

    def settings_of_map(self, kind: str) -> Callable[[Wildcards], dict[str, Any]]:
        """Return the settings of the map that a soft label mixes."""

        def settings(wildcards: Wildcards) -> dict[str, Any]:
            return self._settings_of_map(self.map_of(kind, wildcards))

        return settings

    def map_of(self, kind: str, wildcards: Wildcards) -> str:
        """Return the map that a soft label names, or the one that is called after its kind."""
        name: str = self.plan.soft_labels.get(wildcards.soft_label, {}).get("map", kind)
        return name

    def _settings_of_map(self, name: str) -> dict[str, Any]:
        return {key: value for key, value in self.plan.maps.get(name, {}).items() if key != "map"}
