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
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.smk")):
        _, *parts = RULE.split(path.read_text(encoding="utf-8"))  # a name, then what follows it
        found |= dict(zip(parts[::2], parts[1::2], strict=True))
    recipes = sorted(name.removeprefix("soften_") for name in found if name.startswith("soften_"))
    maps = {name.removeprefix("map_"): _recipe_of(text) for name, text in found.items() if name.startswith("map_")}
    return RulesFound(recipes, dict(sorted(maps.items())), modules.sources())


def _recipe_of(text: str) -> str:
    named = RECIPE.search(text)
    return named[1] if named else ""
