"""Does a figure show what there is: methods of its experiments, structures of their data, metrics that were scored."""

from collections.abc import Iterator, Mapping
from typing import Any

from softbench.papers.rehearsal import SUFFIX
from softbench.plan import figures
from softbench.plan.checks.facts import Facts
from softbench.plan.checks.tables import WHOLE, measured
from softbench.plan.config import metrics
from softbench.plan.config.faults import known
from softbench.plan.config.nodes import KeyPath
from softbench.plan.config.walk import Fault
from softbench.plan.paper_forms import OPEN

AVERAGE = "average"  # of all structures, where no composite has this name
FOREGROUND = "foreground"


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the figures of a plan, in all their forms; each fault once."""
    for name, figure in facts.plan.config.get("figures", {}).items():
        yield from _shape(("figures", name), figure)
        yield from _methods(("figures", name), figure, facts)
        if name in {f"{start}_{table}" for start in figures.TAKEN for table in facts.plan.tables}:
            yield Fault(("figures", name), "has the name of a table's own figure. Rename it.")
    for form, figure in facts.plan.figures.items():
        base = next(name for name in (form, form.removesuffix(OPEN), form.removesuffix(SUFFIX)) if _is_own(name, facts))
        yield from _structures(("figures", base), figure, facts)


def _is_own(name: str, facts: Facts) -> bool:
    return name in facts.plan.config.get("figures", {})


def _shape(path: KeyPath, figure: Mapping[str, Any]) -> Iterator[Fault]:
    kind, experiments = figure["kind"], figure["experiments"]
    if kind in figures.OF_ONE_EXPERIMENT and len(experiments) > 1:
        said = f"names {', '.join(experiments)}, but a figure of the kind {kind!r} shows one. Make a figure of each."
        yield Fault((*path, "experiments"), said)
    if len({len(arm) for arm in figure.get("arms", {}).values()}) > 1:
        yield Fault((*path, "arms"), "must hold as many methods each: one is drawn below the other.")
    for name in figure.get("names", {}):
        if name not in experiments:
            yield Fault((*path, "names", name), f"is no experiment of the figure. {known(name, experiments)}")
    for value in figure.get("printed", {}):
        if value not in figure["points"]:
            yield Fault((*path, "printed", value), f"is no point of the figure. {known(value, figure['points'])}")


def _methods(path: KeyPath, figure: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield methods that an experiment of the figure does not run, or that are not trained."""
    for rest, method in _named(figure):
        for experiment in figure["experiments"]:
            run = facts.plan.methods_of(experiment)
            if method not in run:
                said = f"is {method!r}, which experiments.{experiment} does not run. {known(method, run)}"
                yield Fault((*path, *rest), said)
        if figure["kind"] in figures.NEED_TRAINING and method not in facts.plan.trained():
            said = f"is {method!r}, which is not trained. {known(method, facts.plan.trained())}"
            yield Fault((*path, *rest), said)


def _named(figure: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield each method that a figure names, with where it does."""
    yield from ((("points", value), method) for value, method in figure.get("points", {}).items())
    yield from ((("methods", place), method) for place, method in enumerate(figure.get("methods", [])))
    for arm, methods in figure.get("arms", {}).items():
        yield from ((("arms", arm, place), method) for place, method in enumerate(methods))
    if "chosen_by" in figure:
        yield ("chosen_by",), figure["chosen_by"]


def _structures(path: KeyPath, figure: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield structures that the data of a figure lacks, and metrics that its runs are not scored by."""
    for name in figure["experiments"] if "structure" in figure else ():
        experiment = facts.plan.experiments[name]
        there = facts.structures(experiment["dataset"])
        asked = experiment.get("structures", {}).get(figure["structure"], figure["structure"])
        if there is None:
            continue
        is_sweep = figure["kind"] == "sweep"
        composites = {**experiment.get("composites", {}), **figure.get("composites", {}), AVERAGE: ()}
        names = [*there, *composites, WHOLE] if is_sweep else [*there, FOREGROUND]
        if asked not in names:
            said = f"is {figure['structure']!r}, which the data of experiments.{name} has not. {known(asked, names)}"
            yield Fault((*path, "structure"), said)
        elif is_sweep:
            yield from _metrics(path, figure, name, asked, facts)


def _metrics(path: KeyPath, figure: Mapping[str, Any], name: str, structure: str, facts: Facts) -> Iterator[Fault]:
    scored = list(metrics.scored(facts.plan.experiments[name]["scoring"]))
    for place, metric in enumerate(figure["metrics"]):
        for one in measured((), metric, structure, figure.get("roi", "all"), scored, f"experiments.{name}"):
            where: KeyPath = ("metrics", place) if one.path == ("metric",) else one.path
            yield Fault((*path, *where), one.said)
