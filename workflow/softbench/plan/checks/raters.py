"""Whether the studies of raters fit: sources with several raters, settings of recipes, rising widths and ranges."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from softbench.plan import modules
from softbench.plan.places import Fault, known

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

SVLS = "svls"  # the line that mOH is compared with


def faults(plan: "Plan") -> Iterator[Fault]:
    """Give what does not fit in the studies of a plan."""
    for name, entry in plan.config.get("rater_studies", {}).items():
        yield from _of_study(("rater_studies", name), entry)
    for name, entry in plan.config.get("rater_sweeps", {}).items():
        yield from _of_sweep(("rater_sweeps", name), entry)
    yield from _of_laboratory(plan.config.get("rater_laboratory", {}), plan.config.get("rater_sweeps", {}))


def _of_study(path: tuple[str, ...], entry: dict[str, Any]) -> Iterator[Fault]:
    raters = modules.constant_of_source(entry["source"], "LABEL_MAPS", 1)
    if raters < 2:
        said = f"is {entry['source']!r}, whose cases have one rater: there is nobody to compare with. Take another."
        yield Fault((*path, "source"), said)


def _of_sweep(path: tuple[str, ...], entry: dict[str, Any]) -> Iterator[Fault]:
    module = f"soft_labels/{entry['recipe']}.py"
    settings = modules.constant(module, "SETTINGS", {}) if (modules.PACKAGE / module).exists() else {}
    if ("over" in entry) != ("values" in entry):
        yield Fault(path, "must have both `over` and `values`, or neither. Add the other.")
        return
    for name in [*entry.get("settings", {}), *([entry["over"]] if "over" in entry else [])]:
        if name not in settings:
            yield Fault(path, f"names the setting {name!r}, which the recipe has not. {known(name, settings)}")
    values = entry.get("values", [])
    if values != sorted(values):
        yield Fault((*path, "values"), f"are {values}, but must rise: write {sorted(values)}.")


def _of_laboratory(entry: dict[str, Any], sweeps: dict[str, Any]) -> Iterator[Fault]:
    path = ("rater_laboratory",)
    populations = entry.get("populations", {})
    if not populations:
        return
    lines = entry.get("lines", [SVLS])
    for name in lines:
        if name not in sweeps:
            yield Fault((*path, "lines"), f"names {name!r}, which is no line of rater_sweeps. {known(name, sweeps)}")
    if SVLS not in lines:
        yield Fault((*path, "lines"), f"lacks {SVLS!r}, which mOH is compared with. Add it.")
    for name, population in populations.items():
        for habit, ends in population["habits"].items():
            if isinstance(ends, list) and ends[0] > ends[1]:
                place = (*path, "populations", name, "habits", habit)
                yield Fault(place, f"is {ends}, but a range rises: write {sorted(ends)}.")
    if entry.get("raters", 1) > (people := entry.get("people", entry.get("raters", 1))):
        yield Fault((*path, "people"), f"is {people}, but a panel has {entry['raters']} raters. Ask for fewer.")
