"""Every method at the temperature of each run, against one-hot at its own: the comparison that is read first.

It is a part of the grid of calibrations and decoders with an adjustment of its own, since it was chosen before any
result was known: one calibration, and label maps of the most probable class.
"""

from dataclasses import replace
from typing import Any

from softbench.tables import wording
from softbench.tables.cells import ALPHA, Table
from softbench.tables.layout import ARROWS_MEAN, differences, heads, means
from softbench.tables.posthoc_scores import CONTROL, build_grid, read
from softbench.tables.sheet import Grid, Line, Sheet
from softbench.tables.view import Given, View
from softbench.tables.views.posthoc_grid import NO_BASELINE, answers, frame, why_no_grid, without_calibration

VERSION = 1
DECODER = "argmax"
QUESTION = "Does a method beat {control}, when both have a temperature?"
ABOUT = (
    "Each line: a method whose logits are divided by one number a run, fitted on its validation cases; label maps are "
    "the most probable class. {cell} {arrows}"
)
AGAINST = (
    "Method minus {control}, paired over seeds and over the cases defined in both, with its 95 % t interval (each by "
    "itself). Bold: beyond noise after Holm's adjustment for the {tests} differences here (p < {alpha:g}); the table "
    "of all calibrations and decoders adjusts for all of its own. {control} learned by cross-entropy alone: where a "
    "method has another loss, the difference is of both."
)


def build(given: Given) -> Sheet:
    """Return differences to one-hot + temperature, then the means, a line a method."""
    needs = {**given.needs["posthoc"], "calibrations": [CONTROL], "decoders": [DECODER]}
    table = _with_short_titles(build_grid(read(needs, given.settings), given.settings, needs))
    about = ABOUT.format(cell=wording.about(table).removesuffix(ARROWS_MEAN).strip(), arrows=ARROWS_MEAN)
    title = f"{table.title}: against one-hot with a temperature"
    if not table.controls:
        return Sheet(title, f"{NO_BASELINE} {about}", (_grid(table, means(table)),), (), frame(table))
    control = next(iter(table.controls.values()))
    answer = " ".join([QUESTION.format(control=control), *answers(table, lambda method: method.title)])
    grids = (_against(table, control), _grid(table, means(table), title="Means"))
    return Sheet(title, f"{answer} {about}", grids, tuple(wording.footnotes(table)), frame(table))


def _with_short_titles(table: Table) -> Table:
    """Return the table with titles that leave out the calibration, which is the same for all."""
    methods = tuple(replace(method, title=without_calibration(method.title, method.key)) for method in table.methods)
    controls = {key: without_calibration(title, key) for key, title in table.controls.items()}
    return replace(table, methods=methods, controls=controls)


def _against(table: Table, control: str) -> Grid:
    why = wording.untested(table)
    said = AGAINST.format(control=control, tests=table.tests, alpha=ALPHA)
    about = f"Method minus {control}. {why}." if why else said
    return _grid(table, differences(table), title=f"Against {control}", about=about, look="stacked")


def _grid(table: Table, lines: tuple[Line, ...], **how: Any) -> Grid:
    return Grid(heads(table), tuple(replace(line, aside="") for line in lines), first="Method", **how)


def why_absent(given: Given) -> str:
    """Say why a table has no such comparison; empty where it has one."""
    if why := why_no_grid(given):
        return why
    needs = given.needs["posthoc"]
    lacks = [name for name, kind in ((CONTROL, "calibrations"), (DECODER, "decoders")) if name not in needs[kind]]
    return f"`posthoc` of its experiment lacks {' and '.join(lacks)}" if lacks else ""


VIEW = View(
    name="posthoc_baseline",
    file="baseline_{table}",
    title="Against one-hot with a temperature",
    caption="Every method at one temperature a run against one-hot at its own, with an adjustment for this comparison.",
    needs=("posthoc",),
    applies=why_absent,
    build=build,
    place=46,
)
