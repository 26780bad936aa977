"""All statistics of the difference between each method and its control, for each column of a table, and in words.

Lines are grouped by column, with the reasons where there is no valid interval.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from softbench.datasets import splits
from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.statistics import (
    Crossed,
    Difference,
    Equivalence,
    NewPatients,
    Pairs,
    crossed_difference,
    detectable,
    equivalence,
    new_patients,
)
from softbench.statistics.bootstrap import LABEL
from softbench.statistics.intervals import MARK
from softbench.statistics.paired import sides
from softbench.tables import wording
from softbench.tables.assemble import Evidence, map_patients
from softbench.tables.cells import ALPHA, Cell, Column, Method, Table
from softbench.tables.layout import NO_UNIT, heads, name_of
from softbench.tables.sheet import NOTHING, Reasons, Sheet, digits, interval, number, p_value, plain
from softbench.tables.view import Given, View

VERSION = 1
POOLED = f"{MARK}: pooled over cases, there is one value a seed"
NO_TEST = f"{MARK}: no test of ensembles, one ensemble a method uses the seeds up"
SAME_MAP = f"{MARK}: the label map is that of the control, so nothing can differ and there is no test"
NOT_CROSSED, NOT_REDRAWN = Crossed(), NewPatients(math.nan)


@dataclass(frozen=True)
class Finding:
    """A method against its control in one column.

    `cell`: that of the table, with the difference over seeds and its p after Holm; `crossed`: for new seeds and new
    patients; `checkpoints`: these checkpoints, new patients, which is no test of methods; `equivalent`: within the
    margin, None without one; `detectable`: the difference that so many seeds find 4 times in 5. `reason`: why there is
    no interval over seeds, or no difference at all; else None.
    """

    method: Method
    column: Column
    cell: Cell
    crossed: Crossed = NOT_CROSSED
    checkpoints: NewPatients = NOT_REDRAWN
    equivalent: Equivalence | None = None
    detectable: float = math.nan
    reason: str | None = None


def findings(
    evidence: Evidence, *, margins: Mapping[str, float] | None = None, groups: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return what is known of each difference, column by column, methods with a control in the table's order.

    Except the adjusted p, each is computed only from the scores of the method and its control.

    Args:
        evidence: a table and its scores.
        margins: metric -> the largest difference that does not matter, in its unit; for the columns that have one.
        groups: case -> patient, where patients have several cases.
    Raises: InputError: if a margin is of an unknown metric or not positive.
    """
    limits = dict(margins or {})
    try:
        for metric in limits:
            catalogue.describe(metric)
    except InputError as error:
        raise InputError(f"`margins` of the table: {error}") from None
    return tuple(_findings(evidence, limits, groups))


def _findings(evidence: Evidence, margins: Mapping[str, float], groups: Mapping[str, str] | None) -> Iterator[Finding]:
    table = evidence.table
    for index, column in enumerate(table.columns):
        lines = zip(table.methods, table.cells, strict=True)
        findings = [
            Finding(method, column, row[index], reason=_reason(table, method, row[index]))
            for method, row in lines
            if method.control
        ]
        pairs = _pairs(evidence, column, [finding for finding in findings if _is_there(finding)])
        for finding in findings:
            if _is_there(finding):
                yield _weighed(finding, pairs[finding.method.key], margins.get(column.metric), groups)
            else:
                yield finding


def _is_there(finding: Finding) -> bool:
    """Whether there is a difference to weigh: neither absent nor zero by nature."""
    gap = finding.cell.difference
    return gap is not None and gap.n_seeds > 0 and not finding.cell.same_map


def _reason(table: Table, method: Method, cell: Cell) -> str | None:
    """Say why there is no interval over seeds; None where there is one."""
    gap = cell.difference
    if gap is None or not gap.n_seeds:
        return _absence(table, method, cell)
    return SAME_MAP if cell.same_map else NO_TEST if table.ensembles else gap.reason


def _absence(table: Table, method: Method, cell: Cell) -> str:
    """Say why a method has no difference to its control."""
    row = table.cells[table.methods.index(method)]
    lost, who = {method.control}, f"{table.controls[str(method.control)]} has no score"
    if not any(cell.n_seeds for cell in row):
        lost, who = {method.key, method.scaled}, "every run failed"
    reasons = [f"seed {failure.seed}: {failure.reason}" for failure in table.failed if failure.method in lost]
    reasons += [ensemble.reason for ensemble in table.ensembles if ensemble.method in lost and ensemble.reason]
    if cell.difference is not None or not reasons:
        return "method and control share no seed with a defined value"
    return f"{who}: {'; '.join(reasons)}"


def _pairs(evidence: Evidence, column: Column, findings: Sequence[Finding]) -> dict[str, Pairs | None]:
    """Return method -> its differences to its control by seed and case; None in a column that is pooled over cases."""
    names = {finding.method.key: str(finding.method.control) for finding in findings}
    if column.over != "cases" or not findings:
        return dict.fromkeys(names)
    both = (*names, *names.values())
    read = sides(evidence.of_column(column), both, column.metric, column.structure, column.roi)
    return {method: read.pair(method, control) for method, control in names.items()}


