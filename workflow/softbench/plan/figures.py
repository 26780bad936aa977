"""The figures of config: their kinds, their forms on other data, and the methods that they show."""

from collections.abc import Collection, Mapping
from typing import Any

from softbench.papers import rehearsal
from softbench.papers.rehearsal import SUFFIX
from softbench.plan.config.faults import MisfitError
from softbench.plan.paper_forms import OPEN

KINDS = ("sweep", "slices", "probabilities", "downsampling", "discrepancy", "soft_labels", "reliability", "training")
NEED_TRAINING = ("probabilities", "discrepancy", "slices", "reliability", "sweep", "training")
OF_ONE_EXPERIMENT = ("discrepancy", "downsampling", "soft_labels")
STANDS_IN = {OPEN: "open stand-in", SUFFIX: "phantom"}
TAKEN = ("reliability", "soft_labels", "ranks", "cases")  # figures of a table are called `<one of these>_<table>`


def forms_of(
    figures: Mapping[str, Mapping[str, Any]], experiments: Collection[str], stand_ins: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return every figure, and those of its forms that show other data: `<figure>_open` and `<figure>_phantom`.

    Args:
        figures: of config.
        experiments: that exist; `<experiment>_phantom` is the rehearsal of one.
        stand_ins: experiment -> the one on open data that stands in for it.
    Raises: InputError: if the name of a form is taken.
    """
    found = {name: dict(figure) for name, figure in figures.items()}
    rehearsals = {name: name + SUFFIX for name in experiments if name + SUFFIX in experiments}
    for name, figure in figures.items():
        for ending, instead, said in ((OPEN, stand_ins, {}), (SUFFIX, rehearsals, _rehearsed(figure))):
            if not set(figure["experiments"]) & set(instead):
                continue
            if name + ending in figures:
                raise MisfitError(("figures", name), f"is also made as {name + ending}: rename the other one.")
            found[name + ending] = _form(figure, instead, STANDS_IN[ending]) | said
    return found


def _form(figure: Mapping[str, Any], instead: Mapping[str, str], words: str) -> dict[str, Any]:
    """Return a figure with other experiments in the place of its own, which their names say."""
    names = {name: figure.get("names", {}).get(name, name) for name in figure["experiments"]}
    said = {
        instead.get(name, name): f"{title} ({words})" if name in instead else title for name, title in names.items()
    }
    return {**figure, "experiments": list(said), "names": said}


def _rehearsed(figure: Mapping[str, Any]) -> dict[str, str]:
    """Return what a rehearsed figure says of itself: in its title, and at the head of its caption."""
    return {"title": rehearsal.title(figure["title"]), "about": rehearsal.ABOUT}


def methods_of(figure: Mapping[str, Any]) -> list[str]:
    """Return the methods whose runs a figure shows or chooses its cases by, in its order, each once."""
    of_arms = [method for arm in figure.get("arms", {}).values() for method in arm]
    chosen_by = [figure["chosen_by"]] if "chosen_by" in figure else []
    named = [*figure.get("points", {}).values(), *figure.get("methods", []), *of_arms, *chosen_by]
    return list(dict.fromkeys(named))
