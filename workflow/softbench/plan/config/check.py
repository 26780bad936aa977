"""All of config against its schema, and what its entries say together: one error, the first by file and line.

`Names` are those that `names:` and `keys:` in the schema mean.
"""

import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from softbench import networks
from softbench.errors import InputError
from softbench.losses import catalogue as losses
from softbench.networks import monai_arguments
from softbench.plan import forms, modules, rule_files
from softbench.plan.config import metrics, schema, walk
from softbench.plan.forms import COUNTED, OPEN, SUFFIX
from softbench.plan.places import Fault, KeyPath, known, refuse
from softbench.plan.rule_files import RulesFound

if TYPE_CHECKING:
    from softbench.plan.config import Config

MONAI = "monai"
PLATEAU = "halve_on_plateau"
PUBLISHED = modules.PACKAGE.parent / "published"


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
                return list(dict.fromkeys([*self._section("methods"), *self.unlearned()]))
            case "experiments":
                experiments = self._section("experiments")
                return [*experiments, *(key + SUFFIX for key in _entries_with(experiments, "rehearsal"))]
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
        used = {_name_in(entry, part, key) for key, entry in self._section(section).items()}
        return [*self._section(section), *(name for name in found if name not in used)]

    def unlearned(self) -> list[str]:
        """Return the soft labels whose recipe no method of config uses: each gets a method of its own name."""
        recipes = {name: name for name in self.of("soft_labels")}
        recipes |= {key: _name_in(entry, "recipe", key) for key, entry in self._section("soft_labels").items()}
        methods = self._section("methods")
        rows = {key for key, entry in methods.items() if isinstance(entry, Mapping) and "sanity" in entry}
        used = {recipes.get(_name_in(methods[key], "soft_label", key)) for key in methods if key not in rows}
        return [name for name, recipe in recipes.items() if recipe not in used]


def _name_in(entry: Any, part: str, key: str) -> str:
    """Return what an entry names, or its own key where it names nothing."""
    return str(entry.get(part, key)) if isinstance(entry, Mapping) else key


def _entries_with(section: Mapping[str, Any], key: str) -> list[str]:
    return [name for name, entry in section.items() if isinstance(entry, Mapping) and key in entry]


@functools.cache
def published() -> dict[str, dict[str, Any]]:
    """Return the printed tables of all papers as their files hold them, by their keys."""
    papers = modules.constant("papers/published/reader.py", "PAPERS")
    texts = [Path(PUBLISHED, f"{paper}.yaml").read_text(encoding="utf-8") for paper in papers]
    return {key: table for text in texts for key, table in yaml.load(text, schema.LOADER)["tables"].items()}


def check(config: "Config", found: RulesFound | None = None) -> None:
    """Raise for the first fault of config: a key, type, range or name that is not known.

    Args:
        config: as it was read.
        found: the recipes, maps and sources that there are; None: by the text of the rule files.
    Raises: InputError: as `places.refuse`.
    """
    refuse(faults(config.values, found), config.places)


def faults(values: Mapping[str, Any], found: RulesFound | None = None) -> list[Fault]:
    """Return what is wrong with config: with its entries one by one, or if nothing is, with what they say together."""
    names = Names(values, found or rule_files.find())
    return list(_one_by_one(values, names)) or list(_together(values, names))


def earlier_keys(values: Mapping[str, Any]) -> list[Fault]:
    """Return the keys of config that an earlier version had, each with what to write in its place."""
    return [fault for fault in _one_by_one(values, Names(values, rule_files.find())) if fault.is_earlier]


def _one_by_one(values: Mapping[str, Any], names: Names) -> Iterator[Fault]:
    entry = functools.partial(schema.entry, recipes_of_maps=names.found.maps)
    rules = walk.Rules(names.of, entry, _loss_fault, names.is_known)
    return walk.faults(values, schema.whole(), (), rules)