def _weighed(finding: Finding, pairs: Pairs | None, margin: float | None, groups: Mapping[str, str] | None) -> Finding:
    """Return a difference with all that can be said of it; `pairs` are None where it is pooled over cases."""
    gap, ensembles = finding.cell.difference, finding.reason == NO_TEST
    assert gap is not None  # `_is_there` has looked
    crossed, checkpoints = Crossed(reason=POOLED), NewPatients(math.nan, reason=POOLED)
    if pairs is not None:
        crossed, checkpoints = crossed_difference(pairs, groups), new_patients(pairs, groups)
    return replace(
        finding,
        crossed=Crossed(mean=crossed.mean, reason=NO_TEST) if ensembles else crossed,
        checkpoints=checkpoints,
        equivalent=None if margin is None else equivalence(gap, margin),
        detectable=detectable(gap.sd, gap.n_seeds),
    )


PLACE = ["method", "title", "control", "structure", "metric", "roi", "over", "unit", "better"]
SEEDS = ["difference", "low", "high", "p", "p_holm", "family", "sd_of_differences", "n_seeds", "missing_seeds"]
CROSSED = ["low", "high", "p", "df", "sd_seeds", "sd_cases", "sd_rest", "n_cases", "n_patients", "left_out", "reason"]
CHECKPOINTS = ["low", "high", "n_patients", "reason"]
EQUIVALENCE = ["margin", "low", "high", "p", "verdict"]
COLUMNS = [
    *PLACE, *SEEDS, "reason", *(f"crossed_{name}" for name in CROSSED),
    *(f"these_checkpoints_new_patients_{name}" for name in CHECKPOINTS),
    *(f"equivalence_{name}" for name in EQUIVALENCE), "detectable",
]  # fmt: skip
NO_DIFFERENCE = Difference(float("nan"), float("nan"), float("nan"), 0)


def numbers(findings: Iterable[Finding], family: int) -> pd.DataFrame:
    """Return the findings, a row each.

    Args:
        findings: as `findings` gives them.
        family: the number of tests that Holm's adjustment is over: those of the table.
    """
    records = [_record(finding, family) for finding in findings]
    return pd.DataFrame(records, columns=COLUMNS)


def _record(finding: Finding, family: int) -> list[object]:
    column, method, gap = finding.column, finding.method, finding.cell.difference or NO_DIFFERENCE
    metric = column.described
    place = [method.key, method.title, method.control, column.structure, column.metric, column.roi, column.over]
    missing = " ".join(f"{seed:g}" for seed in gap.missing)
    seeds = [gap.mean, gap.low, gap.high, gap.p, finding.cell.p_holm, family, gap.sd, gap.n_seeds, missing]
    return [
        *place, metric.unit, metric.better, *seeds, finding.reason,
        *(getattr(finding.crossed, name) for name in CROSSED),
        *(getattr(finding.checkpoints, name) for name in CHECKPOINTS),
        *(getattr(finding.equivalent, name, None) for name in EQUIVALENCE), finding.detectable,
    ]  # fmt: skip


HEADS = (
    "Method", "Difference", "New seeds, these cases: 95 % interval", "p (seeds)", "p after Holm", "Seeds",
    "New seeds, new patients: 95 % interval", "p (seeds and cases)",
    f"{LABEL[0].upper()}{LABEL[1:]}: 95 % (no test of methods)",
    "Within the margin", "Detectable with 80 %",
)  # fmt: skip
NO_TEST_OF_METHODS = (
    f"“{LABEL[0].upper()}{LABEL[1:]}” redraws the test cases and keeps the trained networks. It is no test of methods: "
    "it leaves zero out for most pairs of networks that one method trained with two seeds."
)
EQUIVALENT = (
    "Within the margin: “equivalent” where the 90 % interval over seeds lies within ± margin, the largest difference "
    "that does not matter, stated before looking, even where it is certainly not zero; “different” where it does not "
    "and p < 0.05 (“unadjusted” where Holm’s is not below); “undecided” where these seeds cannot tell."
)
DETECTABLE = (
    "Detectable: the smallest true difference that so many seeds find 4 times in 5 (p < 0.05, before any adjustment), "
    "by the spread that was found."
)


def sheet(evidence: Evidence, findings: Sequence[Finding], *, margins: Mapping[str, float]) -> Sheet:
    """Return the findings of a table as a reader sees them.

    Args:
        evidence: the table.
        findings: its findings.
        margins: metric -> margin, as the findings were made with.
    """
    table, reasons = evidence.table, Reasons()
    lines = [_row(finding, table, reasons) for finding in findings]
    columns, rows = _filled(lines)
    names = {column: _name(column, table, margins) for column in table.columns}
    grid = plain(columns, rows, groups=[names[finding.column] for finding in findings])
    notes = (*_empty(lines), *reasons.lines(), *_notes(table, margins))
    return Sheet(f"Statistics: {table.title}", about(table), (grid,), notes, numbers(findings, table.tests))


