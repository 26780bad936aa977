"""Settings of soft labels that must fit each other, as their recipes declare: `BELOW`, one setting below another."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from softbench.plan import modules
from softbench.plan.places import Fault, KeyPath

if TYPE_CHECKING:
    from softbench.plan.plan import Plan


def faults(plan: "Plan") -> Iterator[Fault]:
    """Give the soft labels of config whose settings do not fit each other."""
    for name, entry in plan.config.get("soft_labels", {}).items():
        settings = entry or {}
        yield from unordered(("soft_labels", name), str(settings.get("recipe", name)), settings)


def unordered(path: KeyPath, recipe: str, settings: Mapping[str, Any]) -> Iterator[Fault]:
    """Give the settings of a recipe, its defaults for those left out, that are not below those which they must be."""
    module = f"soft_labels/{recipe}.py"
    if not modules.defines(module, "BELOW"):
        return
    given = {**modules.constant(module, "SETTINGS"), **settings}
    for lower, upper in modules.constant(module, "BELOW").items():
        if not given[lower] < given[upper]:
            said = (
                f"has `{lower}` {given[lower]:g} and `{upper}` {given[upper]:g}, but `{lower}` must be below `{upper}`."
            )
            yield Fault(path, f"{said} Change one of them.")
