"""Every method, calibrated and decoded in each way that needs no training, against one-hot at its own temperature."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from softbench.tables import wording
from softbench.tables.cells import ALPHA, Method, Table
from softbench.tables.layout import ARROWS_MEAN, differences, heads, means, name_of
from softbench.tables.posthoc_scores import (
    SIGN,
    TITLES,
    PostHocScores,
    build_grid,
    calibration_of,
    decoder_of,
    method_of,
    read,
)
from softbench.tables.sheet import Entry, Grid, Line, Sheet, Text
from softbench.tables.temperatures import FEW
from softbench.tables.view import Given, View

VERSION = 1
COLUMNS = [
    *("method", "title", "calibration", "decoder", "seeds", "structure", "metric", "roi", "unit", "better"),
    *("mean", "sd_over_seeds", "n_cases", "n_undefined", "n_penalised"),
    *("difference", "low", "high", "p", "p_holm", "verdict"),
]
QUESTION = "Does a soft label beat one-hot with a temperature?"
NO_BASELINE = "The table shows no method that learns the label map by plain cross-entropy: there is nothing to compare."
ABOUT = (
    "Each line: a method whose probabilities are calibrated in one way, fitted for every run on its validation cases; "
    "columns of label maps name how these are decoded from them. {cell} {arrows}"
)
AGAINST = (
    "Method and calibration minus {control}, decoded alike, paired over seeds and over the cases defined in both, with "
    "its 95 % t interval (each by itself). Bold: beyond noise after Holm's adjustment for the {tests} differences here "
    "(p < {alpha:g}). {control} learned by cross-entropy alone: where a method has another loss, the difference is of "
    "both."
)
WHAT = {
    "temperature": "Temperature: logits divided by one number a run.",
    "class_temperature": "Class temperatures: the log probability of each class divided by a number of its own.",
    "local_temperature": "Local temperature: a small network gives each voxel its temperature, from logits and image.",
    "isotonic": "Isotonic: the most probable class gets the share of correct labels at its lead over the second.",
    "threshold": "Threshold: each structure has the threshold with the best DSC over validation voxels.",
    "rankseg": "RankSEG: the mask of each structure with the largest expected DSC, if its probabilities are true.",
}


def build(given: Given) -> Sheet:
    """Return differences to one-hot + temperature, then the means, a line a method and calibration."""
    needs = given.needs["posthoc"]
    found = read(needs, given.settings)
    table = build_grid(found, given.settings, needs)
    compared = any(method.control for method in table.methods)
    grids = [_against(table)] if compared else []
    grids.append(_grid(table, table.methods, means(table), title="Every calibration and decoder" if compared else ""))
    about = ABOUT.format(cell=wording.about(table).removesuffix(ARROWS_MEAN).strip(), arrows=ARROWS_MEAN)
    answer = f"{QUESTION} {' '.join(answers(table, _full_name)) if compared else NO_BASELINE}"
    notes = (*_fits(found, needs), *wording.footnotes(table))
    return Sheet(f"{table.title}: calibrated and decoded", f"{answer} {about}", tuple(grids), notes, frame(table))


def _against(table: Table) -> Grid:
    control = next(iter(table.controls.values()))
    compared = [method for method in table.methods if method.control]
    why = wording.untested(table)
    said = AGAINST.format(control=control, tests=table.tests, alpha=ALPHA)
    about = f"Method and calibration minus {control}, decoded alike. {why}." if why else said
    return _grid(table, compared, differences(table), title=f"Against {control}", about=about, look="stacked")


def _grid(table: Table, methods: Sequence[Method], lines: Iterable[Line], **how: Any) -> Grid:
    """Return a grid whose lines are named by their calibration, in groups of a method; only bold is marked."""
    named = tuple(
        Line(TITLES[calibration_of(method)], tuple(map(_bold_alone, line.entries)), group=_title(method))
        for method, line in zip(methods, lines, strict=True)
    )
    return Grid(heads(table), named, first="Calibration", **how)


def _bold_alone(entry: Entry) -> Entry:
    return Entry(Text(entry.number.text, bold=entry.number.bold), tuple(Text(aside.text) for aside in entry.asides))


def _title(method: Method) -> str:
    return without_calibration(method.title, method.key)


def _full_name(method: Method) -> str:
    return f"{_title(method)} ({TITLES[calibration_of(method)]})"


def without_calibration(title: str, key: str) -> str:
    """Return the title of a row, known by its key, without that of its calibration."""
    return title.removesuffix(f", {TITLES[key.partition(SIGN)[2]]}")


def answers(table: Table, name: Callable[[Method], str]) -> Iterable[str]:
    """Say, column by column, which methods are better and which are worse than the control beyond noise.

    Args: name: gives what a row is called.
    """
    if why := wording.untested(table):
        yield f"{why}: nothing here tells."
        return
    silent = []
    for number, head in enumerate(heads(table)):
        named: dict[str, list[str]] = {"better": [], "worse": []}
        for method, cells in zip(table.methods, table.cells, strict=True):
            if (verdict := cells[number].verdict) in named:
                named[str(verdict)].append(name(method))
        if any(named.values()):
            yield f"{name_of(head)}: {'; '.join(f'{word} {_list(who)}' for word, who in named.items() if who)}."
        else:
            silent.append(name_of(head))
    if len(silent) == len(table.columns):
        yield "By no column is any row better or worse beyond noise."
    elif silent:
        yield f"Within noise: {_list(silent)}."


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _fits(found: PostHocScores, needs: Mapping[str, Any]) -> Iterable[str]:
    """Say what calibrations and decoders are, over how many cases they were fitted, and what could not be."""
    yield from (WHAT[name] for name in (*needs["calibrations"], *needs["decoders"]) if name in WHAT)
    unit = "cases" if found.cases == found.patients else "patients"
    few = f" Fewer than {FEW} {unit}: one or two of them decide what is fitted." if found.patients < FEW else ""
    whose = "" if found.cases == found.patients else f" of {found.patients} patients"
    yield f"Fitted for every run over {found.cases} validation cases{whose}: all valid voxels, all raters.{few}"
    missing = sorted({name for fit in found.fitted for name in fit.get("not_fitted", ())})
    if missing:
        yield f"No validation case has {_list(missing)}: nothing was fitted for it, and its default stands."
    kept = [fit["kept"] for fit in found.fitted if "kept" in fit]
    if kept and not all(kept):
        yield (
            f"Local temperature: in {len(kept) - sum(kept)} of {len(kept)} runs the small network has no lower NLL "
            "over the validation cases than one temperature, which stands in its place."
        )
    shares = [fit["conflicts"] / fit["voxels"] for fit in found.fitted if fit.get("conflicts") and fit["voxels"]]
    if shares:
        yield (
            f"Structures contradict each other in up to {max(shares):.2%} of a run's test voxels; there the class that "
            "meets most of them counts, of several the most probable."
        )
    yield from (f"No scores: {failure}." for failure in found.failed)


def frame(table: Table) -> pd.DataFrame:
    """Return one row a method, calibration and column."""
    return pd.DataFrame(list(_records(table)), columns=COLUMNS)


def _records(table: Table) -> Iterable[list[object]]:
    for method, cells in zip(table.methods, table.cells, strict=True):
        for column, cell in zip(table.columns, cells, strict=True):
            gap, metric, decoder = cell.difference, column.described, decoder_of(column)
            whose = [method_of(method), _title(method), calibration_of(method), decoder, cell.n_seeds]
            what = [column.structure, column.metric, "all" if decoder else column.roi, metric.unit, metric.better]
            numbers = [cell.mean, cell.sd_seeds, cell.n_cases, cell.n_undefined, cell.n_penalised]
            against = [gap.mean, gap.low, gap.high, gap.p] if gap else [math.nan] * 4
            yield [*whose, *what, *numbers, *against, cell.p_holm, cell.verdict]


def why_no_grid(given: Given) -> str:
    """Say why a table has no such grid; empty where it has one."""
    return "" if given.needs["posthoc"]["records"] else "its experiment asks for no `posthoc`, or it shows a part of it"


VIEW = View(
    name="posthoc_grid",
    file="grid_{table}",
    title="Calibrations and decoders",
    caption="Every method, calibrated and decoded in each way that needs no training, against one-hot at its own "
    "temperature, which says whether a soft label beats that.",
    needs=("posthoc",),
    applies=why_no_grid,
    build=build,
    place=48,
)
