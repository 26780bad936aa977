"""Which names there are, of each kind that `names:` and `keys:` in the schema mean."""

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from softbench import networks
from softbench.papers import rehearsal
from softbench.plan import forms, modules
from softbench.plan.config import metrics
from softbench.plan.rule_files import RulesFound

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
            self._kept[kind] = list(self._find(kind))
        return self._kept[kind]

    def _find(self, kind: str) -> list[str]:
        match kind:
            case "sources":
                return list(self.found.sources)
            case "recipes":
                return list(self.found.recipes)
            case "kinds":
                return list(self.found.maps)
            case "network_modules":
                return networks.names()
            case "metrics":
                return metrics.names()
            case "published":
                return list(published())
            case "maps":
                return self._with_unused("maps", "map", self.found.maps)
            case "soft_labels":
                return self._with_unused("soft_labels", "recipe", self.found.recipes)
            case "methods":
                return self._methods()
            case "experiments":
                experiments = self._section("experiments")
                return [*experiments, *(key + rehearsal.SUFFIX for key in _entries_with(experiments, "rehearsal"))]
            case "targets":
                tables, endings = self._section("tables"), dict.fromkeys(filter(None, forms.FORMS.values()))
                return [*tables, *(key + end for key in _entries_with(tables, "published") for end in endings)]
            case _:
                return list(self._section(kind))

    def _section(self, name: str) -> Mapping[str, Any]:
        section = self.values.get(name)
        return section if isinstance(section, Mapping) else {}

    def _with_unused(self, section: str, part: str, found: Iterable[str]) -> list[str]:
        """Return the keys of a section, and what was found that none of its entries names."""
        used = {_named(entry, part, key) for key, entry in self._section(section).items()}
        return [*self._section(section), *(name for name in found if name not in used)]

    def _methods(self) -> list[str]:
        """Return the methods of config, and those that recipes get that no method of config uses."""
        recipes = {name: name for name in self.of("soft_labels")}
        recipes |= {key: _named(entry, "recipe", key) for key, entry in self._section("soft_labels").items()}
        methods = self._section("methods")
        used = {recipes.get(_named(entry, "soft_label", key)) for key, entry in methods.items()}
        return [*methods, *(name for name, recipe in recipes.items() if recipe not in used and name not in methods)]


def _named(entry: Any, part: str, key: str) -> str:
    """Return what an entry names, or its own key where it names nothing."""
    return str(entry.get(part, key)) if isinstance(entry, Mapping) else key


def _entries_with(section: Mapping[str, Any], key: str) -> list[str]:
    return [name for name, entry in section.items() if isinstance(entry, Mapping) and key in entry]


@functools.cache
def published() -> dict[str, dict[str, Any]]:
    """Return the printed tables of all papers as their files hold them, by their keys."""
    papers = modules.constant("papers/published/reader.py", "PAPERS")
    texts = [Path(PUBLISHED, f"{paper}.yaml").read_text(encoding="utf-8") for paper in papers]
    return {key: table for text in texts for key, table in yaml.load(text, LOADER)["tables"].items()}
