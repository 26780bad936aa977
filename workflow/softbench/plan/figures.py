"""The figures of config: which keys each kind has, and every name checked against what exists."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError
from softbench.plan.paper_forms import OPEN
from softbench.plan.rehearsal import SUFFIX

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

COMMON = {"kind", "title", "experiments", "names"}
NEEDED = {  # kind -> keys that it must have, besides the common ones
    "sweep": {"x", "points", "metrics", "structure"},
    "slices": {"methods"},
    "probabilities": {"methods"},
    "downsampling": {"structure"},
    "discrepancy": {"arms", "structure"},
    "soft_labels": {"soft_labels"},
    "reliability": {"methods"},
    "training": {"methods"},
}
OPTIONAL = {  # kind -> keys that it may have
    "sweep": {"printed", "log", "composites", "roi", "note"},
    "slices": {"cases", "chosen_by"},
    "probabilities": {"structure", "cases", "chosen_by"},
    "downsampling": {"factors", "size"},
    "discrepancy": {"cases", "chosen_by"},
    "soft_labels": set(),
    "reliability": {"roi"},
    "training": {"note"},
}
KINDS = tuple(NEEDED)
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
        for ending, instead in ((OPEN, stand_ins), (SUFFIX, rehearsals)):
            if not set(figure["experiments"]) & set(instead):
                continue
            if name + ending in figures:
                raise InputError(f"config.yaml: figures.{name} is also made as {name + ending}: rename the other one.")
            found[name + ending] = _form(figure, instead, STANDS_IN[ending])
    return found


def _form(figure: Mapping[str, Any], instead: Mapping[str, str], words: str) -> dict[str, Any]:
    """Return a figure with other experiments in the place of its own, which their names say."""
    names = {name: figure.get("names", {}).get(name, name) for name in figure["experiments"]}
    said = {
        instead.get(name, name): f"{title} ({words})" if name in instead else title for name, title in names.items()
    }
    return {**figure, "experiments": list(said), "names": said}


def check(figures: Mapping[str, Mapping[str, Any]], plan: "Plan") -> None:
    """Raise where a figure has keys that its kind does not know, or names what does not exist.

    Args:
        figures: as the schema allows them.
        plan: whose experiments, methods and soft labels they may name.
    Raises: InputError: naming the figure, what was found, and what is known.
    """
    for name, figure in figures.items():
        _check_keys(name, figure)
        _check_name(name, plan)
        for experiment in figure["experiments"]:
            _require_known(f"{name}.experiments", [experiment], plan.experiments)
            _require_known(f"{name}: the experiment {experiment!r}", methods_of(figure), plan.methods_of(experiment))
        _require_known(f"{name}.names", figure.get("names", {}), figure["experiments"])
        _require_known(f"{name}.soft_labels", figure.get("soft_labels", []), plan.soft_labels)
        _require_known(f"{name}.printed", figure.get("printed", {}), figure.get("points", {}))
        if figure["kind"] in NEED_TRAINING:
            _require_known(f"{name}: a method that is trained", methods_of(figure), plan.trained())


def methods_of(figure: Mapping[str, Any]) -> list[str]:
    """Return the methods whose runs a figure shows or chooses its cases by, in its order, each once."""
    of_arms = [method for arm in figure.get("arms", {}).values() for method in arm]
    chosen_by = [figure["chosen_by"]] if "chosen_by" in figure else []
    named = [*figure.get("points", {}).values(), *figure.get("methods", []), *of_arms, *chosen_by]
    return list(dict.fromkeys(named))


def _check_keys(name: str, figure: Mapping[str, Any]) -> None:
    needed, optional = NEEDED[figure["kind"]], OPTIONAL[figure["kind"]]
    if missing := sorted(needed - set(figure)):
        raise InputError(f"config.yaml: figures.{name}, a {figure['kind']}, lacks {', '.join(map(repr, missing))}.")
    if unknown := sorted(set(figure) - COMMON - needed - optional):
        raise InputError(
            f"config.yaml: figures.{name} sets {', '.join(map(repr, unknown))}, which the kind {figure['kind']!r} does "
            f"not know; its keys: {', '.join(sorted(COMMON | needed | optional))}."
        )
    if figure["kind"] in OF_ONE_EXPERIMENT and len(figure["experiments"]) > 1:
        raise InputError(
            f"config.yaml: figures.{name}, a {figure['kind']}, shows one experiment, but names "
            f"{', '.join(figure['experiments'])}. Make a figure of each."
        )
    if len({len(arm) for arm in figure.get("arms", {}).values()}) > 1:
        raise InputError(f"config.yaml: figures.{name}.arms must hold as many methods each: one below the other.")


def _check_name(name: str, plan: "Plan") -> None:
    taken = {f"{start}_{table}" for start in TAKEN for table in plan.tables}
    if name in taken:
        raise InputError(f"config.yaml: figures.{name} has the name of a table's own figure. Rename it.")


def _require_known(place: str, names: Iterable[str], known: Iterable[Any]) -> None:
    known = list(known)
    for name in names:
        if name not in known:
            raise InputError(
                f"config.yaml: figures.{place} names {name!r}, which is not there; known: "
                f"{', '.join(sorted(map(str, known))) or 'none'}."
            )
