"""Whether the studies of raters fit: sources with several raters, settings that recipes have, rising widths."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from softbench.plan import modules
from softbench.plan.places import Fault, known

if TYPE_CHECKING:
    from softbench.plan.plan import Plan


def faults(plan: "Plan") -> Iterator[Fault]:
    """Give what does not fit in the studies of a plan."""
    for name, entry in plan.config.get("rater_studies", {}).items():
        yield from _of_study(("rater_studies", name), entry)
    for name, entry in plan.config.get("rater_sweeps", {}).items():
        yield from _of_sweep(("rater_sweeps", name), entry)


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
