"""Check that tables and figures name only what exists: methods of their experiments, structures, scored metrics.

And does a paper's table fit the printed one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from softbench.plan import forms
from softbench.plan.checks.experiments import Facts, members
from softbench.plan.config import metrics
from softbench.plan.config.check import published
from softbench.plan.forms import OPEN, SUFFIX
from softbench.plan.places import Fault, KeyPath, known

WHOLE = "all"  # the structure of what looks at all classes
AVERAGE = "average"  # of all structures, where no composite has this name
FOREGROUND = "foreground"


def of_tables(facts: Facts) -> Iterator[Fault]:
    """Yield tables with the name of a rule, and what does not fit in those that show no printed one."""
    for name in set(facts.plan.found.names) & {*facts.plan.tables, *facts.plan.paper_tables}:
        yield Fault(("tables", name), "has the name of a rule, so it could be no target. Rename it.")
    for name in {*facts.plan.found.names, *facts.plan.tables, *facts.plan.paper_tables} & {*facts.plan.collections}:
        yield Fault(("collections", name), "has the name of a rule or a table, so it could be no target. Rename it.")
    for name, table in facts.plan.tables.items():
        if empty := list(_empty(name, facts)):
            yield from empty
            continue
        yield from _mixed(name, facts)
        yield from _without_control(name, facts)
        yield from _not_predicted(name, facts)
        for experiment in table["experiments"]:
            dataset = facts.plan.experiments[experiment]["dataset"]
            there = facts.structures(dataset)
            composites = table.get("composites", {})
            if there is not None:
                yield from members(("tables", name, "composites"), composites, there, dataset)
            names = None if there is None else [*there, *composites]
            for place, column in enumerate(table["columns"]):
                yield from _column(("tables", name, "columns", place), column, experiment, names, facts)


def _empty(table: str, facts: Facts) -> Iterator[Fault]:
    """Yield a table of which no method is left."""
    if not facts.plan.runs_of(table):
        there = [method for name in facts.plan.tables[table]["experiments"] for method in facts.plan.methods_of(name)]
        said = f"names none of the methods that its experiments run: {', '.join(there) or 'they run none'}. Name one."
        yield Fault(("tables", table, "methods"), said)


def _mixed(table: str, facts: Facts) -> Iterator[Fault]:
    blocks = sorted({f"{experiment} with {network}" for experiment, network, _ in facts.plan.runs_of(table)})
    if len(blocks) != 1:
        said = f"must show one experiment with one network, but would mix {', '.join(blocks)}. Make a table of each."
        yield Fault(("tables", table, "experiments"), said)


def _without_control(table: str, facts: Facts) -> Iterator[Fault]:
    """Yield methods that a table would show without their control: told before training, not after."""
    shown, experiments = [run[2] for run in facts.plan.runs_of(table)], facts.plan.tables[table]["experiments"]
    for method in shown:
        control = facts.plan.methods[method]["control"]
        if control not in (None, *shown):
            own = facts.plan.chosen(table) is not None
            where = "the table" if own else ", ".join(experiments)
            said = f"shows the method {method!r} without its control {control!r}."
            said = f"{said} Name both in `methods` of {where}, or neither."
            yield Fault(("tables", table, "methods") if own else ("tables", table), said)


def _not_predicted(table: str, facts: Facts) -> Iterator[Fault]:
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


def of_figures(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the figures of a plan, in all their forms; each fault once."""
    for name, figure in facts.plan.config.get("figures", {}).items():
        yield from _shape(("figures", name), figure)
        yield from _figure_methods(("figures", name), figure, facts)
        if name in {f"{start}_{table}" for start in forms.TAKEN for table in facts.plan.tables}:
            yield Fault(("figures", name), "has the name of a table's own figure. Rename it.")
    for form, figure in facts.plan.figures.items():
        names = (form, form.removesuffix(OPEN), form.removesuffix(SUFFIX))
        base = next(name for name in names if name in facts.plan.config["figures"])
        yield from _figure_structures(("figures", base), figure, facts)


def _shape(path: KeyPath, figure: Mapping[str, Any]) -> Iterator[Fault]:
    kind, experiments = figure["kind"], figure["experiments"]
    if kind in forms.OF_ONE_EXPERIMENT and len(experiments) > 1:
        said = f"names {', '.join(experiments)}, but a figure of the kind {kind!r} shows one. Make a figure of each."
        yield Fault((*path, "experiments"), said)
    if not experiments and kind != "worked_example":
        yield Fault((*path, "experiments"), f"is empty, but a figure of the kind {kind!r} shows one. Name it.")
    if "positions" in figure and "cases" in figure:
        yield Fault((*path, "positions"), "stands beside `cases`, but each chooses the cases. Leave one out.")
    if len({len(arm) for arm in figure.get("arms", {}).values()}) > 1:
        yield Fault((*path, "arms"), "must hold as many methods each: one is drawn below the other.")
    for name in figure.get("names", {}):
        if name not in experiments:
            yield Fault((*path, "names", name), f"is no experiment of the figure. {known(name, experiments)}")
    for value in figure.get("printed", {}):
        if value not in figure["points"]:
            yield Fault((*path, "printed", value), f"is no point of the figure. {known(value, figure['points'])}")