def _loss_fault(expression: str) -> str | None:
    """Return what is wrong with a loss; None where it can be read."""
    try:
        losses.read(expression)
    except InputError as error:
        return str(error)
    return None


def _together(values: Mapping[str, Any], names: Names) -> Iterator[Fault]:
    """Yield what does not fit between the entries of config, which the schema allows one by one."""
    yield from _nameless(values, names)
    yield from _foreign_maps(values, names)
    yield from _circles(values["methods"])
    yield from _titles_of_raters(values["methods"])
    for name, protocol in values["protocols"].items():
        yield from _lengths(("protocols", name), protocol)
    yield from _networks_of_monai(values["networks"])
    yield from _rehearsals(values)
    yield from _untried(values)
    yield from _taken(values, names)


def _nameless(values: Mapping[str, Any], names: Names) -> Iterator[Fault]:
    """Yield entries that name nothing, so that their own key is meant, and have a key that is nothing."""
    for section, part, kind in (("soft_labels", "recipe", "recipes"), ("maps", "map", "kinds")):
        for key, entry in values[section].items():
            if part not in (entry or {}) and key not in names.of(kind):
                yield Fault(
                    (section, key), f"has no `{part}`, and none is called {key!r}. {known(key, names.of(kind))}"
                )
    for key, method in values["methods"].items():
        is_row = "sanity" in (method or {})
        if not is_row and "soft_label" not in (method or {}) and key not in names.of("soft_labels"):
            said = f"has no `soft_label`, and none is called {key!r}. {known(key, names.of('soft_labels'))}"
            yield Fault(("methods", key), said)


def _foreign_maps(values: Mapping[str, Any], names: Names) -> Iterator[Fault]:
    """Yield soft labels that mix a map which is made for another recipe."""
    kinds = {key: (entry or {}).get("map", key) for key, entry in values["maps"].items()}
    for key, entry in values["soft_labels"].items():
        recipe, chosen = (entry or {}).get("recipe", key), (entry or {}).get("map")
        kind = kinds.get(str(chosen), str(chosen))
        made_for = names.found.maps.get(kind, recipe)
        if made_for != recipe:
            said = f"is {chosen!r}, a map of the kind {kind!r}, which the recipe {made_for!r} mixes"
            yield Fault(("soft_labels", key, "map"), f"{said}, and {recipe!r} does not.")


