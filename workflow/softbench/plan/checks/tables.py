"""Was scored what a table shows: its columns, composites and prediction; and does it show the controls of its rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from softbench.plan.checks.experiments import members
from softbench.plan.checks.facts import Facts
from softbench.plan.config import metrics
from softbench.plan.config.faults import known
from softbench.plan.config.nodes import KeyPath
from softbench.plan.config.walk import Fault

WHOLE = "all"  # the structure of what looks at all classes


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the tables of a plan that show no printed one."""
    for name, table in facts.plan.tables.items():
        yield from _blocks(name, facts)
        yield from _controls(name, facts)
        yield from _prediction(name, facts)
        for experiment in table["experiments"]:
            dataset = facts.plan.experiments[experiment]["dataset"]
            there = facts.structures(dataset)
            composites = table.get("composites", {})
            if there is not None:
                yield from members(("tables", name, "composites"), composites, there, dataset)
            names = None if there is None else [*there, *composites]
            for place, column in enumerate(table["columns"]):
                yield from _column(("tables", name, "columns", place), column, experiment, names, facts)


def _blocks(table: str, facts: Facts) -> Iterator[Fault]:
    blocks = sorted({f"{experiment} with {network}" for experiment, network, _ in facts.plan.runs_of(table)})
    if len(blocks) != 1:
        said = f"must show one experiment with one network, but would mix {', '.join(blocks)}. Make a table of each."
        yield Fault(("tables", table, "experiments"), said)


def _controls(table: str, facts: Facts) -> Iterator[Fault]:
    """Yield methods that a table would show without their control: told before training, not after."""
    shown = [method for _, _, method in facts.plan.runs_of(table)]
    for method in shown:
        control = facts.plan.methods[method]["control"]
        if control not in (None, *shown):
            said = (
                f"shows the method {method!r} without its control {control!r}. Name both in `methods` of "
                f"{', '.join(facts.plan.tables[table]['experiments'])}, or neither."
            )
            yield Fault(("tables", table), said)


def _prediction(table: str, facts: Facts) -> Iterator[Fault]:
    prediction = facts.plan.tables[table].get("prediction", "raw")
    for name in facts.plan.tables[table]["experiments"] if prediction.endswith("temperature") else ():
        if not facts.plan.experiments[name]["scoring"].get("temperature"):
            said = f"is {prediction!r}, but experiments.{name} makes none. Set `temperature: true` in its `scoring`."
            yield Fault(("tables", table, "prediction"), said)


def _column(
    path: KeyPath, column: Mapping[str, Any], experiment: str, there: Sequence[str] | None, facts: Facts
) -> Iterator[Fault]:
    """Yield what a column asks for that the runs of an experiment are not scored by."""
    structure, roi = column.get("structure", WHOLE), column.get("roi", "all")
    if there is not None and structure not in (WHOLE, *there):
        said = f"is {structure!r}, no structure of the data of experiments.{experiment} and no composite of the table."
        yield Fault((*path, "structure"), f"{said} {known(structure, [*there, WHOLE])}")
        return
    scored = list(metrics.scored(facts.plan.experiments[experiment]["scoring"]))
    yield from measured(path, column["metric"], structure, roi, scored, f"experiments.{experiment}")


def measured(
    path: KeyPath, metric: str, structure: str, roi: str, scored: Sequence[tuple[str, str, str]], experiment: str
) -> Iterator[Fault]:
    """Yield a metric that runs are not scored by, or not of such a structure, or not in such a region.

    Args:
        path: of what names metric, structure and region.
        metric, structure, roi: what is asked for.
        scored: of `metrics.scored`.
        experiment: as a message names it.
    """
    if "@" in metric:
        return  # a library's number: which it gives is its own matter
    own = [(region, of) for key, region, of in scored if key == metric]
    if not own:
        names = list(dict.fromkeys(key for key, _, _ in scored))
        said = f"is {metric!r}, which the `scoring` of {experiment} does not ask for. {known(metric, names)}"
        yield Fault((*path, "metric"), said)
        return
    kind = "all" if structure == WHOLE else "structures"
    regions = [region for region, of in own if of in (kind, "both")]
    if not regions:
        needs = "of a structure, and none is named: add `structure: ...`"
        has = f"of all classes together, not of {structure!r}: leave `structure` out"
        yield Fault((*path, "metric"), f"is {metric!r}, a metric {needs if kind == 'all' else has}.")
    elif roi not in regions:
        yield Fault((*path, "roi"), f"is {roi!r}, a region that {metric!r} is not measured in. {known(roi, regions)}")