def about(table: Table) -> str:
    """Say what a line is."""
    controls = list(dict.fromkeys(table.controls.values()))
    versus = f"Method minus {controls[0]}" if len(controls) == 1 else "Method minus its control"
    if table.ensembles:
        return f"{versus}, {wording.DEFINED}. {wording.NO_TEST_OF_ENSEMBLES}"
    if why := wording.untested(table):
        return f"{versus}, {wording.DEFINED}. {why}. {wording.SEED_IS_THE_UNIT}"
    return (
        f"{versus}, paired over seeds and over the cases defined in both, with its t interval. Holm’s adjustment is "
        f"for the {table.tests} differences of this table, as there; what stays below {ALPHA:g} is bold there."
    )


def _name(column: Column, table: Table, margins: Mapping[str, float]) -> str:
    """Name a column, with its margin."""
    head = heads(table)[table.columns.index(column)]
    unit = column.described.unit
    if wording.untested(table):  # no test, so no margin
        return f"{name_of(head)} {head.arrow}".strip()
    size = f"{margins[column.metric]:g}{'' if unit in NO_UNIT else f' {unit}'}" if column.metric in margins else ""
    return f"{name_of(head)} {head.arrow}".strip() + (f" · margin ± {size}" if size else " · no margin")


def _row(finding: Finding, table: Table, reasons: Reasons) -> list[str]:
    method, several = finding.method, len(set(table.controls.values())) > 1
    title = f"{method.title} vs {table.controls[str(method.control)]}" if several else method.title
    gap = finding.cell.difference
    if gap is None or not gap.n_seeds:
        return [title, reasons.mark("no difference", finding.reason or ""), *[NOTHING] * (len(HEADS) - 2)]
    decimals = digits(finding.column.metric, finding.column.described.unit)

    def span(low: float, high: float, reason: str | None) -> str:
        return interval(low, high, decimals) if reason is None else reasons.mark_invalid(reason)

    return [
        title,
        number(gap.mean, decimals, signed=True),
        span(gap.low, gap.high, finding.reason),
        p_value(gap.p),
        p_value(finding.cell.p_holm),
        NOTHING if table.ensembles else str(gap.n_seeds),
        span(finding.crossed.low, finding.crossed.high, finding.crossed.reason),
        p_value(finding.crossed.p),
        span(finding.checkpoints.low, finding.checkpoints.high, finding.checkpoints.reason),
        _verdict(finding),
        number(finding.detectable, decimals),
    ]


def _verdict(finding: Finding) -> str:
    """Return the verdict within the margin; a difference that is noise after Holm's adjustment is not called one."""
    verdict = (finding.equivalent.verdict if finding.equivalent else None) or NOTHING
    return f"{verdict}, unadjusted" if verdict == "different" and not finding.cell.bold else verdict


def _filled(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return heads and rows without the columns that hold no number in any row."""
    shown = [c for c in range(len(HEADS)) if not c or any(not _is_empty(row[c]) for row in rows)]
    return tuple(HEADS[c] for c in shown), [[row[c] for c in shown] for row in rows]


def _is_empty(cell: str) -> bool:
    return cell == NOTHING or cell.startswith(MARK)


def _empty(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Name the intervals that no row has, with the letters of the reasons."""
    for c, head in enumerate(HEADS):
        marks = list(dict.fromkeys(row[c] for row in rows if row[c].startswith(MARK)))
        if marks and all(_is_empty(row[c]) for row in rows):
            yield f"{head}: {MARK} in any line {' '.join(cell.removeprefix(MARK).strip() for cell in marks)}."


def _notes(table: Table, margins: Mapping[str, float]) -> list[str]:
    """Return what a reader of the lines must know; what does not occur is not explained."""
    if wording.untested(table):
        return [NO_TEST_OF_METHODS, wording.POLICIES[table.policy], *wording.failed_runs(table)]
    without = [name_of(head) for head, c in zip(heads(table), table.columns, strict=True) if c.metric not in margins]
    lines = []
    if len(without) < len(table.columns):
        lines.append(EQUIVALENT)
    if without:
        lines.append(f"No margin is stated for {', '.join(without)}, so nothing there is called equivalent.")
    return [*lines, NO_TEST_OF_METHODS, DETECTABLE, wording.POLICIES[table.policy], *wording.failed_runs(table)]


def view(given: Given) -> Sheet:
    """Return the sheet of a table."""
    margins, patients = given.needs["margins"], map_patients(splits.read(given.needs["split"]))
    return sheet(given.evidence, findings(given.evidence, margins=margins, groups=patients), margins=margins)


VIEW = View(
    name="statistics",
    title="Statistics of every difference",
    caption="Each method against its control, column by column: paired over seeds, for new patients, within a stated "
    "margin, and which difference so many seeds would have found.",
    needs=("scores", "ensembles", "margins", "split"),
    build=view,
    folded=True,
    place=30,
)