def _titles_of_raters(methods: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield methods that are trained, and have a second title for data of several raters."""
    for name, method in methods.items():
        if "title_raters" in (method or {}) and "sanity" not in method:
            said = "is of rows that are not trained, which have `sanity`. Leave it out: `title` holds everywhere."
            yield Fault(("methods", name, "title_raters"), said)


def _circles(methods: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield methods that are their own control, at once or by way of others."""
    for name in methods:
        seen = [name]
        while (control := _control(seen[-1], methods)) is not None and control not in seen:
            seen.append(control)
        if control == name:
            way = " -> ".join([*seen, name])
            said = f"is {control!r}, the method itself" if len(seen) == 1 else f"ends where it began: {way}"
            rest = ["control"] if "control" in (methods[name] or {}) else []
            yield Fault(("methods", name, *rest), f"{said}. Name a method that it is compared with, or null.")


def _control(name: str, methods: Mapping[str, Any]) -> str | None:
    method = methods.get(name) or {}
    if "sanity" in method or (name == "one_hot" and "control" not in method):
        return None
    control: str | None = method.get("control", "one_hot")
    return control


def _lengths(path: KeyPath, protocol: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield protocols that do not say how long they train, say it twice, or set a rule that decides nothing."""
    counted = [name for name in COUNTED if name in protocol]
    if not counted:
        yield Fault(path, "has neither `epochs` nor `steps`. Say how long it trains.")
    if len(counted) == 2:
        said = f"is {protocol['steps']}, but the protocol has `epochs: {protocol['epochs']}`, too. Delete one of them."
        yield Fault((*path, "steps"), said)
    schedule = protocol.get("schedule")
    if protocol.get("plateau_epoch_steps") is not None and schedule != PLATEAU:
        said = f"decides nothing: the schedule is {schedule!r}, which looks at no validation. "
        yield Fault((*path, "plateau_epoch_steps"), f"{said}Leave it out, or set `schedule: {PLATEAU}`.")
    elif (protocol.get("plateau_epoch_steps") or 0) % (protocol.get("validate_every") or 1):
        said = f"is {protocol['plateau_epoch_steps']}, but must be a multiple of `validate_every`"
        wanted = f"{said}, {protocol['validate_every']}: each epoch of the plateau rule ends with a validation."
        yield Fault((*path, "plateau_epoch_steps"), wanted)


def _networks_of_monai(networks_of_config: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield networks of MONAI that it lacks, and arguments that they do not take, or lack."""
    for name, network in networks_of_config.items():
        if network["name"] == MONAI and (wrong := monai_arguments.problem(network)) is not None:
            yield Fault(("networks", name, wrong[0]), wrong[1])


def _rehearsals(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield rehearsals that count in both units."""
    for name, experiment in values["experiments"].items():
        protocol = experiment.get("rehearsal", {}).get("protocol", {})
        if set(COUNTED) <= set(protocol):
            said = f"is {protocol['steps']}, but it has `epochs: {protocol['epochs']}`, too. Delete one of them."
            yield Fault(("experiments", name, "rehearsal", "protocol", "steps"), said)


def _taken(values: Mapping[str, Any], names: Names) -> Iterator[Fault]:
    """Yield entries whose name the plan gives to another: a rehearsal, a form of a table or figure, the soft label of a
    recipe that none names, the method of a soft label that none learns from."""
    experiments, tables, figures = values["experiments"], values["tables"], values.get("figures", {})
    for kind in ("experiments", "protocols"):
        for name in values[kind]:
            base = name.removesuffix(SUFFIX)
            if base != name and "rehearsal" in experiments.get(base, {}):
                yield Fault((kind, name), f"is what the rehearsal of {base!r} is called. Rename it.")
    for ending in (OPEN, SUFFIX):
        for name in tables:
            base = name.removesuffix(ending)
            if base != name and "published" in tables.get(base, {}):
                yield Fault(("tables", name), f"is what a form of the paper's table {base!r} is called. Rename it.")
        for name in figures:
            if name.endswith(ending) and name.removesuffix(ending) in figures:
                said = f"is what a form of the figure {name.removesuffix(ending)!r} is called. Rename it."
                yield Fault(("figures", name), said)
    recipes = {key: (entry or {}).get("recipe", key) for key, entry in values["soft_labels"].items()}
    for name, recipe in recipes.items():
        if name != recipe and name in names.of("recipes") and name not in recipes.values():
            said = f"is {recipe!r}, but {name!r} is a recipe, too, and no soft label of config has it. Rename the key."
            yield Fault(("soft_labels", name, "recipe"), said)
    for name in names.unlearned():
        if name in values["methods"]:
            said = f"does not fit: the soft label {name!r} is learnt by no method, so that it gets one of this name. "
            rest = ["soft_label"] if "soft_label" in (values["methods"][name] or {}) else []
            yield Fault(("methods", name, *rest), f"{said}Rename the soft label (and its rule file), or the method.")


def _untried(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield experiments in a paper's table that cannot be rehearsed: each such table has a form on phantoms."""
    for name, table in values["tables"].items():
        for place, block in enumerate(table.get("blocks", [])):
            experiment = block["experiment"]
            if "rehearsal" not in values["experiments"].get(experiment, {}):
                said = f"is {experiment!r}, which has no `rehearsal`. Give it one: the table has a form on phantoms."
                yield Fault(("tables", name, "blocks", place, "experiment"), said)