def _figure_methods(path: KeyPath, figure: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield methods that an experiment of the figure does not run, or that are not trained."""
    for rest, method in _figure_named(figure):
        for experiment in figure["experiments"]:
            run = facts.plan.methods_of(experiment)
            if method not in run:
                said = f"is {method!r}, which experiments.{experiment} does not run. {known(method, run)}"
                yield Fault((*path, *rest), said)
        if figure["kind"] in forms.NEED_TRAINING and method not in facts.plan.trained():
            said = f"is {method!r}, which is not trained. {known(method, facts.plan.trained())}"
            yield Fault((*path, *rest), said)


def _figure_named(figure: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield each method that a figure names, with where it does."""
    yield from ((("points", value), method) for value, method in figure.get("points", {}).items())
    yield from ((("methods", place), method) for place, method in enumerate(figure.get("methods", [])))
    for arm, methods in figure.get("arms", {}).items():
        yield from ((("arms", arm, place), method) for place, method in enumerate(methods))
    if "chosen_by" in figure:
        yield ("chosen_by",), figure["chosen_by"]


def _figure_structures(path: KeyPath, figure: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
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
            yield from _figure_metrics(path, figure, name, asked, facts)


def _figure_metrics(
    path: KeyPath, figure: Mapping[str, Any], name: str, structure: str, facts: Facts
) -> Iterator[Fault]:
    scored = list(metrics.scored(facts.plan.experiments[name]["scoring"]))
    for place, metric in enumerate(figure["metrics"]):
        for fault in measured((), metric, structure, figure.get("roi", "all"), scored, f"experiments.{name}"):
            where: KeyPath = ("metrics", place) if fault.path == ("metric",) else fault.path
            yield Fault((*path, *where), fault.said)


def of_papers(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the tables of config that show a printed one."""
    for name, table in facts.plan.config["tables"].items():
        for place, block in enumerate(table.get("blocks", [])):
            path = ("tables", name, "blocks", place)
            printed = published()[table["published"]]
            yield from _printed(path, block, printed)
            yield from _variants(path, block, printed)
            yield from _pick(path, block, printed)
            yield from _networks(path, block, facts)


def coordinates(table: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of a coordinate of a printed table's cells, e.g. its methods, each once."""
    parts = [table.get("same", {}), *table["rows"], *table["columns"]]
    return list(dict.fromkeys(str(part[name]) for part in parts if name in part))


def _printed(path: KeyPath, block: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Fault]:
    for key, name, what in (("printed", "dataset", "data set"), ("arm", "arm", "arm")):
        names = coordinates(table, name)
        if key in block and block[key] not in names:
            yield Fault((*path, key), f"is {block[key]!r}, a {what} that is not printed. {known(block[key], names)}")
    arms = coordinates(table, "arm")
    if arms and "arm" not in block:
        yield Fault(path, f"lacks 'arm': the printed table has several. {known('', arms)}")


def _variants(path: KeyPath, block: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Fault]:
    for place, method in enumerate(block.get("variants", [])):
        if method in coordinates(table, "method"):
            said = f"is {method!r}, a row of the printed table, so no variant. Leave it out: it is shown anyway."
            yield Fault((*path, "variants", place), said)


def _pick(path: KeyPath, block: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield rows that are not printed, that have other values than the first, and unknown values beside them."""
    if "pick" not in block:
        return
    rows, names = block["pick"]["rows"], coordinates(table, "method")
    values = list(next(iter(rows.values())))
    for row, of_row in rows.items():
        if row not in names:
            yield Fault((*path, "pick", "rows", row), f"is a row that is not printed. {known(row, names)}")
        if set(of_row) != set(values):
            said = f"needs the values of the first row, {values}, but has {list(of_row)}: one value is picked for all."
            yield Fault((*path, "pick", "rows", row), said)
    for place, value in enumerate(block["pick"].get("beside", [])):
        if value not in values:
            said = f"is {value}, a value that no row has. {known(value, values)}"
            yield Fault((*path, "pick", "beside", place), said)


def _networks(path: KeyPath, block: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield experiments with several networks: the rows of a block are of one."""
    for key in ("experiment", "open"):
        names = facts.plan.experiments[block[key]]["networks"] if key in block else [""]
        if len(names) != 1:
            said = f"is {block[key]!r}, which has the networks {', '.join(names)}, but a block shows one."
            yield Fault((*path, key), said)
