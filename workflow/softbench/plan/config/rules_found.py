"""The recipes, maps and sources that there are rules for, by the text of the rule files."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbench.plan import modules

RULE = re.compile(r"^(?:rule|use rule \w+ as) (\w+)", re.MULTILINE)
RECIPE = re.compile(r"^\s+recipe=['\"](\w+)['\"]", re.MULTILINE)
RULES = modules.PACKAGE.parent / "rules"


@dataclass(frozen=True)
class RulesFound:
    """What rules there are.

    `recipes` have a rule `soften_<recipe>`; each kind of `maps` a rule `map_<kind>`, and stands with the recipe that
    makes it ("" where its rule names none); `sources` have a module.
    """

    recipes: Sequence[str]
    maps: Mapping[str, str]
    sources: Sequence[str]


def find(folder: Path = RULES) -> RulesFound:
    """Read the rule files below a folder."""
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.smk"))}
    named = {path: RULE.findall(text) for path, text in texts.items()}
    recipes = [name.removeprefix("soften_") for names in named.values() for name in names if name.startswith("soften_")]
    maps = {
        name.removeprefix("map_"): (RECIPE.findall(texts[path]) or [""])[0]
        for path, names in named.items()
        for name in names
        if name.startswith("map_")
    }
    return RulesFound(sorted(recipes), maps, sources())


def sources() -> list[str]:
    """Return the names of all sources: modules of `datasets` that assign ACCESS, phantoms among them."""
    room = modules.PACKAGE / "datasets"
    published = [path.stem for path in room.glob("[!_.]*.py") if _is_source(path)]
    made = [f"phantom_{path.stem}" for path in (room / "phantoms").glob("[!_.]*.py") if _is_source(path)]
    return sorted([*published, *made])


def _is_source(path: Path) -> bool:
    return re.search(r"^ACCESS\b.*=", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
