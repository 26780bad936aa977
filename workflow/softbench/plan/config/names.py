"""Which names there are: of each kind that `names:` and `keys:` in the schema mean."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from softbench import networks
from softbench.papers import rehearsal
from softbench.plan import modules, paper_forms
from softbench.plan.config import metrics
from softbench.plan.config.rules_found import RulesFound

PUBLISHED = modules.PACKAGE.parent / "published"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Names:
    """The names of one config; what lies there wrongly counts as nothing, for the schema refuses it."""

    def __init__(self, values: Mapping[str, Any], found: RulesFound) -> None:
        """Take config as plain values, and the rules and sources that were found."""
        self.values, self.found = values, found
        self._kept: dict[str, list[str]] = {}

    def is_known(self, kind: str, name: str) -> bool:
        """Return whether there is a name of a kind; of metrics there is no end."""
        return metrics.is_known(name) if kind == "metrics" else name in self.of(kind)

    def of(self, kind: str) -> list[str]:
        """Return all names of a kind, e.g. "methods" or "sources"."""
        if kind not in self._kept:
            self._kept[kind] = getattr(self, f"_{kind}", lambda: list(self._section(kind)))()
        return self._kept[kind]

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.values.get(name)
        return section if isinstance(section, Mapping) else {}

    def _sources(self) -> list[str]:
        return list(self.found.sources)

    def _recipes(self) -> list[str]:
        return list(self.found.recipes)

    def _kinds(self) -> list[str]:
        return list(self.found.maps)

    def _network_modules(self) -> list[str]:
        return networks.names()

    def _metrics(self) -> list[str]:
        return metrics.names()

    def _maps(self) -> list[str]:
        used = {_named(entry, "map", key) for key, entry in self._section("maps").items()}
        return [*self._section("maps"), *(kind for kind in self.found.maps if kind not in used)]

    def _soft_labels(self) -> list[str]:
        used = set(self._recipe_of().values())
        return [*self._section("soft_labels"), *(name for name in self.found.recipes if name not in used)]

    def _recipe_of(self) -> dict[str, str]:
        return {key: _named(entry, "recipe", key) for key, entry in self._section("soft_labels").items()}

    def _methods(self) -> list[str]:
        """Return the methods of config, and those that recipes get that no method of config uses."""
        recipe_of = {**{name: name for name in self._soft_labels()}, **self._recipe_of()}
        methods = self._section("methods")
        used = {recipe_of.get(_named(entry, "soft_label", key)) for key, entry in methods.items()}
        return [*methods, *(name for name, recipe in recipe_of.items() if recipe not in used and name not in methods)]

    def _experiments(self) -> list[str]:
        experiments = self._section("experiments")
        tried = [key for key, entry in experiments.items() if isinstance(entry, Mapping) and "rehearsal" in entry]
        return [*experiments, *(key + rehearsal.SUFFIX for key in tried)]

    def _targets(self) -> list[str]:
        tables = self._section("tables")
        papers = [key for key, entry in tables.items() if isinstance(entry, Mapping) and "published" in entry]
        endings = [ending for ending in dict.fromkeys(paper_forms.FORMS.values()) if ending]
        return [*tables, *(key + ending for key in papers for ending in endings)]

    def _published(self) -> list[str]:
        return list(published())


def _named(entry: Any, part: str, key: str) -> str:
    """Return what an entry names, or its own key where it names nothing."""
    return str(entry.get(part, key)) if isinstance(entry, Mapping) else key


@functools.cache
def published() -> dict[str, dict[str, Any]]:
    """Return the printed tables of all papers as their files hold them, by their keys."""
    papers = modules.constant("papers/published/reader.py", "PAPERS")
    texts = [Path(PUBLISHED, f"{paper}.yaml").read_text(encoding="utf-8") for paper in papers]
    return {key: table for text in texts for key, table in yaml.load(text, LOADER)["tables"].items()}
